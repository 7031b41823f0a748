"""Dead leaves: shapes of all sizes that hide each other, with the statistics of natural images."""

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

SMALLEST = 3.0
"""Least radius of a leaf, in pixels."""

LAYERS = 8
"""Times that the leaves' areas cover the image: of it, exp(-8) stays bare."""


def dead_leaves(side: int, seed: int = 0) -> np.ndarray:
    """Drop discs and regular polygons of random grey on each other, their radii by the power law $r^{-3}$.

    That law makes the image scale-invariant: an enlarged piece of it looks like the whole.

    Args:
        side: int. Pixels.
        seed: int.

    Returns:
        float array `(y, x)`, 0.05 to 1.

    Reference:
        Lee, Mumford and Huang, Int. J. Comput. Vis. 41, 35 (2001), doi:10.1023/A:1011109015675
    """
    random = np.random.default_rng(seed)
    largest = max(side / 4, 2 * SMALLEST)
    ratio = (SMALLEST / largest) ** 2
    mean_area = 2 * np.pi * SMALLEST**2 * np.log(largest / SMALLEST) / (1 - ratio)
    count = int(LAYERS * (side + largest) ** 2 / mean_area) + 1
    radii = SMALLEST / np.sqrt(1 - random.uniform(size=count) * (1 - ratio))  # the power law's inverse distribution
    centres = random.uniform(-largest / 2, side + largest / 2, (count, 2))
    corners = random.choice([3, 4, 5, 6, 64], count, p=[0.1, 0.2, 0.1, 0.1, 0.5])  # 64 corners are a disc
    turns, greys = random.uniform(0, 2 * np.pi, count), random.uniform(0.05, 1, count)
    image = np.full((side, side), 0.5)
    for leaf in zip(centres, radii, corners, turns, greys):
        drop(image, *leaf)
    return gaussian_filter(image, 0.7)  # edges as wide as a pixel


def drop(image: np.ndarray, centre: Any, radius: float, corners: int, turn: float, grey: float) -> None:
    """Paint one regular polygon over an image `(y, x)`: pixels closer to the centre than its sides are."""
    low = np.maximum(np.floor(centre - radius).astype(int), 0)
    high = np.minimum(np.ceil(centre + radius).astype(int) + 1, image.shape)
    if np.any(low >= high):
        return
    y, x = np.ogrid[low[0] : high[0], low[1] : high[1]]
    y, x = y - centre[0], x - centre[1]
    sector = 2 * np.pi / corners
    to_side = np.hypot(y, x) * np.cos((np.arctan2(y, x) - turn) % sector - sector / 2)
    image[low[0] : high[0], low[1] : high[1]][to_side <= radius * np.cos(sector / 2)] = grey
