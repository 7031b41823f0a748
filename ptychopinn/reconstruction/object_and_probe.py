"""The step that improves object and probe by data consistency of each pattern: that of ePIE, for many at once."""

import dataclasses
from typing import Any

import keras
import numpy as np
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.physics.consistency import exit_wave_change, object_step
from ptychopinn.physics.detector import IDEAL
from ptychopinn.physics.deviance import poisson_deviance
from ptychopinn.physics.exit_waves import exit_wave, exit_wave_probe_adjoint
from ptychopinn.physics.propagation import far_field
from ptychopinn.physics.waves import light_of
from ptychopinn.reconstruction.estimate import Estimate
from ptychopinn.reconstruction.photons import Photons
from ptychopinn.reconstruction.stitching import PatchMean

PROBE_FLOOR = 0.05
"""Added to the objects that a pixel of the probe has lit, of the brightest, before it is divided by them."""


@keras.saving.register_keras_serializable(package="ptychopinn")
class Consistency(keras.Model):
    """Tell what single patterns say of object and probe, and how well these explain them.

    Call arguments:
        inputs: six float32 tensors: real and imaginary part of the patches `(batch, y, x)`, and of the probe
            `(batch or 1, mode, y, x)`; amplitudes to step towards, and amplitudes to judge by, `(batch, y, x)`.

    Returns:
        three float32 tensors: the step of the patches, `(batch, y, x, 2)`, and the pull at the probe, `(batch, mode, y,
        x, 2)`, real and imaginary part last; the Poisson deviance of each pattern, `(batch,)`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def call(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
        real, imag, probe_real, probe_imag, seen, judging = inputs
        slices, probe = (real[:, None], imag[:, None]), (probe_real, probe_imag)
        waves = far_field(exit_wave(slices, probe))
        change = exit_wave_change(waves, seen, IDEAL)
        step = ops.stack(object_step(change, slices, probe), axis=-1)[:, 0]
        pull = ops.stack(exit_wave_probe_adjoint(change, slices), axis=-1)
        counts = ops.square(ops.maximum(judging, 0.0))
        deviance = ops.where(judging < 0, 0.0, poisson_deviance(IDEAL.expected(light_of(waves)), counts, ops.log))
        return step, pull, ops.sum(deviance, axis=(-2, -1))


class ObjectAndProbe:
    """Move the object, and the probe, by what some patterns say on average.

    Args:
        photons: Photons.
        probe: complex array `(mode, y, x)`: its light is how much a pattern says of a pixel.
        moves_probe: bool. Whether the probe moves too.
    """

    def __init__(self, photons: Photons, probe: np.ndarray, moves_probe: bool = True) -> None:
        light = np.sum(np.abs(probe) ** 2, axis=0)
        self.photons, self.weights, self.moves_probe = photons, light / light.max(), moves_probe
        self.consistency = Consistency()

    def __call__(self, estimate: Estimate, patterns: np.ndarray, length: float) -> tuple[Estimate, float]:
        """Return the better `Estimate`, and the deviance of the patterns before it, in photons.

        Args:
            estimate: Estimate.
            patterns: int array `(pattern,)`.
            length: float. Part of the step that each pattern would take alone.
        """
        steps, missed = PatchMean(estimate.object.shape, (0, 0), self.weights), 0.0
        pulls = np.zeros(estimate.probe.shape, complex)
        lit: Any = 0.0
        probe = _parts(estimate.probe[None])
        for batch in self.photons.batches(patterns):
            patches = estimate.patches(batch.patterns)
            found = self.consistency.predict_on_batch((*_parts(patches), *probe, batch.seen, batch.judging))
            step, pull, deviance = (part[: batch.new] for part in found)
            steps.add(step[..., 0] + 1j * step[..., 1], estimate.positions[batch.patterns[: batch.new]])
            pulls += (pull[..., 0] + 1j * pull[..., 1]).sum(axis=0)
            lit = lit + np.sum(np.abs(patches[: batch.new]) ** 2, axis=0)
            missed += float(np.sum(deviance))
        better = dataclasses.replace(estimate, object=estimate.object + length * steps.mean())
        if self.moves_probe:
            pulled = pulls / np.maximum(lit + PROBE_FLOOR * lit.max(), 1e-12)
            better = dataclasses.replace(better, probe=estimate.probe + length * pulled)
        return better, missed


def _parts(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the real and the imaginary part of a complex array, float32."""
    return wave.real.astype(np.float32), wave.imag.astype(np.float32)
