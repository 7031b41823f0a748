"""Survey: what one pass over all the patterns of a scan tells."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ptychopinn.data.selection import Patterns, at_once, verify

if typing.TYPE_CHECKING:
    from ptychopinn.data.scan import Scan

BLOCK_BYTES = 1 << 24
"""Bytes of stored patterns that are looked at together."""

MARKED_BYTES = 1 << 22
"""The same, where patterns are changed as they are read, and several arrays of their size are held."""

BRIGHTEST = 1e15
"""Largest value of a pixel: the square of a larger one overflows single precision, or the count of it an integer."""

FAINTEST = 1e-20
"""Least light of a pattern, on average: the squares of fainter amplitudes vanish in single precision."""

DARK, MAD = 0.02, 10.0
"""A pattern with less, or more, of the median pattern's light was taken without the beam, or by a detector gone mad."""

MOST_MAD = 0.05
"""Part of the patterns: so many bright ones are no accident, but the object."""

FEWEST_PHOTONS = 20
"""Photons of a pattern, from which on it is not dark by chance."""


@dataclasses.dataclass(frozen=True)
class Survey:
    """What all patterns of a scan together tell, on its good pixels.

    Args:
        mean_light: float. Mean over the patterns of the sum of counts, or of squared amplitudes, as they are stored;
            those that are lost left out.
        light: float array `(pattern,)`: that of each.
        lost: int array: patterns that hold no light, or far more than all others.
    """

    mean_light: float
    light: np.ndarray
    lost: np.ndarray


def survey(scan: Scan) -> Survey:
    """Look at all patterns of a scan once, a block at a time.

    Returns:
        Survey.

    Raises:
        ValueError: if the file was damaged, or a value cannot be a count or an amplitude, or there is no light.
    """
    verify(scan.patterns)
    good = scan.mask if scan.mask is None or not scan.corner else np.fft.ifftshift(scan.mask)
    squared = scan.measurement == "amplitude"
    light, by_pattern = 0.0, np.zeros(len(scan))
    for some in blocks(scan.patterns, MARKED_BYTES if scan.marked else BLOCK_BYTES):
        stored = np.asarray(scan.patterns[some])
        values = stored.reshape(len(stored), -1) if good is None else stored[:, good]
        values = np.maximum(values, 0) if scan.marked else values
        _check_values(values, some.start, scan.name)
        photons = np.square(values, dtype=np.float64) if squared else values
        light += float(photons.sum(dtype=np.float64))
        by_pattern[some] = photons.sum(axis=1, dtype=np.float64)
    if light < FAINTEST * len(scan):
        raise ValueError(
            f"Patterns of {scan.name} must hold light. Received: all of the {len(scan)} patterns are zero, or "
            f"fainter than {FAINTEST:g} together. Is the shutter open, and is this the right dataset?"
        )
    lost = lost_patterns(by_pattern, counted=not squared)
    mean = light / len(scan) if not len(lost) else float(np.delete(by_pattern, lost).mean())
    return Survey(mean, by_pattern, lost)


def lost_patterns(light: np.ndarray, counted: bool = True) -> np.ndarray:
    """Return which patterns hold no light, or far more than all others: int array; none, where that is not unlikely.

    Args:
        light: float array `(pattern,)`: light of each.
        counted: bool. Whether it is of photons, of which few may be none by chance. Defaults to `True`.
    """
    if not (light > 0).any():
        return np.zeros(0, int)
    typical = float(np.median(light[light > 0]))
    if counted and typical < FEWEST_PHOTONS:
        return np.zeros(0, int)
    mad = light > MAD * typical
    if mad.mean() > MOST_MAD:
        mad = np.zeros_like(mad)
    return np.flatnonzero((light < DARK * typical) | mad)


def blocks(patterns: Patterns, most_bytes: int = BLOCK_BYTES) -> list[slice]:
    """Return slices that go through patterns `(pattern, y, x)`, each of a few megabytes."""
    step = at_once(patterns, most_bytes)
    return [slice(start, start + step) for start in range(0, patterns.shape[0], step)]


def _check_values(values: np.ndarray, first: int, name: str) -> None:
    low, high = values.min(axis=1), values.max(axis=1)  # NaN where there is one
    wrong = np.flatnonzero(~((low >= 0) & np.isfinite(high)))
    if len(wrong):
        raise ValueError(
            f"Patterns of {name} must be finite and not negative. Received: NaN, infinity or a negative "
            f"value in pattern {first + wrong[0]}. Mark such pixels in bad_pixels and store 0 there."
        )
    if float(high.max()) > BRIGHTEST:  # which a half-precision number cannot hold
        raise ValueError(
            f"Patterns of {name} must stay below {BRIGHTEST:g} in every pixel. Received: {high.max():.3g} in pattern "
            f"{first + int(np.argmax(high))}. Mark such pixels in bad_pixels, or divide by the detector's gain."
        )
