"""A tile of the canvas: as much of an object as some patterns lie on."""

import typing

import numpy as np

from ptychopinn.physics.numpy_physics import nearest_corners

ALIGNED = 64
"""Tiles begin and end at multiples of so many pixels: patterns that move a little change none, and no step is compiled
anew."""


class Tile(typing.NamedTuple):
    """A rectangle of the canvas, in pixels."""

    top: int
    left: int
    height: int
    width: int

    def of(self, canvas: np.ndarray) -> np.ndarray:
        """Return the part of a canvas `(..., y, x)`: a view."""
        return canvas[..., self.top : self.top + self.height, self.left : self.left + self.width]


def tile_of(positions: np.ndarray, size: int, canvas: tuple[int, int]) -> Tile:
    """Return the tile that holds the windows of patterns.

    Args:
        positions: float array `(pattern, 2)`, pixels of the canvas.
        size: int. Side of a window.
        canvas: `(height, width)` of the whole.
    """
    if not len(positions):
        return Tile(0, 0, 1, 1)
    corners, _ = nearest_corners(positions, size)
    top, left = (int(low) // ALIGNED * ALIGNED for low in corners.min(axis=0))
    ends = (-(-int(high + size) // ALIGNED) * ALIGNED for high in corners.max(axis=0))
    bottom, right = map(min, ends, canvas)
    return Tile(top, left, bottom - top, right - left)
