"""What backends do not agree on: compiling, reading and adding at indices, their device; and see `training.devices`."""

import importlib
from collections.abc import Callable
from typing import Any

import keras
from keras import KerasTensor as Tensor
from keras import ops

PATTERNS_AT_ONCE, GROUPS_AT_ONCE = 64, 16
"""On a CPU, as many as its caches hold."""

PIXELS_AT_ONCE = 2**22
"""Of patterns, on a GPU: as many as keep it busy, and leave room in the memory of a small one."""


def on_cpu() -> bool:
    """Tell whether the backend computes on the processor of this machine."""
    return "cpu" in str(ops.convert_to_tensor(0.0).device).lower()


def patterns_at_once(size: int) -> int:
    """Return how many patterns of a side, in pixels, suit the device at a time."""
    return PATTERNS_AT_ONCE if on_cpu() else max(PIXELS_AT_ONCE // size**2, GROUPS_AT_ONCE)


def groups_at_once(size: int, members: int) -> int:
    """Return how many groups of so many patterns of a side, in pixels, suit the device at a time."""
    return GROUPS_AT_ONCE if on_cpu() else max(patterns_at_once(size) // members, GROUPS_AT_ONCE)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of tensors compiled by the backend; PyTorch runs it as it is, without gradients.

    Args:
        function: a pure function of (nested tuples of) tensors.
    """
    backend = keras.backend.backend()
    if backend == "jax":
        return importlib.import_module("jax").jit(function)
    if backend == "tensorflow":
        return importlib.import_module("tensorflow").function(function, jit_compile=True, autograph=False)
    return importlib.import_module("torch").no_grad()(function)


def read_at(values: Tensor, index: Tensor) -> Tensor:
    """Return the elements of a flat tensor at indices, of the shape of the indices.

    `keras.ops.take` looks for negative indices first, which under PyTorch costs ten times the reading.
    """
    if keras.backend.backend() == "torch":
        return values.index_select(0, index.reshape(-1)).reshape(index.shape)
    return ops.take(values, index, axis=0)


def add_at(total: Tensor, index: Tensor, values: Tensor) -> Tensor:
    """Return a flat tensor, which is given up, to which values were added at indices: adjoint of `read_at`.

    `keras.ops.segment_sum` goes through a slower operation under PyTorch, by a factor of ten.
    """
    flat, index = ops.reshape(values, (-1,)), ops.reshape(index, (-1,))
    if keras.backend.backend() == "torch":
        return total.index_add_(0, index, flat)
    return total + ops.segment_sum(flat, index, num_segments=total.shape[0])


def convolved(maps: Tensor, kernel: Tensor, bias: Tensor | None, dilation: tuple[int, int]) -> Tensor:
    """Return maps `(batch, y, x, channel)`, convolved by PyTorch to maps of the same sides, a bias added as it goes.

    Args:
        maps: float tensor `(batch, y, x, channel)`.
        kernel: float tensor `(y, x, channel in a group, channel)`.
        bias: float tensor `(channel,)`. None adds none.
        dilation: `(y, x)`: pixels from one of the kernel to the next.
    """
    weights = ops.transpose(kernel, (3, 2, 0, 1))
    added = None if bias is None else ops.convert_to_tensor(bias)
    conv2d = importlib.import_module("torch").nn.functional.conv2d
    groups = maps.shape[-1] // kernel.shape[2]
    found = conv2d(maps.permute(0, 3, 1, 2), weights, added, padding="same", dilation=dilation, groups=groups)
    return found.permute(0, 2, 3, 1)
