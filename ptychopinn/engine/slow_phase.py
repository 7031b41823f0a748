"""Slow phase, which single patterns hardly know: found by dividing its gradient by how little they know of it.

A phase of spatial frequency k that is slow beside the probe moves no pattern but by its tilt: patterns feel only the
part $1 - |g(k)|^2$ of it, with g the Fourier transform of the probe's normalised light. Steps that every pattern would
take alone need hundreds of passes for it; divided by that part, they need as few as for detail.
"""

import numpy as np
from keras import KerasTensor as Tensor
from keras import ops
from scipy.ndimage import gaussian_filter

from ptychopinn.physics.waves import Wave, conjugate_product, intensity, scale

FLOOR = 0.1
"""Added to the part of a slow phase that patterns feel, before its gradient is divided by it."""

COVERED = 0.3
"""Slow phase is lifted in full where the light reaches this part of its largest."""

SLOW = 0.08
"""What is slow, where the phase of one object is given to another: standard deviation of a Gaussian that leaves it, of
the side of a pattern."""


def lift_of(light: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return by how much the phase of each frequency is lifted, on top of what it is: float32 tensor `(y, x)`.

    Args:
        light: float32 tensor `(y, x)`: the probe's light.
        shape: `(height, width)` of the canvas, pixels.
    """
    height, width = shape
    padding = ((0, height - light.shape[0]), (0, width - light.shape[1]))
    padded = ops.pad(light / ops.sum(light), padding)
    felt = 1.0 - intensity(ops.fft2((padded, ops.zeros_like(padded))))
    lift = 1.0 / (felt + FLOOR) - 1.0 / (1.0 + FLOOR)
    varies = ops.reshape(ops.arange(height * width), shape) > 0
    return ops.where(varies, ops.maximum(lift, 0.0), 0.0)


def slow_step(step: Wave, canvas: Wave, lift: Tensor, covered: Tensor) -> Wave:
    """Return what a step of the object lacks of slow phase: the slow part of its own, lifted.

    Args:
        step, canvas: pairs of float32 tensors `(pixel,)`: the step, and the object.
        lift: float32 tensor `(y, x)`, see `lift_of`.
        covered: float32 tensor `(pixel,)`, 0 to 1: where the object is seen.
    """
    across = conjugate_product(canvas, step)[1] / (ops.sqrt(intensity(canvas)) + 0.05)
    slow = filtered(ops.reshape(across * covered, (-1, *lift.shape)), lift)
    turn = ops.reshape(slow, covered.shape) * covered
    return -turn * canvas[1], turn * canvas[0]


def filtered(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply the Fourier transforms of real images by a real factor that is even in frequency.

    Half of the frequencies along x tell all of a real image, in two thirds of the time.

    Args:
        images: float32 tensor `(image, y, x)`.
        factor: float32 tensor `(y, x)`.
    """
    height, width = factor.shape
    along_y = ops.fft(tuple(ops.swapaxes(part, -1, -2) for part in ops.rfft(images)))
    real, imag = scale(along_y, ops.transpose(factor[:, : width // 2 + 1]) / height)
    back = ops.fft((real, -imag))  # which inverts, conjugated before and after
    return ops.irfft((ops.swapaxes(back[0], -1, -2), -ops.swapaxes(back[1], -1, -2)), fft_length=width)


def with_slow_phase_of(other: np.ndarray, obj: np.ndarray, covered: np.ndarray, side: int) -> np.ndarray:
    """Return an object turned by the slow phase of another, its detail as it was: complex array of its shape.

    Args:
        other, obj: complex arrays `(y, x)` or `(slice, y, x)`.
        covered: float array of the same shape, 0 to 1: where the object is seen.
        side: int. Of a pattern, pixels.
    """
    across = (0,) * (obj.ndim - 2) + (SLOW * side,) * 2
    turn = gaussian_filter(obj.conj() * other * covered, across)
    return (obj * np.exp(1j * np.angle(turn))).astype(np.complex64)
