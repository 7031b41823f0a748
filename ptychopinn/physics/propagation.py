"""Propagation of waves from plane to plane, beside its adjoint: ``<far_field(a), b> = <a, far_field_adjoint(b)>``."""

import collections.abc
import functools
import typing

import numpy as np
from keras import ops

from ptychopinn.physics.optics import Optics
from ptychopinn.physics.waves import Wave, multiply, scale


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
    return _centred(fourier, wave)


def far_field_adjoint(wave: Wave) -> Wave:
    """Propagate back from the far field: adjoint, and inverse, of `far_field`."""
    return _centred(fourier_adjoint, wave)


def fourier(wave: Wave) -> Wave:
    """Propagate to the far field with the origin of both planes at pixel 0: `far_field` without its rolls.

    Where the wave is centred all the same, the far field differs by the sign of every other pixel, which no intensity
    knows; so an engine that keeps its patterns with the zero frequency first needs no roll at all.

    Args:
        wave: pair of float32 tensors `(..., y, x)`.

    Returns:
        pair of float32 tensors `(..., y, x)`, zero frequency at pixel (0, 0).
    """
    return scale(ops.fft2(wave), _norm(wave))


def fourier_adjoint(wave: Wave) -> Wave:
    """Propagate back: adjoint, and inverse, of `fourier`."""
    return scale(ops.ifft2(wave), 1 / _norm(wave))


FOURIER = Propagator(fourier, fourier_adjoint)


def fresnel(distance: float) -> Propagator:
    r"""Return the way through free space to a plane nearby, by the angular spectrum: unitary.

    $\mathcal F^{-1}\{e^{-i \pi d (f_y^2 + f_x^2)} \mathcal F \psi\}$, frequencies in cycles a pixel, with the Fresnel
    distance $d = \lambda z / p^2$ of pixels of size $p$. Light that leaves the field on one side comes
    back on the other.

    Args:
        distance: float. $d$; the factors are sampled well enough up to the side of the field, in pixels.

    Reference:
        Stockmar et al., Sci. Rep. 3, 1927 (2013), doi:10.1038/srep01927, for ptychography with it.
    """

    def by(signed: float) -> collections.abc.Callable[[Wave], Wave]:
        def propagate(wave: Wave) -> Wave:
            height, width = wave[0].shape[-2:]
            squares = np.square(np.fft.fftfreq(height))[:, None] + np.square(np.fft.fftfreq(width))
            angle = -np.pi * signed * squares
            factors = tuple(ops.convert_to_tensor(part.astype(np.float32)) for part in (np.cos(angle), np.sin(angle)))
            return ops.ifft2(multiply(ops.fft2(wave), factors))

        return propagate

    return Propagator(by(distance), by(-distance))


def to_detector(optics: Optics) -> Propagator:
    """Return the way from the last slice to the detector."""
    return FOURIER if optics.distance is None else fresnel(optics.distance)


def between_slices(optics: Optics) -> Propagator | None:
    """Return the way from a slice to the next, if there are several."""
    return fresnel(optics.spacing) if optics.slices > 1 else None


def _norm(wave: Wave) -> float:
    return (wave[0].shape[-2] * wave[0].shape[-1]) ** -0.5


def _centred(transform: collections.abc.Callable[[Wave], Wave], wave: Wave) -> Wave:
    """Transform a wave whose origin is at pixel N/2, before and after.

    An origin that is N/2 further changes the sign of every other pixel in the other plane: cheaper than rolls.
    """
    height, width = map(int, wave[0].shape[-2:])  # where PyTorch traces, sides are tensors
    before, after = _signs(height, width, (0, 0)), _signs(height, width, (height // 2, width // 2))
    return scale(transform(scale(wave, ops.convert_to_tensor(before))), ops.convert_to_tensor(after))


@functools.cache
def _signs(height: int, width: int, positive: tuple[int, int]) -> np.ndarray:
    """Return signs `(y, x)` that change from pixel to pixel; that of one pixel is positive."""
    rows, columns = np.arange(height)[:, None] - positive[0], np.arange(width) - positive[1]
    return np.where((rows + columns) % 2, -1.0, 1.0).astype(np.float32)
