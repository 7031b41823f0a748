"""Faults to plant into a scan: what a beamline's file may have wrong, and what the doctor must say of each."""

import dataclasses
import re
from collections.abc import Callable

import numpy as np

LOST = 2**32 - 1


@dataclasses.dataclass(frozen=True)
class Planted:
    """A fault.

    Args:
        kind: str.
        spoil: function of a dict of arrays (those of PtychoPINN's NPZ) and a random generator, that changes the dict.
        matrix: array `(2, 2)`: what the fault maps positions by.
        orientation: str: how it turns the patterns.
        words: regular expression that a note or a finding must meet; None of geometry, which is judged by its options.
        late: int. By how many frames patterns come late.
        geometry: bool. Whether options must undo `matrix` and `orientation`.
    """

    kind: str
    spoil: Callable
    matrix: np.ndarray = dataclasses.field(default_factory=lambda: np.eye(2))
    orientation: str = "identity"
    words: str | None = None
    late: int = 0

    def is_said(self, diagnosis):
        """Tell whether a note, or a finding, says the fault."""
        said = [*diagnosis.scan.notes, *(one.words for one in diagnosis.findings)]
        return any(re.search(self.words, one) for one in said)


def mapped(kind, matrix):
    """Return the fault of positions that a matrix maps about their middle."""

    def spoil(arrays, random):
        middle = arrays["positions"].mean(axis=0)
        arrays["positions"] = (arrays["positions"] - middle) @ np.asarray(matrix, float).T + middle

    return Planted(kind, spoil, matrix=np.asarray(matrix, float))


def turned(orientation):
    """Return the fault of a detector that is turned or mirrored."""
    from ptychopinn.preparation.orientation import oriented

    def spoil(arrays, random):
        arrays["patterns"] = oriented(arrays["patterns"], orientation)

    return Planted("detector turned or mirrored", spoil, orientation=orientation)


def late(frames):
    """Return the fault of frames that come late."""

    def spoil(arrays, random):
        arrays["positions"] = np.roll(arrays["positions"], -frames, axis=0)

    return Planted("frames late or early", spoil, late=frames)


def of_detector(kind, words, change):
    """Return a fault of the patterns; `change(patterns, random)` returns them spoilt."""

    def spoil(arrays, random):
        arrays["patterns"] = change(arrays["patterns"], random)

    return Planted(kind, spoil, words=words)


def set_pixels(value, count=5, often=1.0):
    """Return a change that puts a value into some pixels, in some of the frames."""

    def change(patterns, random):
        spoilt, side = patterns.astype(np.int64), patterns.shape[-1]
        for y, x in random.integers(side // 8, side - side // 8, (count, 2)):
            if np.hypot(y - side / 2, x - side / 2) > side / 5:
                spoilt[random.random(len(spoilt)) < often, y, x] = value
        return spoilt

    return change


def gap(value, dtype):
    """Return a change that puts a value into a strip of the detector."""

    def change(patterns, random):
        spoilt, where = patterns.astype(dtype), patterns.shape[-1] // 2 + 6
        spoilt[:, :, where : where + 4] = value
        return spoilt

    return change


def moved(patterns, random):
    """Return patterns whose zero frequency is off."""
    return np.roll(patterns, (3, -4), axis=(1, 2))


def frames(value):
    """Return a change that makes some frames dark, or mad."""

    def change(patterns, random):
        spoilt = patterns.astype(np.int64)
        which = random.choice(len(spoilt), 6, replace=False)
        spoilt[which] = 0 if value == 0 else random.poisson(value * patterns.mean(), (6, *patterns.shape[1:]))
        return spoilt

    return change


def set_array(kind, words, **functions):
    """Return a fault of other arrays of a file: functions of the arrays, by the name of what they make."""

    def spoil(arrays, random):
        arrays.update({name: make(arrays) for name, make in functions.items()})

    return Planted(kind, spoil, words=words)


def with_outlier(arrays):
    """Return positions one of which is far away."""
    positions = arrays["positions"].copy()
    positions[17] += 2000
    return positions


def rotation(degrees):
    """Return the matrix of an angle."""
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def geometry():
    """Return the faults of geometry."""
    yield from (turned(one) for one in ("fliplr", "flipud", "rot180", "transpose", "rot90_cw", "rot90_ccw",
                                        "antitranspose"))  # fmt: skip
    yield mapped("signs of the scan", -np.eye(2))
    yield mapped("signs of the scan", np.diag([-1, 1]))
    yield mapped("signs of the scan", np.diag([1, -1]))
    yield mapped("x and y exchanged", np.eye(2)[::-1])
    yield mapped("x and y exchanged", np.diag([1, -1]) @ np.eye(2)[::-1])
    yield from (mapped("scan rotated", rotation(one)) for one in (-12, 20, 35, 70))
    yield mapped("scan rotated and mirrored", rotation(25) @ np.diag([1, -1]))
    yield from (mapped("scale (distance, pixel)", one * np.eye(2)) for one in (0.5, 0.75, 1.35, 2.0))
    yield from (late(one) for one in (-1, 1, 2))
    yield Planted("positions in metres, no pixel", lambda arrays, random: arrays.update(
        positions=arrays["positions"] * 2.1e-8), matrix=2.1e-8 * np.eye(2))  # fmt: skip


def of_experiment():
    """Return the faults of detector, frames, positions and probe."""
    yield of_detector("dead pixels", "dead", set_pixels(0, 12))
    yield of_detector("hot pixels", "hot|full|No data", set_pixels(40000))
    yield of_detector("blinking pixels", "hot|full|No data", set_pixels(30000, often=0.1))
    yield of_detector("gap of zeros", "dead", gap(0, np.int64))
    yield of_detector("sentinels", "No data", gap(LOST, np.uint32))
    yield of_detector("sentinels", "No data", gap(-1, np.int32))
    yield of_detector("sentinels", "No data|NaN", gap(np.nan, np.float32))
    yield of_detector("saturated", "full at", lambda one, random: np.minimum(one, int(np.percentile(one, 99.7))))
    yield of_detector("zero frequency off", "The light is", moved)
    yield of_detector("dark current", "floor", lambda one, random: np.rint(one + random.normal(100, 2, one.shape)))
    yield of_detector("stray light", "besides|stray", lambda one, random: one + random.poisson(
        0.3 * one.mean(), one.shape))  # fmt: skip
    yield of_detector("gain", "24 units", lambda one, random: 24 * one.astype(np.int64))
    yield of_detector("scaled to 1", "one photon", lambda one, random: one / one.max())
    yield of_detector("dark frames", "Left out", frames(0))
    yield of_detector("mad frames", "Left out", frames(50))
    yield of_detector("unsteady beam", "brightness", lambda one, random: random.poisson(
        one * random.uniform(0.4, 1.6, (len(one), 1, 1))))  # fmt: skip
    yield set_array("duplicated frames", "added up", patterns=lambda arrays: np.repeat(arrays["patterns"], 2, axis=0),
                    positions=lambda arrays: np.repeat(arrays["positions"], 2, axis=0))  # fmt: skip
    yield set_array("outlying position", "far from all", positions=with_outlier)
    yield set_array("no probe", "holds no probe", probe=lambda arrays: None)
    yield set_array("flat probe", "left out", probe=lambda arrays: np.ones_like(arrays["probe"]))
    yield set_array("probe at the corner", "corner", probe=lambda arrays: np.fft.ifftshift(arrays["probe"], (-2, -1)))
    yield set_array("wrong probe", "probe of the file explains", probe=lambda arrays: np.abs(arrays["probe"]) + 0j)
