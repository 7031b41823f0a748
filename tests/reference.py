"""The forward model in NumPy complex128, written from the formula: the oracle that shares no code."""

import numpy as np


def far_field(wave):
    """Centred, unitary discrete Fourier transform, as two matrices."""
    size = wave.shape[-1]
    index = np.arange(size) - size // 2
    matrix = np.exp(-2j * np.pi * np.outer(index, index) / size) / np.sqrt(size)
    return matrix @ wave @ matrix.T


def shifted(wave, way):
    """Move a wave by a fraction of a pixel: the sum of its periodic harmonics, each taken at r - d, as two matrices."""
    index = np.arange(wave.shape[-1]) - wave.shape[-1] // 2
    one, other = (
        np.exp(2j * np.pi * (index[:, None, None] - index[:, None] - d) * index / len(index)).sum(axis=2) / len(index)
        for d in way
    )
    return one @ wave @ other.T


def patch(canvas, centre, size):
    """Bilinear window of a canvas, pixel by pixel."""
    out = np.zeros((size, size), complex)
    for i in range(size):
        for j in range(size):
            y, x = centre[0] - size / 2 + i, centre[1] - size / 2 + j
            for row in (int(np.floor(y)), int(np.floor(y)) + 1):
                for column in (int(np.floor(x)), int(np.floor(x)) + 1):
                    share = max(0, 1 - abs(y - row)) * max(0, 1 - abs(x - column))
                    if share and 0 <= row < canvas.shape[0] and 0 <= column < canvas.shape[1]:
                        out[i, j] += share * canvas[row, column]
    return out


def intensity(transmission, probe):
    """Photons on the detector: incoherent sum over the probe's modes."""
    return sum(np.abs(far_field(mode * transmission)) ** 2 for mode in probe)
