"""Positions that move: by one affine map at first, then each by itself, by so much and no further."""

import numpy as np

SETTLED, AFFINE = 4, 4
"""Passes before positions move; and those in which they move by one affine map."""

FARTHEST = 0.5
"""How far a position moves in one pass, at most, pixels."""


def shifted_by(positions: np.ndarray, offsets: np.ndarray, affine: bool) -> np.ndarray:
    """Move positions by offsets, both `(pattern, 2)`, in pixels; what all have in common is left out.

    Args:
        positions, offsets: float arrays `(pattern, 2)`.
        affine: bool. Whether all move by the affine map (scale, rotation, shear) that explains the offsets best.
    """
    offsets = np.clip(offsets, -FARTHEST, FARTHEST)
    offsets = offsets - offsets.mean(axis=0)
    if affine:
        offsets = affine_part(offsets, positions)
    return positions + offsets


def affine_part(offsets: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return what an affine map of all positions explains of offsets `(pattern, 2)` whose mean is 0, pixels."""
    centred = positions - positions.mean(axis=0)
    return centred @ np.linalg.lstsq(centred, offsets, rcond=None)[0]
