"""The Poisson deviance: one definition for training, refining and judging, on tensors and NumPy arrays alike."""

from collections.abc import Callable
from typing import Any

import numpy as np

PHOTON_FLOOR = 1e-3
"""Photons added to every expected and measured pixel: keeps the logarithm and its gradient finite in the dark."""


def poisson_deviance(expected: Any, counts: Any, log: Callable[[Any], Any] = np.log) -> Any:
    r"""Return the Poisson deviance of each pixel, $2 (I - n + n \ln(n / I))$.

    It is zero at a perfect fit, and about 1 on average where nothing but noise is left and counts are many. Half of it
    is the negative logarithm of the likelihood, less that of a perfect fit.

    Args:
        expected: array or tensor `(..., y, x)`: photons, $I$.
        counts: array or tensor of the same shape: photons, $n$.
        log: the logarithm of such arrays: `keras.ops.log` for tensors. Defaults to NumPy's.

    Returns:
        array or tensor of the same shape.
    """
    rate, seen = expected + PHOTON_FLOOR, counts + PHOTON_FLOOR
    return 2 * (rate - seen + seen * log(seen / rate))
