"""Reconstruct a scan with a trained model: patterns in, one stitched object out."""

import dataclasses
import time

import keras
import numpy as np

from ptychopinn.grouping import check_canvas, nearest, offsets
from ptychopinn.stitching import Stitched, Stitcher, outward


@keras.saving.register_keras_serializable(package="ptychopinn")
class AnchorPatches(keras.Model):
    """The part of a `PtychoModel` that inference needs: the patch of each group's first pattern.

    Args:
        model: PtychoModel, whose weights are shared.

    Call arguments:
        inputs: those of `PtychoModel`.

    Returns:
        float32 tensor `(batch, y, x, 2)`: real and imaginary part of the transmission.
    """

    def __init__(self, model, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.model = model
        self.built = True

    def build(self, input_shape=None):
        self.built = True

    def call(self, inputs):
        amplitudes, group_offsets = self.model.with_known_shape(inputs)
        real, imag = self.model.reconstruct(amplitudes, group_offsets)
        return keras.ops.stack([real[:, 0], imag[:, 0]], axis=-1)

    def get_config(self):
        return {"model": keras.saving.serialize_keras_object(self.model)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config["model"]))


@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """What `reconstruct` returns.

    Args:
        stitched: Stitched: object, weight, origin.
        seconds: dict of seconds spent on `read`, `predict` and `stitch`.
        patterns: int. Patterns reconstructed.
        alone: int. Patterns with fewer neighbours in reach than a group wants; they stood in for them.
    """

    stitched: Stitched
    seconds: dict
    patterns: int
    alone: int


def reconstruct(model, scan, batch_size=16, progress=lambda done: None):
    """Reconstruct every pattern of a scan and stitch the patches.

    Memory is bounded by the batch and the canvas: patterns are read, and patches added, a batch at a time.

    Args:
        model: PtychoModel.
        scan: Scan. Its amplitudes are scaled to the photons that the model knows.
        batch_size: int. Groups at a time; the result does not depend on it.
        progress: called with the number of patterns done.

    Returns:
        Reconstruction.

    Raises:
        ValueError: if the patterns are not of the model's size, or a group does not fit its canvas.
    """
    params = model.params
    if scan.size != params.size:
        raise ValueError(
            f"The bundle reconstructs patterns of {params.size} x {params.size} pixels. "
            f"Received: {scan.name} with N={scan.size}. Train on patterns of that size, or crop or pad these."
        )
    groups, alone = inference_groups(scan.positions, params)
    check_canvas(offsets(scan.positions, groups), params.size, params.canvas)
    exposure = np.float32((params.mean_photons / scan.mean_photons) ** 0.5)
    predictor = AnchorPatches(model)
    stitcher = Stitcher(scan.positions, keras.ops.convert_to_numpy(model.weights_of_patch()))
    seconds = dict.fromkeys(("read", "predict", "stitch"), 0.0)
    for start in range(0, len(groups), batch_size):
        batch = np.resize(groups[start : start + batch_size], (batch_size, groups.shape[1]))
        began = time.perf_counter()
        amplitudes = scan.amplitudes(batch)
        amplitudes = np.where(amplitudes < 0, amplitudes, amplitudes * exposure)
        read = time.perf_counter()
        maps = predictor.predict_on_batch((amplitudes, offsets(scan.positions, batch)))
        predicted = time.perf_counter()
        count = min(batch_size, len(groups) - start)
        stitcher.add(maps[:count, ..., 0] + 1j * maps[:count, ..., 1], scan.positions[batch[:count, 0]])
        stitched = time.perf_counter()
        for name, spent in zip(seconds, (read - began, predicted - read, stitched - predicted)):
            seconds[name] += spent
        progress(start + count)
    return Reconstruction(stitcher.result(), seconds, len(groups), alone)


def inference_groups(positions, params):
    """Group every pattern with its nearest neighbours, in the order in which patches are stitched.

    A position with too few neighbours on the network's canvas stands in for them itself.

    Returns:
        `(groups, alone)`: int array `(pattern, position)`, and how many positions had to.
    """
    order = outward(positions)
    wanted = params.positions - 1
    if not wanted:
        return order[:, None], 0
    if len(positions) <= wanted:
        raise ValueError(
            f"Groups of {params.positions} patterns need at least {params.positions} positions. "
            f"Received: positions={len(positions)}. Use a bundle trained with --group-side 1."
        )
    near, reached = nearest(positions, wanted, max_distance=(params.canvas - params.size) / 2)
    near = np.where(near < 0, np.arange(len(positions))[:, None], near)
    groups = np.concatenate([np.arange(len(positions))[:, None], near], axis=1)
    return groups[order], int((reached < wanted).sum())
