"""Complex waves as pairs ``(real, imag)`` of float32 tensors, last axes ``(y, x)``.

Every linear operator stands beside its adjoint: ``<far_field(a), b> = <a, far_field_adjoint(b)>``.
"""

from keras import ops


def multiply(a, b):
    """Multiply two waves, pixel by pixel."""
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def add(a, b):
    """Add two waves."""
    return a[0] + b[0], a[1] + b[1]


def conjugate(wave):
    """Return the complex conjugate of a wave."""
    return wave[0], -wave[1]


def scale(wave, factor):
    """Multiply a wave by a real factor."""
    return wave[0] * factor, wave[1] * factor


def intensity(wave):
    """Return the squared modulus of a wave; its gradient at zero is zero."""
    return ops.square(wave[0]) + ops.square(wave[1])


def unit_phase(wave, floor=1e-12):
    """Divide a wave by its modulus; a wave of zero becomes (almost) zero, with a finite gradient."""
    return scale(wave, ops.rsqrt(intensity(wave) + floor))


def polar(amplitude, phase):
    """Make a wave from amplitude and phase (radians)."""
    return amplitude * ops.cos(phase), amplitude * ops.sin(phase)


def far_field(wave):
    r"""Propagate to the far field: the centred, unitary 2-D Fourier transform.

    $\hat\psi(k) = \frac{1}{N}\sum_r \psi(r)\,e^{-2\pi i k r/N}$ with both origins at pixel $N/2$;
    it conserves $\sum|\psi|^2$ (Parseval).

    Args:
        wave: pair of float32 tensors `(..., y, x)`, of even sides.

    Returns:
        pair of float32 tensors `(..., y, x)`.
    """
    return _centred(ops.fft2, wave, forward=True)


def far_field_adjoint(wave):
    """Propagate back from the far field: adjoint, and inverse, of `far_field`."""
    return _centred(ops.ifft2, wave, forward=False)


def _centred(transform, wave, forward):
    height, width = wave[0].shape[-2:]
    to_corner, to_centre = (-(height // 2), -(width // 2)), (height // 2, width // 2)
    norm = (height * width) ** (-0.5 if forward else 0.5)
    real, imag = transform(tuple(ops.roll(part, to_corner, axis=(-2, -1)) for part in wave))
    return tuple(ops.roll(part, to_centre, axis=(-2, -1)) * norm for part in (real, imag))
