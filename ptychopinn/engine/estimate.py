"""Estimate: what is believed of an experiment, and what steps improve."""

import dataclasses

import numpy as np

from ptychopinn.physics.numpy_physics import cut


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What is believed of an experiment. What else is to be found (flux, background) is one more field.

    Args:
        object: complex array `(y, x)`: transmission, with its ramp.
        probe: complex array `(mode, y, x)`, in square root of photons.
        positions: float array `(pattern, 2)`: `(y, x)` of the patches' centres, in pixels from the object's first.
    """

    object: np.ndarray
    probe: np.ndarray
    positions: np.ndarray

    def patches(self, patterns: np.ndarray) -> np.ndarray:
        """Cut the patches of patterns out of the object: complex array `(pattern, y, x)`."""
        return cut(self.object, self.positions[patterns], self.probe.shape[-1])
