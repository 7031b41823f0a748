"""Positions that a file does not hold, but the axes of its array tell: the points of a raster."""

from collections.abc import Sequence

import numpy as np


def raster(shape: Sequence[int], step: Sequence[float] = (1.0, 1.0)) -> np.ndarray | None:
    """Return the points of a raster in the order of its array, float64 `(pattern, 2)`, or None unless it has two axes.

    Args:
        shape: points along each axis of the scan, `(y, x)`.
        step: `(y, x)` from point to point, in any unit.
    """
    if len(shape) != 2:
        return None
    y, x = np.meshgrid(np.arange(shape[0]) * step[0], np.arange(shape[1]) * step[1], indexing="ij")
    return np.stack([y.reshape(-1), x.reshape(-1)], axis=1)
