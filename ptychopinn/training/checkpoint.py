"""Checkpoint: everything that a training needs to go on, in one file."""

import json
import zipfile
import zlib

import keras
import numpy as np

from ptychopinn.files import write_whole
from ptychopinn.training.callbacks import KeepBest


class Checkpoint(keras.callbacks.Callback):
    """Write everything that a training needs to go on, after every epoch, in one file.

    Args:
        path: path of the file.
        description: dict kept with the state: the parameters and the data.
        record: Record.
        watchers: list of callbacks with a `state`.
    """

    def __init__(self, path, description, record, watchers):
        super().__init__()
        self.path, self.description, self.record, self.watchers = path, description, record, watchers

    def on_epoch_end(self, epoch, logs=None):
        if self.record.diverged:
            return
        state = {
            **self.description,
            "epoch": epoch + 1,
            "history": self.record.rows,
            "stopped": bool(self.model.stop_training),
            "watchers": {type(watcher).__name__: watcher.state for watcher in self.watchers},
        }
        arrays = {f"weight_{i}": array for i, array in enumerate(self.model.get_weights())}
        for i, variable in enumerate(self.model.optimizer.variables):
            arrays[f"optimizer_{i}"] = keras.ops.convert_to_numpy(variable)
        for watcher in self.watchers:
            arrays |= {f"best_{i}": array for i, array in enumerate(getattr(watcher, "weights", []))}

        def write(path):
            with open(path, "wb") as file:
                np.savez(file, state=np.array(json.dumps(state)), **arrays)

        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, write)


def restore(path, model, watchers):
    """Put a checkpoint's weights, optimizer and watchers back; return its state."""
    state = read_state(path)
    with np.load(path, allow_pickle=False) as file:
        model.set_weights(_numbered(file, "weight"))
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(model.optimizer.variables, _numbered(file, "optimizer"), strict=True):
            variable.assign(value)
        for watcher in watchers:
            watcher.state = state["watchers"][type(watcher).__name__]
            if isinstance(watcher, KeepBest):
                watcher.weights = _numbered(file, "best")
    return state


def read_state(path):
    """Return the description, epoch and history of a checkpoint.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if the file is not a checkpoint.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"A run to resume must hold {path.name}. Received: {path.parent} without it. "
            "It is written after the first epoch, unless --no-checkpoint is given."
        )
    try:
        with np.load(path, allow_pickle=False) as file:
            return json.loads(str(file["state"]))
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = str(error).partition(".")[0] or type(error).__name__  # NumPy goes on to advise unpickling
        raise ValueError(f"{path} must be a checkpoint of ptychopinn. Received: {reason}. Train anew.") from error


def _numbered(file, name):
    count = sum(key.startswith(f"{name}_") for key in file.files)
    return [file[f"{name}_{i}"] for i in range(count)]
