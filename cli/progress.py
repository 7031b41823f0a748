"""Progress on stderr: loss, patterns per second, time left."""

import contextlib
import math

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def bar(quiet, *columns):
    """Make a progress bar on stderr."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *columns,
        TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True), disable=quiet,
    )  # fmt: skip


class TrainingBar(keras.callbacks.Callback):
    """Show a training's epoch, loss, patterns per second and time left; a line per epoch where stderr is no terminal.

    Args:
        patterns: int. Patterns in a batch.
        quiet: bool. Whether to show nothing.
    """

    async_safe = True  # or Keras waits for the device after every batch

    def __init__(self, patterns, quiet):
        super().__init__()
        self.patterns, self.quiet = patterns, quiet
        self.bar = bar(quiet, TextColumn("{task.fields[figures]}"))
        self.live = self.bar.console.is_terminal

    def on_train_begin(self, logs=None):
        self.task = self.bar.add_task("training", total=None, figures="")
        if self.live:
            self.bar.start()

    def on_epoch_begin(self, epoch, logs=None):
        epochs, steps = self.params["epochs"], self.params["steps"]
        self.steps = steps
        self.bar.update(self.task, total=epochs * steps, completed=epoch * steps,
                        description=f"epoch {epoch + 1}/{epochs}")  # fmt: skip

    def on_train_batch_end(self, batch, logs=None):
        speed = self.bar.tasks[self.task].speed or 0.0
        figures = f"loss {float(logs['loss']):.4g}  {speed * self.patterns:.0f} patterns/s" if self.live else ""
        self.bar.update(self.task, advance=1, figures=figures)

    def on_epoch_end(self, epoch, logs=None):
        if not self.live and not self.quiet:
            task = self.bar.tasks[self.task]
            words = "  ".join(f"{name} {float(value):.4g}" for name, value in logs.items())
            speed = (task.finished_speed or task.speed or 0.0) * self.patterns
            left = f"{task.time_remaining / 60:.1f} min left" if task.time_remaining else ""
            self.bar.console.print(
                f"{task.description}  {words}  {speed:.0f} patterns/s  {left}", highlight=False, soft_wrap=True
            )

    def on_train_end(self, logs=None):
        self.bar.stop()


def patterns_at_once(settings, scans):
    """Return how many patterns a step of a training sees: those of a batch, or all of them if they are fewer."""
    members, data = settings.model.positions, settings.data
    kept = [min(len(scan), data.n_subsample or len(scan)) for scan in scans]
    groups = sum(data.n_groups or math.ceil(count / members) for count in kept)
    return members * min(settings.training.batch_size, groups)


@contextlib.contextmanager
def counting(quiet):
    """Show a bar for each part of a work; yields the function to call with the part, the count so far and the total."""
    with bar(quiet) as shown:
        tasks = {}

        def count(part, done, total):
            if part not in tasks:
                tasks[part] = shown.add_task(part, total=total)
            shown.update(tasks[part], completed=done)

        yield count
