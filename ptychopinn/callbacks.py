"""What watches a training: losses kept, checkpoints, the best weights, divergence and collapse."""

import csv
import json
import math
import time
import warnings

import keras
import numpy as np

from ptychopinn.files import write_whole

FLAT = 0.01
"""Contrast of the object, and correlation of the patterns' fluctuations, below which a training has collapsed."""


class CollapseWarning(UserWarning):
    """The network makes a flat object, or patterns that have nothing to do with the measured ones."""


class Record(keras.callbacks.Callback):
    """Keep a row of losses per epoch, and let go of an epoch that ended in NaN.

    Args:
        history: list of rows so far.
    """

    def __init__(self, history=()):
        super().__init__()
        self.rows = list(history)
        self.diverged = False

    def write(self, path):
        """Write the rows as CSV, one per epoch."""
        with open(path, "w", newline="") as file:
            names = list(self.rows[0]) if self.rows else ["epoch"]
            writer = csv.DictWriter(file, fieldnames=names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)

    def on_train_begin(self, logs=None):
        self._good = self.model.get_weights()

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        values = {name: float(value) for name, value in (logs or {}).items()}
        if not math.isfinite(values["loss"]):
            self.diverged = True
            self.model.stop_training = True
            self.model.set_weights(self._good)
            return
        self._good = self.model.get_weights()
        values["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.rows.append({"epoch": epoch + 1, **values, "seconds": round(time.perf_counter() - self._began, 3)})


class StopOnNaN(keras.callbacks.Callback):
    """End the epoch as soon as its mean loss is not a number (looked at every `every` batches)."""

    def __init__(self, every=10):
        super().__init__()
        self.every = every

    def on_train_batch_end(self, batch, logs=None):
        if batch % self.every == 0 and logs and not math.isfinite(float(logs["loss"])):
            self.model.stop_training = True


class KeepBest(keras.callbacks.Callback):
    """Stop after `patience` epochs without a better validation loss, and return to the best weights."""

    def __init__(self, patience):
        super().__init__()
        self.patience = patience
        self.state = {"best": None, "waited": 0}
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        loss = float((logs or {}).get("val_loss", logs["loss"]))
        if self.state["best"] is None or loss < self.state["best"]:
            self.state = {"best": loss, "waited": 0}
            self.weights = self.model.get_weights()
            return
        self.state["waited"] += 1
        if self.state["waited"] >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.weights:
            self.model.set_weights(self.weights)


class Plateau(keras.callbacks.Callback):
    """Halve the learning rate after `patience` epochs without a better loss."""

    def __init__(self, patience=3, factor=0.5):
        super().__init__()
        self.patience, self.factor = patience, factor
        self.state = {"best": None, "waited": 0}

    def on_epoch_end(self, epoch, logs=None):
        loss = float((logs or {}).get("val_loss", logs["loss"]))
        if self.state["best"] is None or loss < self.state["best"]:
            self.state = {"best": loss, "waited": 0}
            return
        self.state["waited"] += 1
        if self.state["waited"] >= self.patience:
            self.state["waited"] = 0
            optimizer = self.model.optimizer
            optimizer.learning_rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate)) * self.factor


class CollapseAlarm(keras.callbacks.Callback):
    """Warn when the object is flat, or the predicted patterns do not vary with the measured ones.

    Args:
        inputs: a batch of the model's inputs to look at.
        after: int. Epochs before the first look. Defaults to 2.
    """

    def __init__(self, inputs, after=2):
        super().__init__()
        self.inputs, self.after = inputs, after

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 < self.after:
            return
        seen = self.model.predict_on_batch(self.inputs)
        contrast, correlation = contrast_of(seen), fluctuation_correlation(seen["intensity"], self.inputs[0])
        if contrast < FLAT or correlation < FLAT:
            warnings.warn(
                f"The network may have collapsed to a flat object: contrast {contrast:.3g}, correlation of predicted "
                f"and measured patterns {correlation:.3g} (both should exceed {FLAT}). Try a lower --learning-rate, "
                "another --seed, --input backprojection, or check --measurement and the probe.",
                CollapseWarning,
                stacklevel=2,
            )
            self.after = math.inf


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
    """Put a checkpoint's weights, optimizer and watchers back."""
    with np.load(path, allow_pickle=False) as file:
        model.set_weights(_numbered(file, "weight"))
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(model.optimizer.variables, _numbered(file, "optimizer"), strict=True):
            variable.assign(value)
        saved = read_state(path)["watchers"]
        for watcher in watchers:
            watcher.state = saved[type(watcher).__name__]
            if isinstance(watcher, KeepBest):
                watcher.weights = _numbered(file, "best")


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
    except (ValueError, KeyError, OSError) as error:
        raise ValueError(f"{path} must be a checkpoint of ptychopinn. Received: {error}. Train anew.") from error


def contrast_of(seen):
    """Return the object's contrast: standard deviation of the complex patches over their mean modulus."""
    patches = seen["real"] + 1j * seen["imag"]
    middle = patches.shape[-1] // 4
    patches = patches[..., middle:-middle, middle:-middle]
    return float(np.std(patches) / max(np.mean(np.abs(patches)), 1e-12))


def fluctuation_correlation(predicted, measured):
    """Return the correlation of predicted and measured amplitudes, less each pixel's mean over the patterns."""
    good = (measured >= 0).all(axis=(0, 1))
    predicted, measured = (array.reshape(-1, *good.shape)[:, good] for array in (np.sqrt(predicted), measured))
    predicted, measured = predicted - predicted.mean(axis=0), measured - measured.mean(axis=0)
    return float(np.sum(predicted * measured) / max(np.linalg.norm(predicted) * np.linalg.norm(measured), 1e-12))


def _numbered(file, name):
    count = sum(key.startswith(f"{name}_") for key in file.files)
    return [file[f"{name}_{i}"] for i in range(count)]
