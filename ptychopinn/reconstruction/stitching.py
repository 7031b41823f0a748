"""Patches -> one object, its weight map and its origin."""

import dataclasses

import numpy as np

from ptychopinn.memory import check_memory
from ptychopinn.physics.ramp import remove_ramp

OF_PIXEL = 60
"""Bytes for a pixel of an object, its weight, its uncertainty, and what they are made from."""

LIT = 1e-3
"""A patch is placed as far as its weight reaches this part of its largest."""


@dataclasses.dataclass(frozen=True)
class Stitched:
    """A stitched object.

    Args:
        object: complex64 array `(y, x)`: transmission, zero where no patch reaches.
        weight: float32 array `(y, x)`: summed weight of the patches.
        origin: `(y, x)` position of pixel (0, 0), in pixels of the scan's positions.
        ramp: `(y, x)` phase ramp that was removed, in radians per pixel.
        uncertainty: float32 array `(y, x)`: standard error of the complex object, by how much the overlapping patches
            disagree; infinite where no two of them meet. It knows nothing of errors that all patches share.
    """

    object: np.ndarray
    weight: np.ndarray
    origin: tuple
    ramp: tuple = (0.0, 0.0)
    uncertainty: np.ndarray | None = None


class Stitcher:
    """Add patches to one canvas as they come.

    Each patch is placed at its sub-pixel position, bilinear between pixels, with the probe's intensity as its weight.
    A patch is known up to a constant phase: it is turned to agree with what the canvas already holds where they
    overlap, so patches should come in an order in which they overlap (see `outward`).

    Args:
        positions: float array `(pattern, 2)`: all positions `(y, x)` that will be added, pixels.
        weights: float array `(y, x)`: weight of a patch's pixels.
        aligned: bool. Whether to turn the patches. Defaults to `True`.
    """

    def __init__(self, positions, weights, aligned=True):
        rows, columns = (np.flatnonzero(weights.max(axis=axis) > LIT * weights.max()) for axis in (1, 0))
        self._lit = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        self._weights = weights[self._lit].astype(np.float32)
        self._aligned = aligned
        self._start = np.array([rows[0] - weights.shape[0] // 2, columns[0] - weights.shape[1] // 2])
        self._origin, shape = canvas_of(positions, weights.shape[0])
        self._sum = np.zeros(shape, np.complex64)
        self._weight, self._squared_weight, self._power = np.zeros((3, *shape), np.float32)

    def add(self, patches, positions):
        """Add complex patches `(patch, y, x)`, centred at positions `(patch, 2)`."""
        corner = positions - self._origin + self._start
        whole = np.floor(corner).astype(int)
        fraction = (corner - whole).astype(np.float32)
        weighted = shift(patches[(slice(None), *self._lit)] * self._weights, fraction)
        weights = shift(np.broadcast_to(self._weights, weighted.shape[:1] + self._weights.shape), fraction)
        powers = np.abs(weighted) ** 2 / np.maximum(weights, 1e-12)
        for (row, column), patch, weight, power in zip(whole, weighted, weights, powers):
            window = np.s_[row : row + patch.shape[0], column : column + patch.shape[1]]
            agreement = np.vdot(patch, self._sum[window]) if self._aligned else 0
            if agreement:
                patch *= agreement / abs(agreement)
            self._sum[window] += patch
            self._weight[window] += weight
            self._squared_weight[window] += weight**2
            self._power[window] += power

    def result(self):
        """Return the `Stitched` object, its common phase ramp removed."""
        mean = self.mean()
        image, ramp = remove_ramp(mean, self._weight)
        origin = tuple(int(v) for v in self._origin)
        return Stitched(image.astype(np.complex64), self._weight, origin, ramp, self._uncertainty(mean))

    def mean(self):
        """Return the weighted mean of the patches: complex array `(y, x)`, zero where none reaches."""
        return np.where(self._seen, self._sum / np.maximum(self._weight, 1e-12), 0)

    def _uncertainty(self, mean):
        r"""Return the standard error of the weighted mean, $\sqrt{V / (n - 1)}$ with $n = (\sum w)^2 / \sum w^2$."""
        weight = np.maximum(self._weight, 1e-12)
        variance = np.maximum(self._power / weight - np.abs(mean) ** 2, 0)
        patches = weight**2 / np.maximum(self._squared_weight, 1e-24)
        several = self._seen & (patches > 1.01)
        return np.where(several, np.sqrt(variance / np.where(several, patches - 1, 1)), np.inf).astype(np.float32)

    @property
    def _seen(self):
        return self._weight > LIT * self._weight.max()


def canvas_of(positions, size):
    """Return the canvas that holds patches of a size at positions: its origin `(y, x)`, pixels, and its shape.

    Raises:
        MemoryError: if it would not fit in memory.
    """
    low = np.floor(positions.min(axis=0)).astype(int) - size // 2
    high = np.ceil(positions.max(axis=0)).astype(int) + size // 2 + 1
    height, width = high - low
    check_memory(
        OF_PIXEL * float(height) * float(width), f"An object of {height} x {width} pixels",
        "Leave out positions that lie apart, or check their unit.",
    )  # fmt: skip
    return low, (height, width)


def shift(images, fraction):
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


def outward(positions):
    """Return the order of positions from the middle of the scan outward: each patch meets the ones before it."""
    return np.argsort(np.linalg.norm(positions - np.median(positions, axis=0), axis=1), kind="stable")
