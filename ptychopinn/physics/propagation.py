"""Propagation of waves from plane to plane, beside its adjoint: ``<far_field(a), b> = <a, far_field_adjoint(b)>``."""

import collections.abc
import typing

from keras import ops

from ptychopinn.physics.waves import Wave


class Propagator(typing.NamedTuple):
    """A linear way from one plane to another.

    Args:
        forward: function of a wave `(..., y, x)`.
        adjoint: function of a wave: the adjoint of `forward`, and its inverse where that is unitary.
    """

    forward: collections.abc.Callable[[Wave], Wave]
    adjoint: collections.abc.Callable[[Wave], Wave]


def far_field(wave: Wave) -> Wave:
    r"""Propagate to the far field: the centred, unitary 2-D Fourier transform.

    $\hat\psi(k) = \frac{1}{N}\sum_r \psi(r)\,e^{-2\pi i k r/N}$ with both origins at pixel $N/2$;
    it conserves $\sum|\psi|^2$ (Parseval).

    Args:
        wave: pair of float32 tensors `(..., y, x)`, of even sides.

    Returns:
        pair of float32 tensors `(..., y, x)`.
    """
    return _centred(ops.fft2, wave, forward=True)


def far_field_adjoint(wave: Wave) -> Wave:
    """Propagate back from the far field: adjoint, and inverse, of `far_field`."""
    return _centred(ops.ifft2, wave, forward=False)


def _centred(transform: collections.abc.Callable[[Wave], Wave], wave: Wave, forward: bool) -> Wave:
    height, width = wave[0].shape[-2:]
    to_corner, to_centre = (-(height // 2), -(width // 2)), (height // 2, width // 2)
    norm = (height * width) ** (-0.5 if forward else 0.5)
    real, imag = transform(tuple(ops.roll(part, to_corner, axis=(-2, -1)) for part in wave))
    return tuple(ops.roll(part, to_centre, axis=(-2, -1)) * norm for part in (real, imag))
