r"""Probes that vary from pattern to pattern in few dimensions, beside their adjoint: orthogonal probe relaxation.

$P_{jm} = P_m + \sum_k a_{jk} V_{km}$: the mean modes, and how all of them vary together along each dimension. Mean and
variations are one stack of waves, `((1 + dimension) * mode, y, x)`, the mean first.

Reference:
    Odstrcil et al., Opt. Express 24, 8360 (2016), doi:10.1364/OE.24.008360
"""

from keras import ops

from ptychopinn.physics.waves import Wave


def varied(stack: Wave, weights: Wave) -> Wave:
    """Return the probe of every pattern.

    Args:
        stack: pair of float32 tensors `((1 + dimension) * mode, y, x)`: the mean probe, and its variations.
        weights: pair of float32 tensors `(pattern, dimension)`.

    Returns:
        pair of float32 tensors `(pattern, mode, y, x)`; `(mode, y, x)` where there is no dimension to vary in.
    """
    dimensions = weights[0].shape[1]
    if not dimensions:
        return stack
    size = stack[0].shape[-1]
    real, imag = (ops.reshape(part, (1 + dimensions, -1)) for part in stack)
    w, v = weights
    parts = (
        real[:1] + ops.matmul(w, real[1:]) - ops.matmul(v, imag[1:]),
        imag[:1] + ops.matmul(w, imag[1:]) + ops.matmul(v, real[1:]),
    )
    modes = stack[0].shape[0] // (1 + dimensions)
    return tuple(ops.reshape(part, (-1, modes, size, size)) for part in parts)


def varied_adjoint(waves: Wave, weights: Wave) -> Wave:
    """Add up waves `(pattern, mode, y, x)` to what they say of mean and variations: adjoint of `varied`."""
    count, modes, size, _ = waves[0].shape
    real, imag = (ops.reshape(part, (count, -1)) for part in waves)
    w, v = (ops.transpose(part) for part in weights)
    parts = (
        ops.concatenate([ops.sum(real, axis=0)[None], ops.matmul(w, real) + ops.matmul(v, imag)]),
        ops.concatenate([ops.sum(imag, axis=0)[None], ops.matmul(w, imag) - ops.matmul(v, real)]),
    )
    return tuple(ops.reshape(part, (-1, size, size)) for part in parts)
