"""Refine a stitched object, and the probe: passes of data consistency over the whole scan.

A network knows what objects look like; a pass knows all patterns at once, and what they say exactly. Counts tell when
to stop: photons that are held out from the passes are predicted worse as soon as these fit noise.
"""

import dataclasses
import math

import keras
import numpy as np
from keras import ops

from ptychopinn.diffraction import Diffraction
from ptychopinn.forward import exit_wave_change, object_step
from ptychopinn.losses import poisson_deviance
from ptychopinn.optics import cut
from ptychopinn.pipeline import thin
from ptychopinn.stitching import Stitched, Stitcher, add_ramp, canvas_of, remove_ramp
from ptychopinn.waves import conjugate, multiply

PASSES = 8
"""Passes over counts, at most, unless it is said."""

FIRST_STEP = 0.25
"""How far the first pass goes, in steps that a pattern would take alone; every further pass goes twice as far. Several
steps are one for each of as many subsets of the scan in turn. Where photons are few, part of a step is best."""

SUBSETS, FEWEST = 16, 8
"""Most subsets of a scan that a pass goes through, and fewest patterns of one."""

PROBE_FLOOR = 0.05
"""Added to the objects that a pixel of the probe has lit, of the brightest, before it is divided by them."""

HOLDOUT = 0.1
"""Part of the photons that only judge."""


@dataclasses.dataclass(frozen=True)
class Refinement:
    """What `refine` returns.

    Args:
        stitched: Stitched: the object refined. Its uncertainty is still by how much the network's patches disagree.
        probe: complex64 array `(mode, y, x)`: the probe, refined if it was asked for.
        deviances: list of floats: Poisson deviance of what judges, per mean photon, before the first pass and after
            each pass that was kept.
    """

    stitched: Stitched
    probe: np.ndarray
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
        change = exit_wave_change((real, imag), seen, probe)
        pull = multiply(change, conjugate((real[..., None, :, :], imag[..., None, :, :])))
        step, pull = (ops.stack(parts, axis=-1)[:, 0] for parts in (object_step(change, probe), pull))
        return step, pull, poisson_deviance(self.diffraction((real, imag)), judging, self.diffraction.photons())

    def get_config(self):
        return {"diffraction": keras.saving.serialize_keras_object(self.diffraction)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["diffraction"]))


def refine(stitched, scan, probe, passes=PASSES, refine_probe=True, batch_size=64, seed=0, progress=lambda done: None):
    """Refine a stitched object, and the probe, by passes of data consistency over the whole scan.

    A tenth of the photons of counts is held out, and what predicts them best is kept: the passes end when one has made
    it worse. Amplitudes have no photons to hold out: all passes are made.

    Args:
        stitched: Stitched, of this scan.
        scan: Scan.
        probe: complex array `(mode, y, x)`, in square root of photons.
        passes: int. Passes at most. Defaults to 8.
        refine_probe: bool. Whether the probe moves too. Defaults to `True`.
        batch_size: int. Patterns at a time; the result does not depend on it. Defaults to 64.
        seed: int. Of the subsets, and of the photons that are held out.
        progress: called with the number of patterns done, `passes + 1` times all at the end.

    Returns:
        Refinement.

    Raises:
        ValueError: if the object is not on the canvas of this scan.

    References:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012, for the steps;
        Neufeld et al., JMLR 25, 57 (2024), for the independence of photons held out.
    """
    check_canvas(stitched, scan)
    sweep = Sweep(scan, probe, stitched.origin, batch_size, seed)
    order = np.random.default_rng(seed).permutation(len(scan))
    image, deviances = add_ramp(stitched.object, stitched.ramp), []
    for number in range(passes + 1):
        before, deviance, far = (image, probe), 0.0, FIRST_STEP * 2**number
        count = int(min(max(far, 1), SUBSETS, math.ceil(len(scan) / FEWEST)))
        for subset in np.array_split(order, count):
            step, probe_step, missed = sweep(image, probe, subset)
            image = image + min(far, 1.0) * step
            probe = probe + min(far, 1.0) * probe_step * refine_probe
            deviance += missed / len(scan)
        progress((number + 1) * len(scan))
        if sweep.holds_out and deviances and deviance > deviances[-1]:
            break
        kept, kept_probe = before
        deviances.append(deviance)
    image, ramp = remove_ramp(np.where(stitched.object == 0, 0, kept), stitched.weight)
    refined = dataclasses.replace(stitched, object=image.astype(np.complex64), ramp=ramp)
    return Refinement(refined, kept_probe.astype(np.complex64), deviances)


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
    """Take steps of data consistency from an object and a probe, for some patterns of a scan.

    Args:
        scan: Scan.
        probe: complex array `(mode, y, x)`, in square root of photons: how much a pattern says of a pixel.
        origin: `(y, x)` position of the object's first pixel.
        batch_size: int. Patterns at a time.
        seed: int. Of the photons that are held out: the same in every sweep.
    """

    def __init__(self, scan, probe, origin, batch_size, seed):
        light = np.sum(np.abs(probe) ** 2, axis=0)
        self.scan, self.origin, self.batch_size, self.seed = scan, origin, batch_size, seed
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
        return stitcher.mean(), pulls / (lit + PROBE_FLOOR * lit.max()), total

    def amplitudes(self, batch):
        """Read the patterns of a batch: what is seen and what judges, float32 arrays `(pattern, 1, y, x)`."""
        amplitudes = self.scan.amplitudes(batch[:, None])
        if not self.holds_out:
            return amplitudes, amplitudes
        parts = [thin(one, HOLDOUT, (self.seed, int(index))) for one, index in zip(amplitudes, batch)]
        return tuple(map(np.stack, zip(*parts)))
