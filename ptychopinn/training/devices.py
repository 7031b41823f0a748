"""Several devices, each with a part of every batch, by each backend's own means: what they learn is what one would."""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

import keras

from ptychopinn.training.one_device import ONE, Device, some_of
from ptychopinn.training.processes import Processes


class Mesh(Device):
    """JAX's devices: every variable lies on all of them, and batches are dealt out."""

    def __init__(self, devices: int) -> None:
        self.devices = some_of(keras.distribution.list_devices(), devices)

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        before = keras.distribution.distribution()
        keras.distribution.set_distribution(keras.distribution.DataParallel(devices=self.devices))
        try:
            yield
        finally:
            keras.distribution.set_distribution(before)


class Mirrors(Device):
    """TensorFlow's devices, each with a mirror of every variable."""

    def __init__(self, devices: int) -> None:
        self.tensorflow = importlib.import_module("tensorflow")
        listed = self.tensorflow.config.list_logical_devices
        self.devices = some_of([device.name for device in listed("GPU") or listed("CPU")], devices)

    def scope(self) -> contextlib.AbstractContextManager[None]:
        return self.tensorflow.distribute.MirroredStrategy(self.devices).scope()

    def optimizer(self, rate: Any, global_clipnorm: float | None, **settings: Any) -> keras.Optimizer:
        if settings.get("gradient_accumulation_steps"):
            raise ValueError(
                "TensorFlow cannot add up the gradients of several steps on several devices. Received: "
                f"accumulate_grad_batches={settings['gradient_accumulation_steps']}, devices={len(self.devices)}. "
                "Use a larger --batch-size, or --backend torch or jax."
            )
        distribute = self.tensorflow.distribute

        class Adam(keras.optimizers.Adam):
            """Keras's clips on each device, and adds up what is left: let each clip its part of the whole gradient."""

            def apply(self, grads: list, trainable_variables: list | None = None) -> None:
                mean = distribute.get_replica_context().all_reduce(distribute.ReduceOp.MEAN, grads)
                super().apply(mean, trainable_variables)

        return Adam(rate, global_clipnorm=global_clipnorm and global_clipnorm / len(self.devices), **settings)


def devices_of(count: int) -> Device:
    """Return the devices that a training is to run on, by the backend's means.

    Raises:
        ValueError: if the backend does not see as many.
    """
    if count == 1:
        return ONE
    return {"jax": Mesh, "tensorflow": Mirrors, "torch": Processes}[keras.backend.backend()](count)
