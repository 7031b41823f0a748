"""What watches a training: losses kept, divergence, the best weights, the learning rate."""

import csv
import math
import time

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
        self.weights = self.model.get_weights()

    def on_epoch_begin(self, epoch, logs=None):
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        values, weights = {name: float(value) for name, value in (logs or {}).items()}, self.model.get_weights()
        if not sound(values, weights):
            self.diverged = True
            self.model.stop_training = True
            self.model.set_weights(self.weights)
            return
        self.weights = weights
        values["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.rows.append({"epoch": epoch + 1, **values, "seconds": round(time.perf_counter() - self._began, 3)})


def sound(values, weights):
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

    def __init__(self, every=10):
        super().__init__()
        self.every = every

    def on_train_batch_end(self, batch, logs=None):
        if batch % self.every == 0 and logs and not math.isfinite(float(logs["loss"])):
            self.model.stop_training = True


class Resumable:
    """Let a callback of Keras that waits for a better loss go on where a checkpoint left it."""

    resumed = None

    @property
    def state(self):
        """What a checkpoint keeps: the best loss so far, and the epochs since."""
        return {"best": self.best, "wait": self.wait}

    def on_train_begin(self, logs=None):
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

    def __init__(self, monitor, patience, record):
        super().__init__(monitor, mode="min", patience=patience)
        self.record, self.kept = record, []

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if self.wait == 0:
            self.kept = self.record.weights

    def on_train_end(self, logs=None):
        super().on_train_end(logs)
        if self.kept:
            self.model.set_weights(self.kept)


class Plateau(Resumable, keras.callbacks.ReduceLROnPlateau):
    """Halve the learning rate after `patience` epochs without a better loss."""

    def __init__(self, monitor, patience=3):
        super().__init__(monitor, factor=0.5, patience=patience, mode="min", min_delta=0)
