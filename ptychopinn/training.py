"""Find a model's weights from a scan, without labels (or with them)."""

import dataclasses
import pathlib
import random

import keras

from ptychopinn.callbacks import KeepBest, Plateau, Record, StopOnNaN
from ptychopinn.checkpoint import Checkpoint, restore
from ptychopinn.collapse import CollapseAlarm
from ptychopinn.grouping import canvas_side, check_canvas, offsets
from ptychopinn.loggers import make_logger
from ptychopinn.model import PtychoModel
from ptychopinn.pipeline import GroupBatches, reach, split

CHECKPOINT = "checkpoint.npz"
FINAL_RATE = 0.01
"""Learning rate at the end of a cosine or exponential schedule, of that at the start."""

WARMUP = 0.05
"""Part of a cosine schedule's steps in which the learning rate rises."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """All the parameters of a training."""

    model: object
    loss: object
    data: object
    training: object
    execution: object


@dataclasses.dataclass(frozen=True)
class Trained:
    """What `train` returns: the model, its history (a row per epoch), and whether the loss became NaN on the way."""

    model: PtychoModel
    history: list
    diverged: bool


def fit_to(scan, model, data, seed=0):
    """Return the model's parameters with what the scan decides: size, modes, canvas, photons.

    The canvas holds every group that the patterns left by `n_subsample` and the validation strip can make: the fewer
    they are, the farther apart.

    Raises:
        ValueError: if a group is wider than the largest canvas, or labels are asked for and there is no object.
    """
    if model.model_type == "supervised" and scan.object is None:
        raise ValueError(
            f"Supervised training needs a file with the object (objectGuess). Received: {scan.name} without one. "
            "Use --model-type pinn, which needs no labels."
        )
    within = reach(data, scan, model.positions)
    canvas = max(
        canvas_side(scan.positions[part], model.positions, data.neighbours, scan.size, within)
        for part in split(scan, data, model.positions, seed)
        if len(part)
    )
    if canvas > 2 * scan.size + 8:
        raise ValueError(
            f"A group must fit a canvas of {2 * scan.size + 8} pixels. Received: groups of up to {canvas} pixels. "
            f"Use a --max-distance of {scan.size // 2} or less, or fewer --neighbours."
        )
    return dataclasses.replace(
        model, size=scan.size, modes=len(scan.probe), canvas=canvas, mean_photons=float(scan.mean_photons)
    )


def train(scan, settings, validation=None, folder=None, description=None, resume=False, callbacks=()):
    """Train a model on a scan.

    Args:
        scan: Scan.
        settings: Settings; its model parameters are fitted to the scan (see `fit_to`).
        validation: Scan to validate on. Defaults to a strip of the scan itself.
        folder: path for checkpoint and logs. Nothing is written if it is not given.
        description: dict kept in the checkpoint: what a resumed run must know.
        resume: bool. Whether to go on from the folder's checkpoint. Defaults to `False`.
        callbacks: further Keras callbacks.

    Returns:
        Trained. If the loss became NaN, its model has the weights of the last good epoch.

    Raises:
        ValueError: if scan and settings do not fit together.
    """
    params, training = settings.model, settings.training
    random.seed(training.seed)  # Keras draws the seeds of its initializers from here
    batches, validation_batches = make_batches(scan, settings, validation)
    model = PtychoModel(params, settings.loss, settings.execution.precision, settings.execution.remat)
    model.diffraction.set_probe(scan.probe)
    compile_model(model, settings, steps=training.epochs * len(batches))

    record = Record()
    watchers = [KeepBest(training.early_stop_patience)] if training.early_stop_patience else []
    watchers += [Plateau()] if training.scheduler == "plateau" else []
    watching = [record, StopOnNaN(), *watchers, CollapseAlarm(batches[0][0])]
    first = 0
    if folder is not None:
        folder = pathlib.Path(folder)
        watching += make_logger(training.logger, folder, record)
        if training.checkpoint:
            watching.append(Checkpoint(folder / CHECKPOINT, description or {}, record, watchers))
        if resume:
            state = restore(folder / CHECKPOINT, model, watchers)
            record.rows, first = state["history"], state["epoch"]
            batches.draw(first)
    if first < training.epochs:
        model.fit(
            batches,
            validation_data=validation_batches,
            initial_epoch=first,
            epochs=training.epochs,
            shuffle=False,
            verbose=0,
            callbacks=[*watching, *callbacks],
        )
    return Trained(model, record.rows, record.diverged)


def make_batches(scan, settings, validation=None):
    """Return the batches to train on, and those to validate on (`None` if the scan is too small for any)."""
    params, data, training = settings.model, settings.data, settings.training
    make = {
        "members": params.positions,
        "batch_size": training.batch_size,
        "seed": training.seed,
        "labels": params.model_type == "supervised",
        "workers": max(1, settings.execution.num_workers),
    }
    kept, held_out = split(scan, data, params.positions, training.seed)
    if validation is not None:
        if validation.size != scan.size:
            raise ValueError(
                f"Validation patterns must be {scan.size} pixels like the training's. "
                f"Received: {validation.name} of {validation.size} pixels."
            )
        kept, held_out = sorted([*kept, *held_out]), range(len(validation))
    holdout = training.holdout if scan.measurement == "counts" else 0.0
    batches = GroupBatches(scan, kept, data=data, holdout=holdout, **make)
    held_out_batches = None
    if len(held_out):
        once = dataclasses.replace(data, n_groups=None)
        held_out_batches = GroupBatches(validation or scan, held_out, data=once, redraw=False, **make)
    for some in filter(None, (batches, held_out_batches)):
        check_canvas(offsets(some.positions, some.groups), params.size, params.canvas)
    return batches, held_out_batches


def compile_model(model, settings, steps):
    """Give the model its optimizer: Adam with clipping, a schedule over `steps`, and gradient accumulation."""
    training, execution = settings.training, settings.execution
    accumulate = training.accumulate_grad_batches
    optimizer = keras.optimizers.Adam(
        schedule(training, steps),
        global_clipnorm=training.gradient_clip_norm,
        gradient_accumulation_steps=accumulate if accumulate > 1 else None,
    )
    if execution.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(optimizer, jit_compile="auto" if execution.jit is None else execution.jit)


def schedule(training, steps):
    """Return the learning rate, or its schedule over the steps of the training."""
    rate = training.learning_rate
    if training.scheduler == "cosine":
        warmup = int(WARMUP * steps)
        return keras.optimizers.schedules.CosineDecay(
            FINAL_RATE * rate, steps - warmup, FINAL_RATE, warmup_target=rate, warmup_steps=warmup
        )
    if training.scheduler == "exponential":
        return keras.optimizers.schedules.ExponentialDecay(rate, steps, FINAL_RATE)
    return rate
