"""What a training asks of its devices, and how one answers, which has every batch to itself."""

import contextlib
from typing import Any

import keras


class Device:
    """One device: nothing is parted."""

    leads = True
    """Whether this process is the one that writes."""

    callbacks: tuple[keras.callbacks.Callback, ...] = ()

    def scope(self) -> contextlib.AbstractContextManager[None]:
        """Return the context in which a model is made and trained."""
        return contextlib.nullcontext()

    def optimizer(self, rate: Any, global_clipnorm: float | None, **settings: Any) -> keras.Optimizer:
        """Make the optimizer."""
        return keras.optimizers.Adam(rate, global_clipnorm=global_clipnorm, **settings)

    def joined(self, model: keras.Model) -> contextlib.AbstractContextManager[None]:
        """Return the context in which a model steps together with those of other processes."""
        return contextlib.nullcontext()

    def part(self, batches: keras.utils.PyDataset) -> keras.utils.PyDataset:
        """Return the batches that this process has to see."""
        return batches


ONE = Device()


def some_of(seen: list, count: int) -> list:
    """Return as many of the devices that are seen; raise ValueError if they are fewer."""
    if len(seen) < count:
        raise ValueError(
            f"A training must have as many devices as it is asked for. Received: devices={count}, where "
            f"{keras.backend.backend()} sees {len(seen)}. Use --devices {len(seen)}."
        )
    return seen[:count]
