"""Patches -> one object, its weight map and its origin."""

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.reconstruction.tiles import LIT, Tile, check_canvas, joined

AT_ONCE = 16
"""Patches that are shifted together: caches hold them."""


class PatchSum:
    """The sum of weighted patches on one canvas, added as they come.

    Each patch is placed at its sub-pixel position, bilinear between pixels: `sum`, that of the weighted patches, is the
    adjoint of cutting them out; `weight` is that of the weights.

    Args:
        shape: `(height, width)` of the canvas, pixels.
        origin: `(y, x)` position of its first pixel.
        weights: float array `(y, x)`: weight of a patch's pixels.
    """

    KNOWN = 1
    """Planes that are summed up besides the patches."""

    def __init__(self, shape: tuple[int, int], origin: np.ndarray | tuple[int, int], weights: np.ndarray) -> None:
        rows, columns = (np.flatnonzero(weights.max(axis=axis) > LIT * weights.max()) for axis in (1, 0))
        self._lit = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        self._weights = weights[self._lit].astype(np.float32)
        self._first = np.array([rows[0] - weights.shape[0] // 2, columns[0] - weights.shape[1] // 2]) - origin
        self.sum, self._known = np.zeros(shape, np.complex64), np.zeros((self.KNOWN, *shape), np.float32)
        corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
        self._cornered = np.stack([np.pad(self._weights, [(y, 1 - y), (x, 1 - x)]).ravel() for y, x in corners])

    @property
    def weight(self) -> np.ndarray:
        """The sum of the weights: float32 array `(y, x)`."""
        return self._known[0]

    def add(self, patches: np.ndarray, positions: np.ndarray) -> None:
        """Add complex patches `(patch, y, x)`, centred at positions `(patch, 2)`."""
        for start in range(0, len(patches), AT_ONCE):
            self._add(patches[start : start + AT_ONCE], positions[start : start + AT_ONCE])

    def _add(self, patches: np.ndarray, positions: np.ndarray) -> None:
        corner = positions + self._first
        whole = np.floor(corner).astype(int)
        fraction = (corner - whole).astype(np.float32)
        weighted = shift(patches[(slice(None), *self._lit)] * self._weights, fraction)
        weights = (bilinear(fraction) @ self._cornered).reshape(weighted.shape)
        height, width = weighted.shape[1:]
        for (row, column), patch, known in zip(whole, weighted, self._known_by(weighted, weights)):
            there = self.sum[row : row + height, column : column + width]
            there += self._agreeing(patch, there)
            self._known[:, row : row + height, column : column + width] += known

    def _known_by(self, weighted: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return what is summed up besides: float array `(patch, plane, y, x)`, first the weights."""
        return weights[:, None]

    def _agreeing(self, patch: np.ndarray, there: np.ndarray) -> np.ndarray:
        """Return a patch as it agrees with what is there."""
        return patch


class Stitcher(PatchSum):
    """Stitch patches to one object as they come.

    A patch is known up to a constant phase: it is turned to agree with what the canvas already holds where they
    overlap, so patches should come in an order in which they overlap (see `outward`).

    Args:
        positions: float array `(pattern, 2)`: all positions `(y, x)` that will be added, pixels.
        weights: float array `(y, x)`: weight of a patch's pixels, the probe's intensity.
    """

    KNOWN = 3

    def __init__(self, positions: np.ndarray, weights: np.ndarray) -> None:
        self._origin, shape = canvas_of(positions, weights.shape[0])
        super().__init__(shape, self._origin, weights)

    def _known_by(self, weighted: np.ndarray, weights: np.ndarray) -> np.ndarray:
        power = (weighted.real**2 + weighted.imag**2) / np.maximum(weights, 1e-12)
        return np.stack([weights, weights**2, power], axis=1)

    def _agreeing(self, patch: np.ndarray, there: np.ndarray) -> np.ndarray:
        agreement = np.vdot(patch, there)
        return patch * (agreement / abs(agreement)) if agreement else patch

    def tile(self) -> Tile:
        """Return what the patches add up to so far."""
        return Tile(self._origin, self.sum, *self._known)

    def result(self) -> Reconstruction:
        """Return the object as a `Reconstruction`: its weight, origin, ramp and uncertainty beside it."""
        return joined([self.tile()])


def canvas_of(positions: np.ndarray, size: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Return the canvas that holds patches of a size at positions: its origin `(y, x)`, pixels, and its shape.

    Raises:
        MemoryError: if it would not fit in memory.
    """
    low = np.floor(positions.min(axis=0)).astype(int) - size // 2
    high = np.ceil(positions.max(axis=0)).astype(int) + size // 2 + 1
    height, width = high - low
    check_canvas(height, width)
    return low, (height, width)


def shift(images: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    """Shift images `(image, y, x)` by a fraction of a pixel, onto one more row and column, bilinear."""
    y, x = fraction[:, 0, None, None], fraction[:, 1, None, None]
    count, height, width = images.shape
    rows = np.zeros((count, height + 1, width), images.dtype)
    rows[:, 1:] = images * y
    rows[:, :-1] += images * (1 - y)
    shifted = np.zeros((count, height + 1, width + 1), images.dtype)
    shifted[..., 1:] = rows * x
    shifted[..., :-1] += rows * (1 - x)
    return shifted


def bilinear(fraction: np.ndarray) -> np.ndarray:
    """Return what corners count at fractions of a pixel: float array `(patch, corner)`, `(0, 0)`, `(0, 1)`, ..."""
    y, x = fraction.T
    return np.stack([(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x], axis=1)


def outward(positions: np.ndarray) -> np.ndarray:
    """Return the order of positions from the middle of the scan outward: each patch meets the ones before it."""
    return np.argsort(np.linalg.norm(positions - np.median(positions, axis=0), axis=1), kind="stable")
