"""Find a model's weights from scans, without labels (or with them)."""

import contextlib
import dataclasses
import pathlib
import random
from collections.abc import Sequence
from typing import Any

import keras

from ptychopinn.data.batches import reach, split_validation
from ptychopinn.data.checks import check_far_field
from ptychopinn.data.grouping import canvas_side, check_enough, widest_canvas
from ptychopinn.data.scan import Scan, listed
from ptychopinn.files import writing
from ptychopinn.model import PtychoModel
from ptychopinn.params import DataParams, ModelParams
from ptychopinn.training.batches import make_batches
from ptychopinn.training.callbacks import Record, StopOnNaN
from ptychopinn.training.checkpoint import restore
from ptychopinn.training.collapse import CollapseAlarm
from ptychopinn.training.devices import devices_of
from ptychopinn.training.memory import check_training
from ptychopinn.training.optimizer import compile_model
from ptychopinn.training.record import CHECKPOINT
from ptychopinn.training.settings import Settings
from ptychopinn.training.watching import keepers_of, watchers_of


@dataclasses.dataclass(frozen=True)
class Trained:
    """What `train` returns: the model, its history (a row per epoch), and whether it diverged on the way."""

    model: PtychoModel
    history: list[dict[str, float]]
    diverged: bool


def fit_to(scans: Scan | Sequence[Scan], model: ModelParams, data: DataParams, seed: int = 0) -> ModelParams:
    """Return the model's parameters with what the scans decide: size, modes, number of scans, canvas.

    The canvas holds every group that the patterns left by `n_subsample` and the validation strip can make: the fewer
    they are, the farther apart. A probe of fewer modes than another's gets empty ones.

    Args:
        scans: Scan, or list of Scan.
        model: ModelParams.
        data: DataParams.
        seed: int. That of the training.

    Raises:
        ValueError: if the scans differ in the size of their patterns, a group is wider than the largest canvas, or
            labels are asked for and there is no object, or a scan is of the near field.
    """
    scans = listed(scans)
    size = scans[0].size
    for scan in scans:
        check_far_field(scan)
        if scan.size != size:
            raise ValueError(
                f"Scans that are trained together must have patterns of one size. Received: {scans[0].name} with "
                f"N={size}, {scan.name} with N={scan.size}. Give --pad {max(size, scan.size)}, or --crop "
                f"{min(size, scan.size)}, which brings them to one."
            )
        if model.model_type == "supervised" and scan.object is None:
            raise ValueError(
                f"Supervised training needs a file with the object (objectGuess). Received: {scan.name} without one. "
                "Use --model-type pinn, which needs no labels."
            )
    canvas = max(group_canvas(scan, model, data, seed) for scan in scans)
    if canvas > widest_canvas(size):
        raise ValueError(
            f"A group must fit a canvas of {widest_canvas(size)} pixels. Received: groups of up to {canvas} pixels. "
            f"Use a --max-distance of {size // 2} or less, or fewer --neighbours."
        )
    modes = max(len(scan.probe) for scan in scans)
    return dataclasses.replace(model, size=size, modes=modes, scans=len(scans), canvas=canvas)


def group_canvas(scan: Scan, model: ModelParams, data: DataParams, seed: int) -> int:
    """Return the side of the canvas that holds every group of a scan, in pixels."""
    check_enough(scan.positions, model.positions)
    within = reach(data, scan, model.positions)
    return max(
        canvas_side(scan.positions[part], model.positions, data.neighbours, scan.size, within)
        for part in split_validation(scan, data, model.positions, seed)
        if len(part)
    )


def train(
    scans: Scan | Sequence[Scan], settings: Settings, validation: Scan | Sequence[Scan] | None = None,
    folder: pathlib.Path | str | None = None, description: dict[str, Any] | None = None, resume: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Trained:  # fmt: skip
    """Train a model on one scan, or on several together, each with its own probe.

    Args:
        scans: Scan, or list of Scan with patterns of one size.
        settings: Settings; its model parameters are fitted to the scans (see `fit_to`).
        validation: Scan, or list of Scan: one for each scan trained on, seen through its probe. Defaults to a strip at
            the edge of each scan.
        folder: path of the run, for its checkpoint and logs, held meanwhile. Nothing is written if it is not given.
        description: dict kept in the checkpoint: what a resumed run must know.
        resume: bool. Whether to go on from the folder's checkpoint. Defaults to `False`.
        callbacks: further Keras callbacks.

    Returns:
        Trained. If the training diverged, its model has the weights of the last good epoch.

    Raises:
        MemoryError: if a step would not fit in memory.
        ValueError: if scans and settings do not fit together, or another training has the folder.
    """
    training, start, scans = settings.training, settings.start, [scan.lit() for scan in listed(scans)]
    device, execution = devices_of(settings.devices), settings.execution
    random.seed(training.seed)  # Keras draws the seeds of its initializers from here
    with writing(folder) if folder and device.leads else contextlib.nullcontext(), device.scope():
        batches, validation_batches = make_batches(scans, settings, validation)
        generator = settings.generator if start is None else start.generator
        model = PtychoModel(settings.model, settings.loss, execution.precision, execution.remat, generator)
        model.diffraction.set_probes([scan.probe for scan in scans])
        if start is not None:
            model.take_generators(start)
        if not execution.remat:  # which keeps fewer maps than the estimate counts
            check_training(model, batches.batch_size)
        compile_model(model, settings, training.epochs * len(batches), device)
        record = Record()
        watchers = watchers_of(training, record, "loss" if validation_batches is None else "val_loss")
        watching = [*device.callbacks, record, StopOnNaN(), *watchers, CollapseAlarm(batches[0][0])]
        if folder is not None and device.leads:
            watching += keepers_of(training, pathlib.Path(folder), description, record, watchers)
        first = 0
        if resume:
            if folder is None:
                raise ValueError("A run to resume must have a folder. Received: folder=None. Give that of the run.")
            state = restore(pathlib.Path(folder) / CHECKPOINT, model, watchers)
            record.rows, first = state["history"], state["epoch"]
            batches.draw(first)
        if first < training.epochs:
            with device.joined(model):
                model.fit(
                    device.part(batches),
                    validation_data=validation_batches,
                    initial_epoch=first,
                    epochs=training.epochs,
                    shuffle=False,
                    verbose=0,
                    callbacks=[*watching, *callbacks],
                )
    return Trained(model, record.rows, record.diverged)
