"""Which callbacks a training has, by its parameters."""

import pathlib
from typing import Any

import keras

from ptychopinn.files import sweep
from ptychopinn.params import TrainingParams
from ptychopinn.training.callbacks import KeepBest, Plateau, Record, Resumable
from ptychopinn.training.checkpoint import Checkpoint
from ptychopinn.training.loggers import make_logger
from ptychopinn.training.record import CHECKPOINT, LOSSES


def watchers_of(training: TrainingParams, record: Record, monitor: str) -> list[Resumable]:
    """Return the callbacks that wait for a better loss."""
    watchers: list[Resumable] = (
        [KeepBest(monitor, training.early_stop_patience, record)] if training.early_stop_patience else []
    )
    return [*watchers, Plateau(monitor)] if training.scheduler == "plateau" else watchers


def keepers_of(
    training: TrainingParams,
    folder: pathlib.Path,
    description: dict[str, Any] | None,
    record: Record,
    watchers: list[Resumable],
) -> list[keras.callbacks.Callback]:
    """Return the callbacks that write to the folder of the run, which has no other writer."""
    sweep(folder, [CHECKPOINT, LOSSES])
    keepers = make_logger(training.logger, folder, record)
    if training.checkpoint:
        keepers.append(Checkpoint(folder / CHECKPOINT, description or {}, record, watchers))
    return keepers
