"""Heads: two real maps -> one complex patch of transmission."""

import math

from keras import ops

from ptychopinn.waves import polar


def amplitude_phase(first, second, amplitude_max):
    """Make amplitude in (0, amplitude_max) and phase in (-pi, pi); maps of zero give a transmission of one."""
    at_one = math.log(1 / (amplitude_max - 1))
    return polar(amplitude_max * ops.sigmoid(first + at_one), math.pi * ops.tanh(second / math.pi))


def real_imag(first, second, amplitude_max):
    """Make real and imaginary part, each in (-amplitude_max, amplitude_max) around a transmission of one."""
    return tuple(amplitude_max * ops.tanh(part / amplitude_max) for part in (first + 1.0, second))


HEADS = {"amplitude_phase": amplitude_phase, "real_imag": real_imag}
