"""The common phase ramp of an object, which the detector's centre takes up.

Patterns know it, because a detector's centre is never exact; the eye does not want it, because it wraps. An object
keeps its ramp, and a straight one is made to be shown.
"""

from collections.abc import Sequence

import numpy as np

NO_PHASE = float(np.pi / np.sqrt(3))
"""Standard deviation, in radians, of a phase that nothing is known of."""

FAINT = 0.05
"""The ramp is measured where the weight exceeds this part of its largest."""


def ramp_of(image: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Measure the mean phase ramp of an object: by how much, on average, each pixel is turned against the one before.

    Args:
        image: complex array `(y, x)`.
        weight: float array `(y, x)`: how well each pixel is known.

    Returns:
        `(y, x)`, radians per pixel.
    """
    seen = image * _seen(weight)
    along_y = np.sum(np.conj(seen[:-1]) * seen[1:], dtype=np.complex128)
    along_x = np.sum(np.conj(seen[:, :-1]) * seen[:, 1:], dtype=np.complex128)
    return float(np.angle(along_y)), float(np.angle(along_x))


def straightened(image: np.ndarray, weight: np.ndarray, ramp: tuple[float, float]) -> np.ndarray:
    """Take a phase ramp `(y, x)`, radians per pixel, and the mean phase out of an object: complex64 array `(y, x)`."""
    straight = add_ramp(image, -np.asarray(ramp))
    mean = np.sum(straight * _seen(weight))
    return (straight * np.exp(-1j * np.angle(mean))).astype(np.complex64)


def add_ramp(image: np.ndarray, ramp: Sequence[float] | np.ndarray) -> np.ndarray:
    """Multiply an object `(y, x)` by a phase ramp `(y, x)`, radians per pixel, that is zero at its first pixel."""
    along_y, along_x = (slope * np.arange(side) for slope, side in zip(ramp, image.shape))
    return image * np.exp(1j * (along_y[:, None] + along_x))


def _seen(weight: np.ndarray) -> np.ndarray:
    return weight * (weight > FAINT * weight.max())
