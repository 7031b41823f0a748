"""Survey: what one pass over all the patterns of a scan tells."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np

from ptychopinn.data.selection import Patterns

if typing.TYPE_CHECKING:
    from ptychopinn.data.scan import Scan

BLOCK_BYTES = 1 << 24
"""Bytes of stored patterns that are looked at together."""

BRIGHTEST = 1e15
"""Largest value of a pixel: the square of a larger one overflows single precision, or the count of it an integer."""

FAINTEST = 1e-20
"""Least light of a pattern, on average: the squares of fainter amplitudes vanish in single precision."""


@dataclasses.dataclass(frozen=True)
class Survey:
    """What all patterns of a scan together tell, on its good pixels.

    Args:
        mean_light: float. Mean over the patterns of the sum of counts, or of squared amplitudes, as they are stored.
    """

    mean_light: float


def survey(scan: Scan) -> Survey:
    """Look at all patterns of a scan once, a block at a time.

    Returns:
        Survey.

    Raises:
        ValueError: if the file was damaged, or a value cannot be a count or an amplitude, or there is no light.
    """
    if hasattr(scan.patterns, "verify"):
        scan.patterns.verify()
    good = scan.mask if scan.mask is None or not scan.corner else np.fft.ifftshift(scan.mask)
    light = 0.0
    for some in blocks(scan.patterns):
        stored = np.asarray(scan.patterns[some])
        values = stored.reshape(len(stored), -1) if good is None else stored[:, good]
        _check_values(values, some.start, scan.name)
        squared = scan.measurement == "amplitude"
        light += float((np.square(values, dtype=np.float64) if squared else values).sum(dtype=np.float64))
    if light < FAINTEST * len(scan):
        raise ValueError(
            f"Patterns of {scan.name} must hold light. Received: all of the {len(scan)} patterns are zero, or "
            f"fainter than {FAINTEST:g} together. Is the shutter open, and is this the right dataset?"
        )
    return Survey(mean_light=light / len(scan))


def blocks(patterns: Patterns) -> list[slice]:
    """Return slices that go through patterns `(pattern, y, x)`, each of a few megabytes."""
    count, *pixels = patterns.shape
    step = max(1, BLOCK_BYTES // (int(np.prod(pixels)) * patterns.dtype.itemsize))
    return [slice(start, start + step) for start in range(0, count, step)]


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
