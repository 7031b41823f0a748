"""Where the zero frequency of the stored patterns is: at the corner or the centre, and to a pixel."""

import numpy as np
from scipy.ndimage import median_filter

FAR = 16
"""The light is far from the middle if it is more than this part of a side, and more than `NEAR` pixels."""

NEAR = 3.0

SAID = 1.0
"""Pixels from the middle that are worth a word."""

BRIGHT = 0.1
"""Part of the largest mean that belongs to the beam."""


def is_at_corner(mean: np.ndarray) -> bool:
    """Tell whether the zero frequency is at pixel (0, 0): the central quarter holds less than its share of the light.

    Args:
        mean: float array `(y, x)`: mean pattern, 0 on bad pixels.
    """
    height, width = mean.shape
    centre = mean[height // 4 : height - height // 4, width // 4 : width - width // 4]
    return bool(centre.sum() < 0.25 * mean.sum())


def measured_centre(mean: np.ndarray, bad: np.ndarray) -> tuple[float, float]:
    """Return where the beam is, a pixel `(y, x)`: the centre of mass of what is bright, hot pixels left out.

    Args:
        mean: float array `(y, x)`: mean pattern, its zero frequency not at the corner.
        bad: bool array `(y, x)`: pixels that have no say; those around stand for them.
    """
    if not mean.any():
        return float(mean.shape[0] // 2), float(mean.shape[1] // 2)
    smooth = median_filter(np.where(bad, around(mean, bad), mean), 3, mode="nearest")
    smooth = smooth - np.percentile(smooth, 5)
    beam = np.where(smooth > BRIGHT * smooth.max(), smooth, 0)
    total = beam.sum()
    if total <= 0:
        return float(mean.shape[0] // 2), float(mean.shape[1] // 2)
    y, x = np.indices(mean.shape)
    return float((y * beam).sum() / total), float((x * beam).sum() / total)


def is_far(offset: tuple[float, float], shape: tuple[int, ...]) -> bool:
    """Tell whether the beam is so far from the middle, pixels `(y, x)`, that patterns are better moved."""
    return any(abs(one) > max(NEAR, side / FAR) for one, side in zip(offset, shape))


def fills_window(mean: np.ndarray) -> bool:
    """Tell whether the light reaches the edges, as in near fields: then it says nothing of the centre."""
    edge = np.concatenate([mean[0], mean[-1], mean[:, 0], mean[:, -1]])
    dark = np.percentile(mean, 5)
    return bool(np.median(edge) - dark > 0.3 * (np.percentile(mean, 90) - dark))


def around(mean: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Return the mean of the good pixels in the same ring about the middle: float array `(y, x)`."""
    middle = [side // 2 for side in mean.shape]
    y, x = np.indices(mean.shape)
    ring = np.hypot(y - middle[0], x - middle[1]).astype(int)
    good = ~bad
    total = np.bincount(ring[good], mean[good], minlength=ring.max() + 1)
    count = np.bincount(ring[good], minlength=ring.max() + 1)
    return (total / np.maximum(count, 1))[ring]
