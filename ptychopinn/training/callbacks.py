"""What watches a training: losses kept, divergence, the best weights, the learning rate."""

import csv
import math
import time

import keras


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

    async_safe = True  # or Keras waits for the device after every batch

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
