"""Checkpoint: everything that a training needs to go on, in one file."""

import json
import pathlib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from ptychopinn.files import write_whole
from ptychopinn.model import PtychoModel
from ptychopinn.training.callbacks import KeepBest, Record, Resumable

REASON = 150
"""Characters of a foreign error that are told."""


class Checkpoint(keras.callbacks.Callback):
    """Write everything that a training needs to go on, after every epoch, in one file.

    Args:
        path: path of the file.
        description: dict kept with the state: the parameters and the data.
        record: Record.
        watchers: list of callbacks with a `state`.
    """

    def __init__(
        self, path: pathlib.Path, description: Mapping[str, Any], record: Record, watchers: Sequence[Resumable]
    ) -> None:
        super().__init__()
        self.path, self.description, self.record, self.watchers = path, description, record, watchers

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if self.record.diverged:
            return
        state = {
            **self.description,
            "epoch": epoch + 1,
            "history": self.record.rows,
            "watchers": {type(watcher).__name__: watcher.state for watcher in self.watchers},
        }
        arrays: dict[str, Any] = numbered("weight", self.record.weights)
        arrays |= numbered("optimizer", map(keras.ops.convert_to_numpy, self.model.optimizer.variables))
        for watcher in self.watchers:
            arrays |= numbered("best", getattr(watcher, "kept", []))

        def write(path: pathlib.Path) -> None:
            with open(path, "wb") as file:
                np.savez(file, state=np.array(json.dumps(state)), **arrays)

        write_whole(self.path, write)


def restore(path: pathlib.Path, model: PtychoModel, watchers: Sequence[Resumable]) -> dict[str, Any]:
    """Put a checkpoint's weights, optimizer and watchers back; return its state.

    Raises:
        ValueError: if the file is damaged, or is of another model; the model is then as it was.
    """
    state = read_state(path)
    weights = model.get_weights()
    wanted = {"weight": weights, "optimizer": model.optimizer.variables}
    if any(isinstance(watcher, KeepBest) for watcher in watchers):
        wanted["best"] = weights
    found = {name: read_arrays(path, name, arrays) for name, arrays in wanted.items()}
    for watcher in watchers:
        watcher.resumed = state["watchers"].get(type(watcher).__name__)
        if not isinstance(watcher.resumed, dict) or set(watcher.resumed) != {"best", "wait"}:
            raise foreign(path, f"nothing of {type(watcher).__name__}")
    model.set_weights(found["weight"])
    for variable, value in zip(model.optimizer.variables, found["optimizer"]):
        variable.assign(value)
    for watcher in watchers:
        watcher.kept = found.get("best", [])
    return state


def read_state(path: pathlib.Path) -> dict[str, Any]:
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
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # before NumPy reads headers that nobody wrote
        if damaged:
            raise ValueError(f"a damaged {damaged}")
        with np.load(path, allow_pickle=False) as file:
            state = json.loads(str(file["state"]))
        check_state(state)
    except Exception as error:  # zipfile and NumPy raise nearly any on files that they did not write
        reason = str(error).partition(".")[0]  # NumPy goes on to advise unpickling
        raise foreign(path, reason or type(error).__name__) from error
    return state


def check_state(state: Mapping[str, Any]) -> None:
    """Raise ValueError or LookupError unless a state is what `Checkpoint` writes."""
    rows = state["history"]
    if type(state["epoch"]) is not int or not isinstance(state["watchers"], dict) or len(rows) != state["epoch"]:
        raise ValueError("a state of other values")
    for row in rows:
        for value in (row["epoch"], row["loss"], row["seconds"], *row.values()):
            if type(value) not in (int, float):
                raise ValueError(f"{value!r:.40} in its history")


def read_arrays(path: pathlib.Path, name: str, like: Sequence[Any]) -> list[np.ndarray]:
    """Read the numbered arrays of a name, which must be as many and of the shapes of others, and finite."""
    with np.load(path, allow_pickle=False) as file:
        try:
            arrays = [file[f"{name}_{i}"] for i in range(len(like))]
        except Exception as error:  # as in `read_state`
            raise foreign(path, f"no {len(like)} arrays {name}") from error
    return [as_one_of(path, name, array, other) for array, other in zip(arrays, like)]


def as_one_of(path: pathlib.Path, name: str, array: np.ndarray, other: Any) -> np.ndarray:
    """Return an array in the type of another, whose shape it must have; its values must be finite in that type."""
    if array.dtype.kind in "biuf" and array.shape == tuple(other.shape):
        with np.errstate(all="ignore"):
            cast = array.astype(keras.backend.standardize_dtype(other.dtype))
        if np.isfinite(array).all() and np.isfinite(cast).all():
            return cast
    raise foreign(path, f"{name} of shape {array.shape} and type {array.dtype}, or not finite")


def numbered(name: str, arrays: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """Return arrays by their name and number."""
    return {f"{name}_{i}": array for i, array in enumerate(arrays)}


def foreign(path: pathlib.Path, reason: str) -> ValueError:
    """Return the error of a file that is no checkpoint of this training."""
    return ValueError(
        f"{path} must be a checkpoint of ptychopinn, of the same model. Received: {reason[:REASON]}. Train anew."
    )
