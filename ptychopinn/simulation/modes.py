"""Probes `(mode, y, x)` changed: more incoherent modes, another side."""

import numpy as np

from ptychopinn.physics.resampling import centred_fft, placed


def incoherent(probe: np.ndarray, modes: int, power: float = 0.3) -> np.ndarray:
    """Make orthogonal modes of a probe's first one: it times polynomials of rising degree, like Hermite's.

    Args:
        probe: complex array `(mode, y, x)`.
        modes: int. How many to make.
        power: float. Power of each mode, of the one before it. Defaults to 0.3.

    Returns:
        complex64 array `(mode, y, x)`; together they are as bright as the first mode was.

    Reference:
        Thibault and Menzel, Nature 494, 68 (2013), doi:10.1038/nature11806
    """
    first = np.asarray(probe[0], np.complex128)
    size = first.shape[-1]
    y, x = (np.mgrid[:size, :size] - size // 2) / (size / 2)
    degrees = [(total - k, k) for total in range(modes) for k in range(total + 1)][:modes]
    waves = np.stack([first * y**i * x**j for i, j in degrees])
    basis, triangle = np.linalg.qr(waves.reshape(modes, -1).T)
    basis = basis * np.exp(1j * np.angle(np.diag(triangle)))  # the first mode keeps its phase
    powers = power ** np.arange(modes)
    powers *= np.sum(np.abs(first) ** 2) / powers.sum()
    return (np.sqrt(powers)[:, None, None] * basis.T.reshape(waves.shape)).astype(np.complex64)


def resize(probe: np.ndarray, size: int, how: str = "pad") -> np.ndarray:
    """Bring a probe to another side; its middle, pixel `size // 2`, stays the middle.

    Args:
        probe: complex array `(mode, y, x)`.
        size: int. The side wanted, in pixels.
        how: `"pad"`, with zeros (or cut): as wide in pixels; or `"interpolate"`: as wide as a part of the side, by
            padding (or cutting) its Fourier transform, which is exact for the waves that a detector can see.

    Returns:
        complex64 array `(mode, size, size)`.
    """
    if how == "interpolate":
        spectrum = placed(centred_fft(probe), size).astype(np.complex128)
        return centred_fft(spectrum, inverse=True).astype(np.complex64)
    return placed(probe, size).astype(np.complex64)
