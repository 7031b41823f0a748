"""A sample of the patterns, spread evenly over the scan, that what a file does not say is told from."""

import dataclasses
import functools

import numpy as np

from ptychopinn.data.selection import Patterns
from ptychopinn.data.survey import DARK, MAD

MOST_PATTERNS, FEWEST_PATTERNS = 128, 8
MOST_BYTES = 1 << 25
"""Patterns, and bytes of them, that are looked at."""

MOST_RANKED = 1 << 22
"""Values that tell a percentile of all."""


@dataclasses.dataclass(frozen=True)
class Sample:
    """Some patterns as they are stored.

    Args:
        stored: array `(pattern, y, x)`: as they lie in the file.
        values: float32 array `(pattern, y, x)`: NaN where a pixel holds no number, or one that stands for no data.
        complete: bool. Whether these are all patterns.
    """

    stored: np.ndarray
    values: np.ndarray
    complete: bool

    @functools.cached_property
    def lit(self) -> np.ndarray:
        """The values of frames that are neither dark nor gone mad: float32 `(pattern, y, x)`."""
        if not np.isfinite(self.values).any():
            return self.values
        some = self.values.reshape(-1)[:: 1 | (self.values.size // MOST_RANKED)]
        highest = np.nanpercentile(some, 99.9) if np.isfinite(some).any() else np.inf
        light = np.asarray(np.nansum(np.minimum(self.values, highest), axis=(1, 2), dtype=np.float64))
        lit = light[light > 0]
        if not len(lit):
            return self.values
        typical = np.median(lit)
        kept = (light > DARK * typical) & (light < MAD * typical)
        return self.values if kept.all() or not kept.any() else self.values[kept]

    @functools.cached_property
    def mean(self) -> np.ndarray:
        """Mean of the lit frames: float64 `(y, x)`, 0 where a pixel never holds a number."""
        known = np.isfinite(self.lit)
        total = np.where(known, self.lit, 0).sum(axis=0, dtype=np.float64)
        return total / np.maximum(known.sum(axis=0), 1)

    @functools.cached_property
    def variance(self) -> np.ndarray:
        """Variance of the lit frames: float64 `(y, x)`."""
        square, known = np.zeros(self.mean.shape), np.zeros(self.mean.shape, int)
        for frame in self.lit:
            square += np.square(np.nan_to_num(frame - self.mean, nan=0.0))
            known += np.isfinite(frame)
        return square / np.maximum(known - 1, 1)

    @functools.cached_property
    def highest(self) -> np.ndarray:
        """Highest value of the lit frames: float32 `(y, x)`, 0 where a pixel never holds a number."""
        return np.where(np.isfinite(self.lit), self.lit, 0).max(axis=0)

    @functools.cached_property
    def positive(self) -> np.ndarray:
        """All positive values: float64, in rising order."""
        return np.sort(self.lit[self.lit > 0]).astype(np.float64)

    @functools.cached_property
    def quantum(self) -> float:
        """The least positive value, which is one photon where photons are counted; 0 where nothing is positive."""
        return float(self.positive[0]) if len(self.positive) else 0.0

    def less(self, background: float | np.ndarray) -> "Sample":
        """Return the sample with a background subtracted, a number or an array `(y, x)`."""
        return Sample(self.stored, (self.values - background).astype(np.float32), self.complete)

    def without(self, bad: np.ndarray) -> "Sample":
        """Return the sample with no data in pixels `(pattern, y, x)` or `(y, x)` of a bool array."""
        return Sample(self.stored, np.where(bad, np.nan, self.values), self.complete)


def sampled(patterns: Patterns) -> Sample:
    """Read a bounded number of patterns, spread evenly over all; infinities and NaN are no data."""
    count, *pixels = patterns.shape
    room = MOST_BYTES // max(1, int(np.prod(pixels)) * patterns.dtype.itemsize)
    wanted = min(count, max(FEWEST_PATTERNS, min(MOST_PATTERNS, room)))
    which = np.unique(np.linspace(0, count - 1, wanted).astype(int))
    stored = np.asarray(patterns[slice(None)] if len(which) == count else patterns[which])
    with np.errstate(over="ignore", invalid="ignore"):
        values = stored.astype(np.float32)
    return Sample(stored, np.where(np.isfinite(values), values, np.nan), len(which) == count)
