"""Passes over the patterns of a place, and how well they predict those that took no part."""

import dataclasses
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import fft

from ptychopinn.preparation.orientation import oriented
from ptychopinn.preparation.trials.hypothesis import Hypothesis
from ptychopinn.preparation.trials.place import Place, misfit

LONGEST, SHORTEST = 1.0, 0.1
"""Steps of the first and the last pass: the last ones average the noise."""

OF_PROBE = 0.5
"""Length of the probe's steps, of the object's."""

DIM = 0.1
"""Part of the brightest light from which on a pixel is moved fully."""

AT_ONCE = 4
"""Trials side by side: more would wait for one another."""


@dataclasses.dataclass(frozen=True)
class Effort:
    """How long a trial takes.

    Args:
        passes: int. Over the patterns.
        batch: int. Patterns that pull together.
        believed: int. Passes before the probe moves.
    """

    passes: int = 12
    batch: int = 8
    believed: int = 2


@dataclasses.dataclass(frozen=True, eq=False)
class Outcome:
    """What a trial ended with.

    Args:
        hypothesis: Hypothesis.
        misfits: float array `(judge,)`: of patterns that took no part, see `misfit`.
        predicted: float array `(judge, y, x)`: their amplitudes, zero frequency at the centre, as turned.
        measured: float array `(judge, y, x)`: the same, measured.
    """

    hypothesis: Hypothesis
    misfits: np.ndarray
    predicted: np.ndarray
    measured: np.ndarray

    @property
    def misfit(self) -> float:
        """Mean misfit of the patterns that took no part."""
        return float(self.misfits.mean())


def tried(place: Place, hypothesis: Hypothesis = Hypothesis(), effort: Effort = Effort()) -> Outcome:  # noqa: B008
    r"""Return how well patterns that took no part are predicted, after passes over the others.

    A step moves the object by the mean of what some patterns pull, $\sum_j P^*(\psi'_j - \psi_j) / \sum_j |P|^2$, as
    ePIE does of one; passes begin with an empty object.

    Reference:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012
    """
    turned = oriented(place.amplitudes, hypothesis.orientation)
    measured = np.fft.ifftshift(turned, axes=(1, 2))
    places = hypothesis.positions(place.frames, place.positions)
    fitted = _Fit(measured, places - np.floor(places.min(axis=0)), place.probe)
    random, pulling = np.random.default_rng(0), np.flatnonzero(~place.judges)
    for number in range(effort.passes):
        done = number / effort.passes
        step = LONGEST * (1 - done) + SHORTEST * done
        order = random.permutation(pulling)
        for first in range(0, len(order), effort.batch):
            some = order[first : first + effort.batch]
            fitted.step(some, step, hypothesis.probe_moves and number >= effort.believed)
    predicted = np.fft.fftshift(fitted.predicted(place.judges), axes=(1, 2))
    judged = turned[place.judges]
    return Outcome(hypothesis, misfit(predicted, judged), predicted, judged)


def all_tried(trials: Iterable[tuple[Place, Hypothesis]], effort: Effort = Effort()) -> list[Outcome]:  # noqa: B008
    """Return what trials end with that do not depend on one another: several are made at once."""

    def made(trial: tuple[Place, Hypothesis]) -> Outcome:
        place, hypothesis = trial
        return tried(place, hypothesis, effort)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(made, trials))


class _Fit:
    """Object and probe on their way.

    Args:
        measured: float32 array `(pattern, y, x)`: amplitudes, zero frequency at pixel (0, 0), negative where bad.
        places: float array `(pattern, 2)`: first pixel of each patch, and by what part of one the probe is beside it.
        probe: complex64 array `(mode, y, x)`.
    """

    def __init__(self, measured: np.ndarray, places: np.ndarray, probe: np.ndarray) -> None:
        self.known = measured >= 0
        self.measured, self.corners = np.maximum(measured, 0), np.rint(places).astype(int)
        self.complete, self.side = bool(self.known.all()), measured.shape[-1]
        light = np.square(self.measured).sum() / len(measured)
        self.probe = probe * np.float32(np.sqrt(light / _light(probe).sum()))
        self.object = np.ones(self.corners.max(axis=0) + self.side, np.complex64)
        self.shifts = _shifts(places - self.corners, self.side)
        self.lit = np.zeros(self.object.shape, np.float32)

    def step(self, some: np.ndarray, length: float, with_probe: bool) -> None:
        """Move the object, and the probe if it may, by what some patterns `(pattern,)` pull."""
        patches, probes = self._patches(some), self._probes(some)
        change = self._missing(some, probes * patches[:, None])
        lights = _light(probes, axis=1)
        pulls = (probes.conj() * change).sum(axis=1)
        windows, dimmest = self._windows(some), DIM * lights.max()
        for window, light in zip(windows, lights):
            self.lit[window] += light
        for window, pull in zip(windows, pulls):
            self.object[window] += np.float32(length) * pull / np.maximum(self.lit[window], dimmest)
        for window in windows:
            self.lit[window] = 0
        if with_probe:
            seen = np.square(np.abs(patches)).sum(axis=0)
            beside = fft.fft2(patches.conj()[:, None] * change, overwrite_x=True)
            pull = fft.ifft2((self.shifts[some].conj() * beside).sum(axis=0))
            self.probe = self.probe + np.float32(OF_PROBE * length) * pull / np.maximum(seen, DIM * seen.max())

    def predicted(self, some: np.ndarray) -> np.ndarray:
        """Return the amplitudes `(pattern, y, x)` of some patterns, a bool array."""
        which = np.flatnonzero(some)
        waves = self._probes(which) * self._patches(which)[:, None]
        return np.sqrt(_light(fft.fft2(waves, norm="ortho"), axis=1))

    def _missing(self, some: np.ndarray, waves: np.ndarray) -> np.ndarray:
        """Return what exit waves `(pattern, mode, y, x)` lack to have the measured amplitudes."""
        far = fft.fft2(waves, norm="ortho")
        ratio = self.measured[some] / np.maximum(np.sqrt(_light(far, axis=1)), 1e-6)
        if not self.complete:
            ratio[~self.known[some]] = 1
        far *= ratio[:, None]
        return fft.ifft2(far, norm="ortho", overwrite_x=True) - waves

    def _probes(self, some: np.ndarray) -> np.ndarray:
        """Return the probe `(pattern, mode, y, x)`, for some patterns, where it is in their patches."""
        return fft.ifft2(self.shifts[some] * fft.fft2(self.probe), overwrite_x=True)

    def _windows(self, some: np.ndarray) -> list[tuple[slice, slice]]:
        side = self.side
        return [(slice(y, y + side), slice(x, x + side)) for y, x in self.corners[some]]

    def _patches(self, some: np.ndarray) -> np.ndarray:
        return np.stack([self.object[window] for window in self._windows(some)])


def _shifts(parts: np.ndarray, side: int) -> np.ndarray:
    """Return what Fourier transforms are multiplied by to shift by parts of a pixel: `(pattern, 1, y, x)`."""
    phases = -2j * np.pi * np.fft.fftfreq(side) * parts[:, :, None]
    y, x = np.exp(phases).astype(np.complex64).swapaxes(0, 1)
    return (y[:, :, None] * x[:, None, :])[:, None]


def _light(waves: np.ndarray, axis: int = 0) -> np.ndarray:
    return np.sum(waves.real**2 + waves.imag**2, axis=axis)
