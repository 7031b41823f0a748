"""Predict the object of a scan with a trained model: patterns in, one stitched object out."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import KerasTensor as Tensor

from ptychopinn.data.batches import read_groups
from ptychopinn.data.checks import check_far_field
from ptychopinn.data.grouping import cover, typical_reach
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.model import PtychoModel
from ptychopinn.params import ExecutionParams, ModelParams
from ptychopinn.reconstruction.clock import Clock
from ptychopinn.reconstruction.params import refuse_training_options
from ptychopinn.reconstruction.part import PartOfModel
from ptychopinn.reconstruction.reading import read_ahead
from ptychopinn.reconstruction.stitching import Stitcher, outward
from ptychopinn.unsuited import refuse_unsuited


@keras.saving.register_keras_serializable(package="ptychopinn")
class PatchPredictor(PartOfModel):
    """The part of a `PtychoModel` that inference needs: measured groups in, object patches out.

    Args:
        model: PtychoModel, whose weights are shared.

    Call arguments:
        inputs: those of `PtychoModel`.

    Returns:
        float32 tensor `(batch, position, y, x, 2)`: real and imaginary part of the transmission.
    """

    def call(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return keras.ops.stack(self.model.predict_patches(*self.model.with_known_shape(inputs)), axis=-1)


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What `predict_object` returns.

    Args:
        stitched: Reconstruction: object and probe, and where they lie.
        seconds: dict of seconds spent on `read`, `predict` and `stitch`.
        patterns: int. Patterns reconstructed.
        groups: int. Groups they were reconstructed in.
    """

    stitched: Reconstruction
    seconds: dict[str, float]
    patterns: int
    groups: int


def predict_object(
    model: PtychoModel,
    scan: Scan,
    probe: np.ndarray | None = None,
    batch_size: int = 16,
    execution: ExecutionParams | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> Prediction:
    """Predict the patches of every pattern of a scan and stitch them.

    Memory is bounded by the batch and the canvas: patterns are read, and patches added, a batch at a time.

    Args:
        model: PtychoModel.
        scan: Scan, of any exposure, with its patterns as far apart as they are.
        probe: complex array `(mode, y, x)`, in square root of photons: `scan.probe` for a probe that the model was not
            trained with, or one of `model.diffraction.probe_for`. Defaults to the model's, if it has one.
        batch_size: int. Groups at a time, at most; the result does not depend on it. Defaults to 16.
        execution: ExecutionParams: precision of the networks, whether to compile, threads that read ahead.
        progress: called with the number of patterns done.

    Returns:
        Prediction.

    Raises:
        ValueError: if the patterns are not of the model's size, or too few for a group, or if the model has several
            probes and none is given.
    """
    execution = execution or ExecutionParams()
    refuse_training_options(execution)
    probe = own_probe(model, scan) if probe is None else probe
    model = suited_to(scan, model, probe, execution.precision)
    groups, fresh = cover(scan.positions, model.params.positions, reach_of(model.params), outward(scan.positions))
    predictor, clock, done = predictor_of(model, execution), Clock(), 0
    stitcher = Stitcher(scan.positions, keras.ops.convert_to_numpy(model.weights_of_patch()))
    batches = full_batches(groups, batch_size)
    read = read_ahead(lambda batch: read_groups(scan, batch), batches, execution.num_workers)
    for number, batch in enumerate(batches):
        with clock("read"):
            inputs = next(read)
        with clock("predict"):
            maps = predictor.predict_on_batch(inputs)
        with clock("stitch"):
            new = fresh[number * len(batch) : (number + 1) * len(batch)]
            maps, members = maps[: len(new)][new], batch[: len(new)][new]
            stitcher.add(maps[..., 0] + 1j * maps[..., 1], scan.positions[members])
        done += int(new.sum())
        progress(done)
    known: Any = {"probe": probe, "positions": scan.positions, "pixel_size_m": scan.pixel_size_m, "name": scan.name}
    return Prediction(dataclasses.replace(stitcher.result(), **known), clock.seconds, done, len(groups))


def full_batches(groups: np.ndarray, batch_size: int) -> list[np.ndarray]:
    """Split groups `(group, position)` into batches of one size, not larger than all; the last is filled with groups.

    Compiled steps keep one shape then, and a small scan does not fill a large batch with copies.
    """
    size = min(batch_size, len(groups))
    starts = range(0, len(groups), size)
    return [np.resize(groups[start : start + size], (size, groups.shape[1])) for start in starts]


def reach_of(params: ModelParams) -> float:
    """Return how far a member of a group may lie from its anchor, so that the group fits its canvas, in pixels."""
    return (params.canvas - params.size) / 2 - 1


def predictor_of(model: PtychoModel, execution: ExecutionParams) -> PatchPredictor:
    """Return the `PatchPredictor` of a model, compiled or not as ExecutionParams say."""
    refuse_unsuited(keras.backend.backend(), execution)
    predictor = PatchPredictor(model)
    if execution.jit is not None:
        predictor.compile(jit_compile=execution.jit)
    return predictor


def own_probe(model: PtychoModel, scan: Scan) -> np.ndarray:
    """Return the one probe of a model, as bright as a scan's patterns need it; refuse a model of several."""
    if model.params.scans > 1:
        raise ValueError(
            f"A model of several probes must be told which to use. Received: probe=None, and {model.params.scans} "
            "scans trained on. Give scan.probe, or model.diffraction.probe_for(scan.mean_photons, index)."
        )
    return model.diffraction.probe_for(scan.mean_photons)


def group_side_for(scan: Scan, params: ModelParams) -> int:
    """Return the side of the groups that a model sees a scan in: its own, or 1 where patterns are few or far apart."""
    if len(scan) < params.positions or params.group_side == 1:
        return 1
    return 1 if typical_reach(scan.positions, 1) > scan.size / 2 else params.group_side


def suited_to(scan: Scan, model: PtychoModel, probe: np.ndarray, precision: str = "float32") -> PtychoModel:
    """Return a model with the networks of another, and the size, probe, groups and canvas that suit a scan.

    None of these has weights. The canvas is as wide as it was in training, or wider where the patterns of the scan lie
    farther apart; those that are too few for a group, or too far apart, are seen one by one.

    Args:
        scan: Scan.
        model: PtychoModel.
        probe: complex array `(mode, y, x)`.
        precision: str. Of the networks. Defaults to float32.
    """
    check_far_field(scan)
    side, canvas = group_side_for(scan, model.params), scan.size + model.params.canvas - model.params.size
    if side > 1:
        apart = min(typical_reach(scan.positions, side**2 - 1), scan.size / 2)
        canvas = max(canvas, 8 * math.ceil((scan.size + 2 * (apart + 1)) / 8))
    params = dataclasses.replace(
        model.params, size=scan.size, scans=1, modes=len(probe), group_side=side, canvas=canvas
    )
    suited = PtychoModel(params, model.loss_params, precision, generator=model.generator)
    suited.take_generators(model)
    suited.diffraction.set_probes([probe], [scan.mean_photons])
    return suited
