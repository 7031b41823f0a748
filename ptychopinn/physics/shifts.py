"""Probes shifted by a part of a pixel, exactly: in Fourier space, where a shift is a phase ramp."""

import math

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.physics.propagation import fourier, fourier_adjoint
from ptychopinn.physics.waves import Wave, multiply


def shift_ramps(shifts: Tensor, size: int) -> Wave:
    r"""Return the factors $e^{-2\pi i (k_y d_y + k_x d_x) / N}$ that shift by $(d_y, d_x)$, zero frequency first.

    Args:
        shifts: float32 tensor `(pattern, 2)`: `(y, x)`, in pixels.
        size: int. Side $N$ of what is shifted, in pixels.

    Returns:
        pair of float32 tensors `(pattern, 1, y, x)`: an axis for the modes.
    """
    angles = shifts[:, :, None] * _frequencies(size)  # (pattern, axis, frequency)
    cosines, sines = ops.cos(angles), ops.sin(angles)
    along_y = cosines[:, 0, None, :, None], sines[:, 0, None, :, None]
    along_x = cosines[:, 1, None, None, :], sines[:, 1, None, None, :]
    return multiply(along_y, along_x)


def gradient_ramps(size: int, axis: int) -> Wave:
    r"""Return the factors $-2\pi i k / N$ of a derivative by the shift along y (axis 0) or x (1).

    Returns:
        pair of float32 tensors `(y, 1)` or `(1, x)`.
    """
    frequency = _frequencies(size)
    frequency = frequency[:, None] if axis == 0 else frequency[None, :]
    return ops.zeros_like(frequency), frequency


def _frequencies(size: int) -> Tensor:
    index = ops.arange(size, dtype="float32")
    return ops.where(index < size / 2, index, index - size) * (-2 * math.pi / size)


def shifted(probe: Wave, ramps: Wave) -> Wave:
    """Shift a probe `(mode, y, x)`, or each pattern's own: pair of float32 tensors `(pattern, mode, y, x)`."""
    return fourier_adjoint(multiply(fourier(probe), ramps))
