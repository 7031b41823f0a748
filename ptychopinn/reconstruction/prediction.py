"""Reconstruct a scan with a trained model: patterns in, one stitched object out."""

import dataclasses
import math
import time

import keras
import numpy as np

from ptychopinn.data.grouping import check_enough, cover, offsets, typical_reach
from ptychopinn.model import PtychoModel
from ptychopinn.reconstruction.stitching import Stitched, Stitcher, outward


@keras.saving.register_keras_serializable(package="ptychopinn")
class Reconstructor(keras.Model):
    """The part of a `PtychoModel` that inference needs: measured groups in, object patches out.

    Args:
        model: PtychoModel, whose weights are shared.

    Call arguments:
        inputs: those of `PtychoModel`.

    Returns:
        float32 tensor `(batch, position, y, x, 2)`: real and imaginary part of the transmission.
    """

    def __init__(self, model, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.model = model
        self.built = True

    def build(self, input_shape=None):
        self.built = True

    def call(self, inputs):
        return keras.ops.stack(self.model.reconstruct(*self.model.with_known_shape(inputs)), axis=-1)

    def get_config(self):
        return {"model": keras.saving.serialize_keras_object(self.model)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["model"]))


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What `reconstruct` returns.

    Args:
        stitched: Stitched: object, weight, origin.
        seconds: dict of seconds spent on `read`, `predict` and `stitch`.
        patterns: int. Patterns reconstructed.
        groups: int. Groups they were reconstructed in.
    """

    stitched: Stitched
    seconds: dict
    patterns: int
    groups: int


def reconstruct(model, scan, batch_size=16, progress=lambda done: None, probe=None):
    """Reconstruct every pattern of a scan and stitch the patches.

    Memory is bounded by the batch and the canvas: patterns are read, and patches added, a batch at a time.

    Args:
        model: PtychoModel.
        scan: Scan, of any exposure, with its patterns as far apart as they are.
        batch_size: int. Groups at a time; the result does not depend on it.
        progress: called with the number of patterns done.
        probe: complex array `(mode, y, x)`, in square root of photons: `scan.probe` for a probe that the model was not
            trained with, or one of `model.diffraction.probe_for`. Defaults to the model's, if it has one.

    Returns:
        Prediction.

    Raises:
        ValueError: if the patterns are not of the model's size, or too few for a group, or if the model has several
            probes and none is given.
    """
    model = suited_to(scan, model, probe)
    params = model.params
    reach = (params.canvas - params.size) / 2 - 1
    groups, fresh = cover(scan.positions, params.positions, reach, outward(scan.positions))
    predictor = Reconstructor(model)
    stitcher = Stitcher(scan.positions, keras.ops.convert_to_numpy(model.weights_of_patch()))
    seconds = dict.fromkeys(("read", "predict", "stitch"), 0.0)
    done = 0
    for start in range(0, len(groups), batch_size):
        batch = np.resize(groups[start : start + batch_size], (batch_size, groups.shape[1]))
        began = time.perf_counter()
        amplitudes = scan.amplitudes(batch)
        read = time.perf_counter()
        maps = predictor.predict_on_batch((amplitudes, offsets(scan.positions, batch)))
        predicted = time.perf_counter()
        new = fresh[start : start + batch_size]
        maps, members = maps[: len(new)][new], batch[: len(new)][new]
        stitcher.add(maps[..., 0] + 1j * maps[..., 1], scan.positions[members])
        stitched = time.perf_counter()
        for name, spent in zip(seconds, (read - began, predicted - read, stitched - predicted)):
            seconds[name] += spent
        done += len(members)
        progress(done)
    return Prediction(stitcher.result(), seconds, done, len(groups))


def suited_to(scan, model, probe=None):
    """Return a model with the networks of another, and the probe and canvas that suit a scan.

    The canvas is as wide as it was in training, or wider where the patterns of the scan lie farther apart: it has no
    weights.

    Args:
        scan: Scan.
        model: PtychoModel.
        probe: complex array `(mode, y, x)`. Defaults to the model's, if it has one.
    """
    params = model.params
    model.check_size(scan)
    check_enough(scan.positions, params.positions)
    if probe is None:
        if params.scans > 1:
            raise ValueError(
                f"A model of several probes must be told which to use. Received: probe=None, and {params.scans} scans "
                "trained on. Give scan.probe, or model.diffraction.probe_for(scan.mean_photons, index)."
            )
        probe = model.diffraction.probe_for(scan.mean_photons)
    canvas = params.canvas
    if params.positions > 1:
        apart = min(typical_reach(scan.positions, params.positions - 1), scan.size / 2)
        canvas = max(canvas, 8 * math.ceil((scan.size + 2 * (apart + 1)) / 8))
    params = dataclasses.replace(params, scans=1, modes=len(probe), canvas=canvas)
    suited = PtychoModel(params, model.loss_params, generator=model.generator)
    suited.take_generators(model)
    suited.diffraction.set_probes([probe], [scan.mean_photons])
    return suited
