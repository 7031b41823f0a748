"""Where the losses of an epoch go, besides the bundle's history."""

import os
import pathlib
from collections.abc import Mapping

import keras

from ptychopinn.extras import optional
from ptychopinn.files import write_whole
from ptychopinn.training.callbacks import Record
from ptychopinn.training.record import LOSSES


def make_logger(name: str, folder: pathlib.Path, record: Record) -> list[keras.callbacks.Callback]:
    """Make the callbacks of a logger.

    Args:
        name: one of `params.LOGGERS`.
        folder: path that the logger writes to.
        record: Record: the rows so far.

    Raises:
        ValueError: if the logger's package is not installed.
    """
    makers = {"csv": CsvLog, "tensorboard": TensorBoardLog, "mlflow": MlflowLog}
    return [makers[name](folder, record)] if name in makers else []


class CsvLog(keras.callbacks.Callback):
    """Write `losses.csv` anew after every epoch.

    Keras's CSVLogger empties the file of an earlier training before the first epoch, appends to it, so that a kill
    leaves half a row, and writes epochs twice that are repeated after a resume.
    """

    def __init__(self, folder: pathlib.Path, record: Record) -> None:
        super().__init__()
        self.path, self.record = folder / LOSSES, record

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if not self.record.diverged:
            write_whole(self.path, self.record.write)


class TensorBoardLog(keras.callbacks.Callback):
    """Write scalars that TensorBoard shows, in the folder `tensorboard`; Keras's own needs TensorFlow for it."""

    def __init__(self, folder: pathlib.Path, record: Record) -> None:
        super().__init__()
        self.record = record
        self.writer = optional("tensorboardX", "tensorboard").SummaryWriter(str(folder / "tensorboard"))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        for name, value in (logs or {}).items():
            self.writer.add_scalar(name, float(value), epoch + 1)
        self.writer.flush()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        self.writer.close()


class MlflowLog(keras.callbacks.Callback):
    """Log metrics to the server that MLFLOW_TRACKING_URI names, or to `mlflow.db`."""

    def __init__(self, folder: pathlib.Path, record: Record) -> None:
        super().__init__()
        self.mlflow = optional("mlflow", "mlflow")
        if "MLFLOW_TRACKING_URI" not in os.environ:
            self.mlflow.set_tracking_uri(f"sqlite:///{(folder / 'mlflow.db').resolve()}")

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self.mlflow.start_run()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.mlflow.log_metrics({name: float(value) for name, value in (logs or {}).items()}, step=epoch + 1)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        self.mlflow.end_run()
