"""Reconstruct a scan with a trained model: patterns in, one stitched object out."""

import dataclasses
import time

import keras
import numpy as np

from ptychopinn.grouping import check_enough, cover, offsets
from ptychopinn.stitching import Stitched, Stitcher, outward


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
class Reconstruction:
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
        ValueError: if the patterns are not of the model's size, or too few for a group.
    """
    params = model.params
    if scan.size != params.size:
        raise ValueError(
            f"The bundle reconstructs patterns of {params.size} x {params.size} pixels. "
            f"Received: {scan.name} with N={scan.size}. Train on patterns of that size, or crop or pad these."
        )
    check_enough(scan.positions, params.positions)
    reach = (params.canvas - params.size) / 2 - 1
    groups, fresh = cover(scan.positions, params.positions, reach, outward(scan.positions))
    exposure = np.float32((params.mean_photons / scan.mean_photons) ** 0.5)
    predictor = Reconstructor(model)
    stitcher = Stitcher(scan.positions, keras.ops.convert_to_numpy(model.weights_of_patch()))
    seconds = dict.fromkeys(("read", "predict", "stitch"), 0.0)
    done = 0
    for start in range(0, len(groups), batch_size):
        batch = np.resize(groups[start : start + batch_size], (batch_size, groups.shape[1]))
        began = time.perf_counter()
        amplitudes = scan.amplitudes(batch)
        amplitudes = np.where(amplitudes < 0, amplitudes, amplitudes * exposure)
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
    return Reconstruction(stitcher.result(), seconds, done, len(groups))
