"""Probes of closed form: complex arrays `(mode, y, x)`, of arbitrary brightness (a `Scan` normalises them)."""

import numpy as np


def disc(size: int, diameter: float = 0.34, edge: float = 1.0) -> np.ndarray:
    """Make a real disc with a soft edge: the ideal probe.

    Args:
        size: int. Side, in pixels.
        diameter: float. Of the side. Defaults to 0.34.
        edge: float. Width of the edge, in pixels. Defaults to 1.

    Returns:
        complex64 array `(1, y, x)`.
    """
    inside = diameter * size / 2 - _radius(size)
    return (0.5 * (1 + np.tanh(inside / edge)))[None].astype(np.complex64)


def gaussian(size: int, width: float = 0.15, curvature: float = 0.0) -> np.ndarray:
    """Make a probe with a Gaussian edge, and a curved wavefront on demand.

    Args:
        size: int. Side, in pixels.
        width: float. Standard deviation of the modulus, of the side. Defaults to 0.15.
        curvature: float. Phase at one standard deviation from the middle, in radians. Defaults to 0.

    Returns:
        complex64 array `(1, y, x)`.
    """
    squared = (_radius(size) / (width * size)) ** 2
    return np.exp(-squared / 2 + 1j * curvature * squared)[None].astype(np.complex64)


def _radius(size: int) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size // 2
    return np.hypot(y, x)
