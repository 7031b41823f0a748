"""Experiment: all that makes patterns, in NumPy: the simulator draws counts of it, and the judges compare with it."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from ptychopinn.physics.detector import Detector
from ptychopinn.physics.numpy_physics import detected_intensity, exit_waves
from ptychopinn.physics.optics import FAR, Optics


@dataclasses.dataclass(frozen=True)
class Experiment:
    r"""What makes patterns: $I_j = D(f_j \sum_m |F \psi_{mj}|^2 + b)$.

    Args:
        object: complex array `(y, x)`, or `(slice, y, x)`: transmission.
        probe: complex array `(mode, y, x)`.
        origin: `(y, x)` position of the object's pixel (0, 0), pixels. Defaults to `(0, 0)`.
        optics: Optics. Defaults to the far field of one slice.
        flux: float array `(pattern,)`: brightness of the light. Defaults to 1.
        variation, weights: complex arrays `(dimension, mode, y, x)` and `(pattern, dimension)`: how the probe varies.
        background: float, or float array `(y, x)`: photons besides. Defaults to 0.
    """

    object: np.ndarray
    probe: np.ndarray
    origin: np.ndarray | tuple[float, float] = (0.0, 0.0)
    optics: Optics = FAR
    flux: np.ndarray | None = None
    variation: np.ndarray | None = None
    weights: np.ndarray | None = None
    background: float | np.ndarray = 0.0

    def exit_waves(self, positions: np.ndarray, part: slice | np.ndarray) -> Iterator[np.ndarray]:
        """Yield the exit waves of some patterns, `(pattern, y, x)`, a mode at a time; `positions` are all of them."""
        probe = self.probe
        if self.variation is not None and self.weights is not None:
            probe = probe + np.tensordot(self.weights[part], self.variation, axes=1)
        return exit_waves(self.object, probe, positions[part] - np.asarray(self.origin), self.optics.spacing)

    def light(self, positions: np.ndarray, part: slice | np.ndarray) -> np.ndarray:
        """Return the light of some patterns before the detector blurs it: float64 array `(pattern, y, x)`, photons."""
        light = detected_intensity(self.exit_waves(positions, part), self.optics.distance)
        return light if self.flux is None else light * self.flux[part][:, None, None]

    def detector(self, scale: float = 1.0) -> Detector:
        """Return what the detector makes of the light, times a factor."""
        return Detector(scale, self.background, self.optics.spread(self.probe.shape[-1]))
