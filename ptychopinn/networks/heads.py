"""Heads: two real maps -> the correction of an estimated patch; maps of zero leave the estimate as it is."""

import math

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.physics.waves import Wave, intensity, multiply, polar, unit_phase

BOUND = 0.99
"""Largest amplitude that an estimate enters with, of the largest that can be made."""


def real_imag(first: Tensor, second: Tensor, estimate: Wave, amplitude_max: float) -> Wave:
    """Add the maps to the real and imaginary part of the estimate."""
    return estimate[0] + first, estimate[1] + second


def amplitude_phase(first: Tensor, second: Tensor, estimate: Wave, amplitude_max: float) -> Wave:
    """Turn the estimate by less than pi, and move its amplitude within (0, amplitude_max)."""
    share = ops.sqrt(intensity(estimate) + 1e-6) / amplitude_max
    share = ops.clip(share, 1 - BOUND, BOUND)
    amplitude = amplitude_max * ops.sigmoid(first + ops.log(share / (1 - share)))
    return multiply(unit_phase(estimate), polar(amplitude, math.pi * ops.tanh(second / math.pi)))


HEADS = {"amplitude_phase": amplitude_phase, "real_imag": real_imag}
