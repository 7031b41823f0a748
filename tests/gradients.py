"""The one place in the tests that names the backends: gradients, which keras.ops does not offer."""

import keras
import numpy as np


def gradient(function, *inputs):
    """Return the gradients of a scalar function of float tensors, as NumPy arrays."""
    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        tensors = [torch.tensor(np.asarray(array), requires_grad=True) for array in inputs]
        with torch.device("cpu"):
            function(*tensors).backward()
        return [tensor.grad.numpy() for tensor in tensors]
    if backend == "jax":
        import jax

        found = jax.grad(function, argnums=tuple(range(len(inputs))))(*map(jax.numpy.asarray, inputs))
        return [np.asarray(array) for array in found]
    import tensorflow

    tensors = [tensorflow.constant(array) for array in inputs]
    with tensorflow.GradientTape() as tape:
        for tensor in tensors:
            tape.watch(tensor)
        value = function(*tensors)
    return [array.numpy() for array in tape.gradient(value, tensors)]
