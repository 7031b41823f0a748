"""Where the beam goes: float arrays `(pattern, 2)`, `(y, x)` pixels of patches' centres, all inside the object."""

import numpy as np

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


def raster(shape: tuple[int, ...], size: int, step: float, margin: float = 0.0) -> np.ndarray:
    """Return positions on a square grid, line by line.

    Args:
        shape: `(height, width)` of the object, in pixels.
        size: int. Side of a patch, in pixels.
        step: float. Distance between neighbours, in pixels.
        margin: float. Pixels of the object's edge that no patch touches. Defaults to 0.

    Raises:
        ValueError: if no patch fits.
    """
    margin = size / 2 + margin
    check_room(shape, size, margin)
    lines = (np.arange(margin, side - margin + 1e-9, step) for side in shape)
    return np.stack([axis.ravel() for axis in np.meshgrid(*lines, indexing="ij")], axis=1)


def jittered_raster(
    shape: tuple[int, ...], size: int, step: float, jitter: float = 0.25, seed: int = 0, margin: float = 0.0
) -> np.ndarray:
    """Return raster positions with a random sub-pixel jitter, which breaks the grid's own symmetry.

    Args:
        shape, size, step, margin: as of `raster`.
        jitter: float. Largest displacement along y and x, in steps. Defaults to 0.25.
        seed: int.

    Raises:
        ValueError: if no patch fits.
    """
    positions = raster(shape, size, step, margin + jitter * step)
    return positions + np.random.default_rng(seed).uniform(-jitter * step, jitter * step, positions.shape)


def fermat_spiral(shape: tuple[int, ...], size: int, step: float, margin: float = 0.0) -> np.ndarray:
    r"""Return positions on a Fermat spiral around the middle: even density, no grid.

    Point $n$ lies at the radius $s \sqrt{(n + 1/2) / \pi}$ and the angle $n$ times the golden angle, so that there
    is one point to an area of $s^2$.

    Args:
        shape, size, margin: as of `raster`.
        step: float. $s$, in pixels.

    Raises:
        ValueError: if no patch fits.

    Reference:
        Huang et al., Opt. Express 22, 12634 (2014), doi:10.1364/OE.22.012634
    """
    margin = size / 2 + margin
    check_room(shape, size, margin)
    half = np.array(shape) / 2 - margin
    n = np.arange(np.ceil(np.pi * np.sum(half**2) / step**2) + 1)
    spiral = step * np.sqrt((n + 0.5) / np.pi) * np.stack([np.sin(n * GOLDEN_ANGLE), np.cos(n * GOLDEN_ANGLE)])
    return spiral.T[np.all(np.abs(spiral.T) <= half, axis=1)] + np.array(shape) / 2


def displaced(positions: np.ndarray, error: float, seed: int = 0) -> np.ndarray:
    """Return where the beam really was: each coordinate off by a uniform random error of a given rms, in pixels."""
    largest = largest_error(error)
    return positions + np.random.default_rng(seed).uniform(-largest, largest, positions.shape)


def largest_error(error: float) -> float:
    """Return the bound of a uniform error of a given rms: a margin of it keeps every patch inside the object."""
    return np.sqrt(3) * error


def split(positions: np.ndarray, size: int, fraction: float) -> tuple[np.ndarray, np.ndarray]:
    """Split positions along y so that no row of the object is in a patch of both parts; those between are dropped.

    Args:
        positions: float array `(way, pattern, 2)`: one or more ways to place each pattern, all of which count.
        size: int. Side of a patch, in pixels.
        fraction: float. Where to split, of the rows that are scanned.

    Returns:
        `(first, second)`: int arrays of the patterns before and behind the split.

    Raises:
        ValueError: if no pattern is left in a part.
    """
    top = np.floor(positions[..., 0].min(axis=0) - size // 2)
    bottom = np.ceil(positions[..., 0].max(axis=0) - size // 2) + size
    border = np.round(top.min() + fraction * (bottom.max() - top.min()))
    first, second = np.flatnonzero(bottom <= border), np.flatnonzero(top >= border)
    if not (len(first) and len(second)):
        raise ValueError(
            f"Train and test parts must each hold a pattern of {size} rows. Received: {len(first)} and {len(second)} "
            f"patterns from {bottom.max() - top.min():.0f} rows split at {fraction:g}. "
            "Make the object larger, or split nearer the middle."
        )
    return first, second


def check_room(shape: tuple[int, ...], size: int, margin: float) -> None:
    """Raise ValueError unless a patch fits, its centre `margin` pixels from the object's edges."""
    if min(shape) < 2 * margin:
        raise ValueError(
            f"The object must be larger than a pattern of {size} pixels and what it moves: {2 * margin:.4g} pixels. "
            f"Received: an object of {shape[0]} x {shape[1]} pixels. Make it larger, or patterns and errors smaller."
        )


def check_inside(positions: np.ndarray, shape: tuple[int, ...], size: int) -> None:
    """Raise ValueError unless all patches are inside the object."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    if np.any(low < size / 2) or np.any(high > np.array(shape) - size / 2):
        raise ValueError(
            f"Positions must leave patches of {size} pixels inside the object: {size / 2:g} to "
            f"{shape[0] - size / 2:g} pixels in y, {shape[1] - size / 2:g} in x. Received: y {low[0]:.4g} to "
            f"{high[0]:.4g}, x {low[1]:.4g} to {high[1]:.4g}. Shift the positions, or make the object larger."
        )
