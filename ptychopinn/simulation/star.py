"""The Siemens star: the classic test pattern, ever finer toward its middle."""

import numpy as np

BASE = 0.3
"""Value of the drawing between the spokes; the strongest spokes are 1."""


def siemens_star(side: int, seed: int = 0, spokes: int = 36, rings: int = 4) -> np.ndarray:
    """Draw a star of spokes in rings of graded contrast: full in the innermost, `1 / rings` in the outermost.

    Args:
        side: int. Pixels; the star is 0.92 of it wide.
        seed: int. Turns the star.
        spokes: int. Defaults to 36.
        rings: int. Defaults to 4.

    Returns:
        float array `(y, x)`, `BASE` to 1.
    """
    y, x = np.indices((side, side)) - (side - 1) / 2
    radius, angle = np.hypot(y, x), np.arctan2(y, x)
    turn = np.random.default_rng(seed).uniform(0, 2 * np.pi)
    width = 0.46 * side / rings
    ring = np.minimum(radius // width, rings - 1)
    to_edge_of_ring = width / 2 - np.abs(radius - (ring + 0.5) * width) - 0.02 * width  # rings do not touch
    to_edge_of_spoke = np.sin(spokes * angle + turn) * radius / spokes
    return BASE + (1 - BASE) * (1 - ring / rings) * _soft(to_edge_of_spoke) * _soft(to_edge_of_ring)


def _soft(distance: np.ndarray) -> np.ndarray:
    """Return 0 outside, 1 inside, with an edge about a pixel wide, for signed distances in pixels."""
    return 0.5 * (1 + np.tanh(2 * distance))
