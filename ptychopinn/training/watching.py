"""Which callbacks a training has, by its parameters."""

from ptychopinn.files import sweep
from ptychopinn.training.callbacks import KeepBest, Plateau
from ptychopinn.training.checkpoint import Checkpoint
from ptychopinn.training.loggers import make_logger
from ptychopinn.training.record import CHECKPOINT, LOSSES


def watchers_of(training, record, monitor):
    """Return the callbacks that wait for a better loss."""
    watchers = [KeepBest(monitor, training.early_stop_patience, record)] if training.early_stop_patience else []
    return [*watchers, Plateau(monitor)] if training.scheduler == "plateau" else watchers


def keepers_of(training, folder, description, record, watchers):
    """Return the callbacks that write to the folder of the run, which has no other writer."""
    sweep(folder, [CHECKPOINT, LOSSES])
    keepers = make_logger(training.logger, folder, record)
    if training.checkpoint:
        keepers.append(Checkpoint(folder / CHECKPOINT, description or {}, record, watchers))
    return keepers
