"""What a machine can do at most, by the backend of this process: matrix products, Fourier transforms, reading."""

import time

import keras
import numpy as np
from keras import ops

from ptychopinn.device import compiled

SIDE, BATCH, READ = 1024, 64, 2**25
"""Of the matrices; transforms at a time; numbers that are read, more than caches hold."""


def limits(size, enough):
    """Return what this machine does at most, in float32.

    Args:
        size: int. Side of a pattern, in pixels.
        enough: float. Seconds to measure each for, at least.

    Returns:
        dict of `products_Gflops` (of matrices), `transforms` (complex, of patterns, a second) and `read_GBs` (from
        memory).
    """
    matrix, numbers = random(SIDE, SIDE), random(READ)
    waves = random(BATCH, size, size), random(BATCH, size, size)
    return {
        "products_Gflops": 2e-9 * SIDE**3 / fastest(compiled(ops.matmul), (matrix, matrix), enough),
        "transforms": BATCH / fastest(compiled(lambda real, imag: ops.fft2((real, imag))), waves, enough),
        "read_GBs": 4e-9 * READ / fastest(compiled(ops.sum), (numbers,), enough),
    }


def random(*shape):
    """Return a float32 tensor of normal random numbers."""
    return ops.convert_to_tensor(np.random.default_rng(0).standard_normal(shape, np.float32))


def fastest(work, inputs, enough):
    """Return the least seconds of a call: what other programs take is no limit of the machine."""
    seconds = []
    while sum(seconds[1:]) < enough:  # the first compiles
        began = time.perf_counter()
        ended(work(*inputs))
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:])


def ended(found):
    """Wait until a device has computed tensors: it is asked for their last number."""
    for tensor in keras.tree.flatten(found):
        float(ops.reshape(tensor, (-1,))[-1])
