"""The slow part of the brightness of the light, in the order of the patterns."""

import numpy as np

DEGREE = 3
"""Of the polynomial that its logarithm is."""


def slow_part(flux: np.ndarray) -> np.ndarray:
    """Fit a smooth course to a flux `(pattern,)`, positive, 1 on average, and return it."""
    time = np.linspace(-1, 1, len(flux))
    degree = min(DEGREE, len(flux) - 1)
    course = np.exp(np.polynomial.Polynomial.fit(time, np.log(np.maximum(flux, 1e-3)), degree)(time))
    return course / course.mean()
