"""What watches a training: losses kept, divergence, the best weights, the learning rate."""

import csv
import math
import pathlib
import time
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np

ABSURD = 1e3
"""R-factor that says a training has diverged: patterns a million times too bright. A dark object has 1, the truth at
a hundredth of a photon a pixel 10, and a training that recovers may have 100 on its way."""


class Record(keras.callbacks.Callback):
    """Keep a row of losses per epoch, and the weights of the last one that did not diverge.

    Args:
        history: list of rows so far.
    """

    def __init__(self, history: Iterable[dict[str, float]] = ()) -> None:
        super().__init__()
        self.rows = list(history)
        self.diverged = False

    def write(self, path: pathlib.Path) -> None:
        """Write the rows as CSV, one per epoch."""
        with open(path, "w", newline="") as file:
            names = list(self.rows[0]) if self.rows else ["epoch"]
            writer = csv.DictWriter(file, fieldnames=names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self.weights = self.model.get_weights()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        values, weights = {name: float(value) for name, value in (logs or {}).items()}, self.model.get_weights()
        if not sound(values, weights):
            self.diverged = True
            self.model.stop_training = True
            self.model.set_weights(self.weights)
            return
        self.weights = weights
        values["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.rows.append({"epoch": epoch + 1, **values, "seconds": round(time.perf_counter() - self._began, 3)})


def sound(values: Mapping[str, float], weights: Iterable[np.ndarray]) -> bool:
    """Tell whether an epoch's figures are possible and its weights finite, which are later than the loss."""
    figures = values.get("r_factor", 0.0), values.get("val_r_factor", 0.0)
    return (
        all(math.isfinite(value) for value in values.values())
        and max(figures) < ABSURD
        and all(np.isfinite(weight).all() for weight in weights)
    )


class StopOnNaN(keras.callbacks.Callback):
    """End the epoch as soon as its mean loss is not a number (looked at every `every` batches).

    Keras's TerminateOnNaN prints to stdout, where results go, and waits for the device after every batch.
    """

    async_safe = True  # or Keras waits for the device after every batch

    def __init__(self, every: int = 10) -> None:
        super().__init__()
        self.every = every

    def set_model(self, model: keras.Model) -> None:
        """Keep the model as it is: under JAX `self.model` would move its state, from Keras's thread of callbacks."""
        super().set_model(model)
        self.stopped = model

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        if batch % self.every == 0 and logs and not math.isfinite(float(logs["loss"])):
            self.stopped.stop_training = True


class Resumable(keras.callbacks.Callback):
    """Let a callback of Keras that waits for a better loss go on where a checkpoint left it."""

    best: float
    wait: int
    kept: list[np.ndarray]
    resumed: dict[str, Any] | None = None

    @property
    def state(self) -> dict[str, float]:
        """What a checkpoint keeps: the best loss so far, and the epochs since."""
        return {"best": self.best, "wait": self.wait}

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        if self.resumed is not None:
            self.best, self.wait = self.resumed["best"], self.resumed["wait"]


class KeepBest(Resumable, keras.callbacks.EarlyStopping):
    """Stop after `patience` epochs without a better loss, and return to the best weights.

    Args:
        monitor: str. Which loss.
        patience: int. Epochs.
        record: Record, which has looked at the epoch before: its copy of the weights is kept, not another.
    """

    def __init__(self, monitor: str, patience: int, record: Record) -> None:
        super().__init__(monitor, mode="min", patience=patience)
        self.record, self.kept = record, []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        super().on_epoch_end(epoch, logs)
        if self.wait == 0:
            self.kept = self.record.weights

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        super().on_train_end(logs)
        if self.kept:
            self.model.set_weights(self.kept)


class Plateau(Resumable, keras.callbacks.ReduceLROnPlateau):
    """Halve the learning rate after `patience` epochs without a better loss."""

    def __init__(self, monitor: str, patience: int = 3) -> None:
        super().__init__(monitor, factor=0.5, patience=patience, mode="min", min_delta=0)
