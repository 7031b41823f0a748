"""What backends do not agree on: compiling a function, reading and adding at indices; and see `training.devices`."""

import importlib
from collections.abc import Callable
from typing import Any

import keras
from keras import KerasTensor as Tensor
from keras import ops


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
