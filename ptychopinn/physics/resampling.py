"""Waves on another window, or of another pixel: cropped and padded in real space, and in Fourier space."""

import numpy as np


def placed(image: np.ndarray, side: int) -> np.ndarray:
    """Return an image `(..., y, x)` on a square window, cropped or padded by 0 about its middle pixel n//2."""
    for axis in (-2, -1):
        length = image.shape[axis]
        before, after = side // 2 - length // 2, (side - side // 2) - (length - length // 2)
        pads = [(0, 0)] * image.ndim
        pads[axis] = (max(before, 0), max(after, 0))
        image = np.pad(image, pads)
        first = max(-before, 0)
        image = np.take(image, np.arange(first, first + side), axis=axis)
    return image


def resampled(wave: np.ndarray, side: int) -> np.ndarray:
    """Return a wave `(..., y, x)` on a square of other pixels and the same width: its Fourier transform is placed.

    Fewer pixels keep the slow frequencies; more are interpolated by a band-limited function. Light is kept but for
    what is cut off.
    """
    if wave.shape[-2:] == (side, side):
        return wave
    spectrum = placed(centred_fft(wave), side)
    return centred_fft(spectrum, inverse=True)


def centred_fft(wave: np.ndarray, inverse: bool = False) -> np.ndarray:
    """Return the unitary Fourier transform of waves `(..., y, x)`, both origins at pixel n//2."""
    axes = (-2, -1)
    transform = np.fft.ifft2 if inverse else np.fft.fft2
    return np.fft.fftshift(transform(np.fft.ifftshift(wave, axes=axes), norm="ortho"), axes=axes)
