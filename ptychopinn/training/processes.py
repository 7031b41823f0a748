"""PyTorch's devices: a process each, that torchrun or `ptycho train` has started, which step together."""

import contextlib
import importlib
import os
from collections.abc import Iterator
from typing import Any

import keras

from ptychopinn.training.one_device import Device, some_of


class Processes(Device):
    """PyTorch's devices: DistributedDataParallel means the gradients of the processes."""

    def __init__(self, devices: int) -> None:
        self.torch = importlib.import_module("torch")
        self.distributed = importlib.import_module("torch.distributed")
        started = int(os.environ.get("WORLD_SIZE", 1))
        if started != devices:
            raise ValueError(
                f"PyTorch trains on devices by a process each. Received: devices={devices}, {started} processes. "
                f"Start the program by torchrun --nproc-per-node {devices}, or use ptycho train --devices {devices}."
            )
        if self.torch.cuda.is_available():
            some_of(list(range(self.torch.cuda.device_count())), int(os.environ["LOCAL_WORLD_SIZE"]))
        self.devices, self.place = devices, int(os.environ["RANK"])
        self.leads = self.place == 0
        self.callbacks = (Agreement(self),)

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        if self.torch.cuda.is_available():
            self.torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
            self.distributed.init_process_group("nccl")
        else:
            self.distributed.init_process_group("gloo")
        try:
            yield
        finally:
            self.distributed.destroy_process_group()

    @contextlib.contextmanager
    def joined(self, model: keras.Model) -> Iterator[None]:
        """Let a model be called through DistributedDataParallel, which Keras's step does not know of."""
        own = model.call

        class Forward(self.torch.nn.Module):  # type: ignore[name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.model = model

            def forward(self, inputs: tuple) -> dict:
                return own(inputs)

        together = self.torch.nn.parallel.DistributedDataParallel(Forward(), broadcast_buffers=False)
        model.call = lambda inputs: together(inputs)  # Keras would wrap a module once more
        try:
            yield
        except RuntimeError as error:
            if not isinstance(error, self.distributed.DistError) and " peer" not in str(error):
                raise
            raise ChildProcessError(
                "Processes that train together must all live until the end. Received: one that died. Is memory at an "
                "end? Go on from the checkpoint with --resume, on fewer --devices."
            ) from error
        finally:
            del model.call

    def mean(self, figures: list[float]) -> list[float]:
        """Return the mean of each figure over the processes."""
        where = "cuda" if self.torch.cuda.is_available() else "cpu"
        total = self.torch.tensor(figures, dtype=self.torch.float64, device=where)
        self.distributed.all_reduce(total)
        return (total / self.devices).tolist()

    def part(self, batches: keras.utils.PyDataset) -> keras.utils.PyDataset:
        return Part(batches, self.place, self.devices)


class Part(keras.utils.PyDataset):
    """The part of every batch that one of several processes sees.

    Args:
        batches: PyDataset of whole ones, the same in every process.
        place: int. Which process it is.
        of: int. Processes.
    """

    def __init__(self, batches: keras.utils.PyDataset, place: int, of: int) -> None:
        super().__init__(workers=batches.workers)
        self.batches, self.place, self.of = batches, place, of

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, batch: int) -> tuple:
        return keras.tree.map_structure(lambda array: array[self.place :: self.of], self.batches[batch])

    def on_epoch_end(self) -> None:
        self.batches.on_epoch_end()


class Agreement(keras.callbacks.Callback):
    """Mean the figures of the processes, in place: callbacks that come after decide the same in all of them."""

    def __init__(self, processes: Processes) -> None:
        super().__init__()
        self.processes = processes

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        names = sorted(logs)
        logs.update(zip(names, self.processes.mean([float(logs[name]) for name in names])))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.on_train_batch_end(epoch, logs)
