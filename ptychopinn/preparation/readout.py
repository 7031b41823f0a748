"""Readout: how a stored number becomes photons, or an amplitude, or nothing at all."""

import dataclasses

import numpy as np

from ptychopinn.data.selection import Patterns
from ptychopinn.preparation.applied import Applied

LACKING = -1.0
"""What stands where a pixel has no data."""


@dataclasses.dataclass(frozen=True, eq=False)
class Readout:
    """How stored numbers are read.

    Args:
        background: float, or float array `(y, x)`: what is subtracted.
        factor: float. Photons of one unit.
        ceiling: float. Stored values from here up are no data.
        limit: float array `(y, x)`: larger stored values are no data, and no light.
        negative: bool. Whether negative stored values are no data, and not noise about zero.
        least: float. Values below that, the background subtracted, are noise: they are no light, and read as 0.
    """

    background: float | np.ndarray = 0.0
    factor: float = 1.0
    ceiling: float | None = None
    limit: np.ndarray | None = None
    negative: bool = True
    least: float = 0.0

    @property
    def changes_nothing(self) -> bool:
        """Whether numbers are read as they are stored."""
        return (
            self.factor == 1 and self.ceiling is None and self.limit is None and self.negative
            and not self.least and not np.any(self.background)
        )  # fmt: skip

    def apply(self, stored: np.ndarray) -> np.ndarray:
        """Return stored patterns `(pattern, y, x)` as float32: photons or amplitudes, `LACKING` where no data is."""
        with np.errstate(over="ignore", invalid="ignore"):
            values = stored.astype(np.float32)
        lacking = ~np.isfinite(values)
        if self.ceiling is not None:
            lacking |= stored >= self.ceiling
        if self.limit is not None:
            lacking |= values > self.limit
        if self.negative:
            lacking |= values < 0
        values = values - np.float32(self.background)
        values = np.where(values < self.least, 0, values * np.float32(self.factor)).astype(np.float32)
        values[lacking] = LACKING
        return values


def read_by(patterns: Patterns, readout: Readout) -> Patterns:
    """Return patterns as a readout gives them, read as they are indexed."""
    return Applied(patterns, readout.apply, patterns.shape[1:], np.float32)
