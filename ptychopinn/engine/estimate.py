"""Estimate: what is believed of an experiment, and what the engine improves."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What is believed of an experiment.

    Args:
        object: complex array `(y, x)`, or `(slice, y, x)`: transmission, with its ramp.
        probe: complex array `(mode, y, x)`, in square root of photons: the mean one where it varies.
        positions: float array `(pattern, 2)`: `(y, x)` of the patches' centres, in pixels from the object's first.
        flux: float array `(pattern,)`: brightness of the light, about 1.
        variation: complex array `(dimension, mode, y, x)`: how the probe varies, see `physics.variation`.
        weights: complex array `(pattern, dimension)`: by how much; 0 on average, 1 in root mean square.
        background: float array `(y, x)`: photons of the detector besides, its middle at the centre.
    """

    object: np.ndarray
    probe: np.ndarray
    positions: np.ndarray
    flux: np.ndarray
    variation: np.ndarray | None = None
    weights: np.ndarray | None = None
    background: np.ndarray | None = None

    def probes(self, dimensions: int) -> np.ndarray:
        """Return the probe and its variations, or room for so many: complex array `((1 + dimension) * mode, y, x)`."""
        if self.variation is not None and dimensions:
            return np.concatenate([self.probe, *self.variation])
        return np.concatenate([self.probe, *[np.zeros_like(self.probe)] * dimensions])
