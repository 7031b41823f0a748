"""Data consistency of a whole scan: how its patterns would change an object and a probe."""

import math

import keras
import numpy as np
from keras import ops

from ptychopinn.data.batches import thin
from ptychopinn.physics.diffraction import Diffraction
from ptychopinn.physics.forward import exit_wave_change, illuminate, object_step
from ptychopinn.physics.losses import poisson_deviance
from ptychopinn.physics.numpy_physics import cut
from ptychopinn.physics.waves import conjugate, far_field, intensity, multiply
from ptychopinn.reconstruction.stitching import Stitcher

HOLDOUT = 0.1
"""Part of the photons that only judge."""

PROBE_FLOOR = 0.05
"""Added to the objects that a pixel of the probe has lit, of the brightest, before it is divided by them."""


@keras.saving.register_keras_serializable(package="ptychopinn")
class Consistency(keras.Model):
    """Take the step of data consistency for single patterns, and judge the patches that it starts from.

    Args:
        diffraction: Diffraction, which owns the probe.

    Call arguments:
        inputs: four float32 tensors `(batch, 1, y, x)`: real and imaginary part of the patches; amplitudes to step
            towards; amplitudes to judge by.

    Returns:
        three float32 tensors: the patches' step, `(batch, y, x, 2)`, and the pull at the probe, the exit waves' change
        times the conjugate patch, `(batch, mode, y, x, 2)`, real and imaginary part last; the Poisson deviance,
        `(batch,)`.
    """

    def __init__(self, diffraction, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.diffraction = diffraction
        self.built = True

    def build(self, input_shape=None):
        self.built = True

    def call(self, inputs):
        real, imag, seen, judging = inputs
        probe = self.diffraction.probe()
        waves = far_field(illuminate((real, imag), probe))
        change = exit_wave_change(waves, seen)
        pull = multiply(change, conjugate((real[..., None, :, :], imag[..., None, :, :])))
        step, pull = (ops.stack(parts, axis=-1)[:, 0] for parts in (object_step(change, probe), pull))
        predicted = ops.sum(intensity(waves), axis=-3)
        return step, pull, poisson_deviance(predicted, judging, self.diffraction.photons())

    def get_config(self):
        return {"diffraction": keras.saving.serialize_keras_object(self.diffraction)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["diffraction"]))


class Sweep:
    """Take steps of data consistency from an object and a probe, for some patterns of a scan.

    Args:
        scan: Scan.
        probe: complex array `(mode, y, x)`, in square root of photons: how much a pattern says of a pixel.
        origin: `(y, x)` position of the object's first pixel.
        batch_size: int. Patterns at a time.
        seed: int. Of the photons that are held out: the same in every sweep.
        most: int. Most patterns of a sweep but for the whole scan; batches are filled with them.
    """

    def __init__(self, scan, probe, origin, batch_size, seed, most):
        light = np.sum(np.abs(probe) ** 2, axis=0)
        self.scan, self.origin, self.seed = scan, origin, seed
        self.batch_size = math.ceil(most / math.ceil(most / batch_size))
        self.consistency = Consistency(Diffraction(scan.size, modes=len(probe), name="diffraction"))
        self.weights, self.holds_out = light / light.max(), scan.measurement == "counts"

    def __call__(self, image, probe, patterns):
        """Return the patterns' mean step of an object `(y, x)` and of the probe, and the sum of their deviances."""
        positions, total = self.scan.positions, 0.0
        stitcher = Stitcher(positions, self.weights, aligned=False)
        pulls, lit = np.zeros(probe.shape, complex), 0.0
        self.consistency.diffraction.set_probes([probe], [self.scan.mean_photons])
        for start in range(0, len(patterns), self.batch_size):
            some = patterns[start : start + self.batch_size]
            batch, new = np.resize(some, self.batch_size), slice(len(some))
            patches = cut(image, positions[batch] - self.origin, self.scan.size)[:, None]
            parts = patches.real.astype(np.float32), patches.imag.astype(np.float32)
            found = self.consistency.predict_on_batch((*parts, *self.amplitudes(batch)))
            steps, pull, deviance = (part[new] for part in found)
            stitcher.add(steps[..., 0] + 1j * steps[..., 1], positions[some])
            pulls += (pull[..., 0] + 1j * pull[..., 1]).sum(axis=0)
            lit = lit + np.sum(np.abs(patches[new, 0]) ** 2, axis=0)
            total += float(np.sum(deviance))
        return stitcher.mean(), pulls / np.maximum(lit + PROBE_FLOOR * lit.max(), 1e-12), total

    def amplitudes(self, batch):
        """Read the patterns of a batch: what is seen and what judges, float32 arrays `(pattern, 1, y, x)`."""
        amplitudes = self.scan.amplitudes(batch[:, None])
        if not self.holds_out:
            return amplitudes, amplitudes
        parts = [thin(one, HOLDOUT, (self.seed, int(index))) for one, index in zip(amplitudes, batch)]
        return tuple(map(np.stack, zip(*parts)))
