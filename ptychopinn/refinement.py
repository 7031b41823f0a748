"""Refine a stitched object: passes of data consistency over the whole scan.

A network knows what objects look like; a pass knows all patterns at once, and what they say exactly. Counts tell when
to stop: photons that are held out from the passes are predicted worse as soon as these fit noise.
"""

import dataclasses
import math

import keras
import numpy as np
from keras import ops

from ptychopinn.diffraction import Diffraction
from ptychopinn.forward import consistency_step
from ptychopinn.losses import poisson_deviance
from ptychopinn.optics import cut
from ptychopinn.pipeline import thin
from ptychopinn.stitching import Stitched, Stitcher, add_ramp, canvas_of, remove_ramp

PASSES = 8
"""Passes over counts, at most, unless it is said."""

FIRST_STEP = 0.25
"""How far the first pass goes, in steps that a pattern would take alone; every further pass goes twice as far. Several
steps are one for each of as many subsets of the scan in turn. Where photons are few, part of a step is best."""

SUBSETS, FEWEST = 16, 8
"""Most subsets of a scan that a pass goes through, and fewest patterns of one."""

HOLDOUT = 0.1
"""Part of the photons that only judge."""


@dataclasses.dataclass(frozen=True)
class Refinement:
    """What `refine` returns.

    Args:
        stitched: Stitched: the object refined. Its uncertainty is still by how much the network's patches disagree.
        deviances: list of floats: Poisson deviance of what judges, per mean photon, before the first pass and after
            each pass that was kept.
    """

    stitched: Stitched
    deviances: list


@keras.saving.register_keras_serializable(package="ptychopinn")
class Consistency(keras.Model):
    """Take the step of data consistency for single patterns, and judge the patches that it starts from.

    Args:
        diffraction: Diffraction, which owns the probe.

    Call arguments:
        inputs: four float32 tensors `(batch, 1, y, x)`: real and imaginary part of the patches; amplitudes to step
            towards; amplitudes to judge by.

    Returns:
        float32 tensors `(batch, y, x, 2)`, the step's real and imaginary part, and `(batch,)`, the Poisson deviance.
    """

    def __init__(self, diffraction, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.diffraction = diffraction
        self.built = True

    def build(self, input_shape=None):
        self.built = True

    def call(self, inputs):
        real, imag, seen, judging = inputs
        step = consistency_step((real, imag), seen, self.diffraction.probe())
        predicted = self.diffraction((real, imag))
        return ops.stack(step, axis=-1)[:, 0], poisson_deviance(predicted, judging, self.diffraction.photons())

    def get_config(self):
        return {"diffraction": keras.saving.serialize_keras_object(self.diffraction)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["diffraction"]))


def refine(stitched, scan, probe, passes=PASSES, batch_size=64, seed=0, progress=lambda done: None):
    """Refine a stitched object by passes of data consistency over the whole scan.

    A tenth of the photons of counts is held out, and the object is kept that predicts them best: the passes end when
    one has made it worse. Amplitudes have no photons to hold out: all passes are made.

    Args:
        stitched: Stitched, of this scan.
        scan: Scan.
        probe: complex array `(mode, y, x)`, in square root of photons.
        passes: int. Passes at most. Defaults to 8.
        batch_size: int. Patterns at a time; the result does not depend on it. Defaults to 64.
        seed: int. Of the subsets, and of the photons that are held out.
        progress: called with the number of patterns done, `passes + 1` times all at the end.

    Returns:
        Refinement.

    Raises:
        ValueError: if the object is not on the canvas of this scan.

    References:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012, for the step;
        Neufeld et al., JMLR 25, 57 (2024), for the independence of photons held out.
    """
    check_canvas(stitched, scan)
    sweep = Sweep(scan, probe, stitched.origin, batch_size, seed)
    order = np.random.default_rng(seed).permutation(len(scan))
    image, deviances = add_ramp(stitched.object, stitched.ramp), []
    for number in range(passes + 1):
        before, deviance, far = image, 0.0, FIRST_STEP * 2**number
        count = int(min(max(far, 1), SUBSETS, math.ceil(len(scan) / FEWEST)))
        for subset in np.array_split(order, count):
            step, missed = sweep(image, subset)
            image = image + min(far, 1.0) * step
            deviance += missed / len(scan)
        progress((number + 1) * len(scan))
        if sweep.holds_out and deviances and deviance > deviances[-1]:
            break
        kept = before
        deviances.append(deviance)
    image, ramp = remove_ramp(np.where(stitched.object == 0, 0, kept), stitched.weight)
    return Refinement(dataclasses.replace(stitched, object=image.astype(np.complex64), ramp=ramp), deviances)


def check_canvas(stitched, scan):
    """Raise ValueError unless an object lies as a stitcher of the scan's positions lays it."""
    origin, shape = canvas_of(scan.positions, scan.size)
    if stitched.object.shape != shape or tuple(stitched.origin) != tuple(origin):
        raise ValueError(
            f"An object to refine must be stitched from the patterns of {scan.name}: {shape[0]} x {shape[1]} pixels "
            f"from {origin}. Received: object.shape={stitched.object.shape}, origin={stitched.origin}. "
            "Reconstruct this scan first."
        )


class Sweep:
    """Take steps of data consistency from an object, for some patterns of a scan.

    Args:
        scan: Scan.
        probe: complex array `(mode, y, x)`, in square root of photons.
        origin: `(y, x)` position of the object's first pixel.
        batch_size: int. Patterns at a time.
        seed: int. Of the photons that are held out: the same in every sweep.
    """

    def __init__(self, scan, probe, origin, batch_size, seed):
        diffraction = Diffraction(scan.size, modes=len(probe), name="diffraction")
        diffraction.set_probes([probe], [scan.mean_photons])
        light = np.sum(np.abs(probe) ** 2, axis=0)
        self.scan, self.origin, self.batch_size, self.seed = scan, origin, batch_size, seed
        self.consistency, self.weights = Consistency(diffraction), light / light.max()
        self.holds_out = scan.measurement == "counts"

    def __call__(self, image, patterns):
        """Return the patterns' mean step from an object, `(y, x)` like it, and the sum of their deviances."""
        positions = self.scan.positions
        stitcher, total = Stitcher(positions, self.weights, aligned=False), 0.0
        for start in range(0, len(patterns), self.batch_size):
            some = patterns[start : start + self.batch_size]
            batch = np.resize(some, self.batch_size)
            patches = cut(image, positions[batch] - self.origin, self.scan.size)[:, None]
            parts = patches.real.astype(np.float32), patches.imag.astype(np.float32)
            steps, deviance = self.consistency.predict_on_batch((*parts, *self.amplitudes(batch)))
            steps = steps[: len(some)]
            stitcher.add(steps[..., 0] + 1j * steps[..., 1], positions[some])
            total += float(np.sum(deviance[: len(some)]))
        return stitcher.mean(), total

    def amplitudes(self, batch):
        """Read the patterns of a batch: what is seen and what judges, float32 arrays `(pattern, 1, y, x)`."""
        amplitudes = self.scan.amplitudes(batch[:, None])
        if not self.holds_out:
            return amplitudes, amplitudes
        parts = [thin(one, HOLDOUT, (self.seed, int(index))) for one, index in zip(amplitudes, batch)]
        return tuple(map(np.stack, zip(*parts)))
