"""Estimate: what is believed of an experiment, and what the engine improves."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What is believed of an experiment.

    Args:
        object: complex array `(y, x)`: transmission, with its ramp.
        probe: complex array `(mode, y, x)`, in square root of photons.
        positions: float array `(pattern, 2)`: `(y, x)` of the patches' centres, in pixels from the object's first.
        flux: float array `(pattern,)`: brightness of the light, about 1.
    """

    object: np.ndarray
    probe: np.ndarray
    positions: np.ndarray
    flux: np.ndarray
