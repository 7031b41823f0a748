"""Patches -> one object, its weight map and its origin."""

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.reconstruction.tiles import LIT, Tile, check_canvas, joined


class PatchSum:
    """The sum of weighted patches on one canvas, added as they come.

    Each patch is placed at its sub-pixel position, bilinear between pixels: `sum`, that of the weighted patches, is the
    adjoint of cutting them out; `weight` is that of the weights.

    Args:
        shape: `(height, width)` of the canvas, pixels.
        origin: `(y, x)` position of its first pixel.
        weights: float array `(y, x)`: weight of a patch's pixels.
    """

    def __init__(self, shape: tuple[int, int], origin: np.ndarray | tuple[int, int], weights: np.ndarray) -> None:
        rows, columns = (np.flatnonzero(weights.max(axis=axis) > LIT * weights.max()) for axis in (1, 0))
        self._lit = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        self._weights = weights[self._lit].astype(np.float32)
        self._first = np.array([rows[0] - weights.shape[0] // 2, columns[0] - weights.shape[1] // 2]) - origin
        self.sum, self.weight = np.zeros(shape, np.complex64), np.zeros(shape, np.float32)

    def add(self, patches: np.ndarray, positions: np.ndarray) -> None:
        """Add complex patches `(patch, y, x)`, centred at positions `(patch, 2)`."""
        corner = positions + self._first
        whole = np.floor(corner).astype(int)
        fraction = (corner - whole).astype(np.float32)
        weighted = shift(patches[(slice(None), *self._lit)] * self._weights, fraction)
        weights = shift(np.broadcast_to(self._weights, weighted.shape[:1] + self._weights.shape), fraction)
        for (row, column), patch, weight in zip(whole, weighted, weights):
            self._place(np.s_[row : row + patch.shape[0], column : column + patch.shape[1]], patch, weight)

    def _place(self, window: tuple[slice, slice], patch: np.ndarray, weight: np.ndarray) -> None:
        self.sum[window] += patch
        self.weight[window] += weight


class Stitcher(PatchSum):
    """Stitch patches to one object as they come.

    A patch is known up to a constant phase: it is turned to agree with what the canvas already holds where they
    overlap, so patches should come in an order in which they overlap (see `outward`).

    Args:
        positions: float array `(pattern, 2)`: all positions `(y, x)` that will be added, pixels.
        weights: float array `(y, x)`: weight of a patch's pixels, the probe's intensity.
    """

    def __init__(self, positions: np.ndarray, weights: np.ndarray) -> None:
        self._origin, shape = canvas_of(positions, weights.shape[0])
        super().__init__(shape, self._origin, weights)
        self._squared_weight, self._power = np.zeros((2, *shape), np.float32)

    def _place(self, window: tuple[slice, slice], patch: np.ndarray, weight: np.ndarray) -> None:
        agreement = np.vdot(patch, self.sum[window])
        if agreement:
            patch = patch * (agreement / abs(agreement))
        super()._place(window, patch, weight)
        self._squared_weight[window] += weight**2
        self._power[window] += np.abs(patch) ** 2 / np.maximum(weight, 1e-12)

    def tile(self) -> Tile:
        """Return what the patches add up to so far."""
        return Tile(self._origin, self.sum, self.weight, self._squared_weight, self._power)

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
    out = np.zeros((len(images), images.shape[1] + 1, images.shape[2] + 1), images.dtype)
    near = images * (1 - y)
    far = images * y
    out[:, :-1, :-1] += near * (1 - x)
    out[:, :-1, 1:] += near * x
    out[:, 1:, :-1] += far * (1 - x)
    out[:, 1:, 1:] += far * x
    return out


def outward(positions: np.ndarray) -> np.ndarray:
    """Return the order of positions from the middle of the scan outward: each patch meets the ones before it."""
    return np.argsort(np.linalg.norm(positions - np.median(positions, axis=0), axis=1), kind="stable")
