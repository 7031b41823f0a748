"""Resolution of each place: ring correlation of two images in windows that overlap, one around every pixel."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

BANDS = 16
"""Rings of Fourier space, each fading into the next."""

WINDOW = 10.0
"""Standard deviation of the Gaussian window around a pixel, in pixels."""

MARGIN = 32
"""Mirrored pixels around the images: a step at their edge would correlate."""


def local_periods(first: np.ndarray, second: np.ndarray, corrected: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the period up to which two images agree around each pixel: float array `(y, x)`, pixels.

    Args:
        first, second: complex arrays `(y, x)`, registered.
        corrected: function of the correlations, before they are compared with 0.5.
    """
    curves = np.stack([correlation for correlation in _by_band(first, second)])
    smooth = (np.concatenate([curves[:1], curves[:-1]]) + 2 * curves + np.concatenate([curves[1:], curves[-1:]])) / 4
    return 1 / _crossing(corrected(smooth))


def _by_band(first: np.ndarray, second: np.ndarray) -> list[np.ndarray]:
    """Correlate two images around each pixel, band by band: list of float arrays `(y, x)`."""
    margin = min(MARGIN, *(side - 1 for side in first.shape))
    inner = np.s_[margin:-margin, margin:-margin]
    waves = [np.fft.fft2(np.pad(image - image.mean(), margin, mode="reflect")) for image in (first, second)]
    radius = np.hypot(np.fft.fftfreq(waves[0].shape[0])[:, None], np.fft.fftfreq(waves[0].shape[1])) * 2 * BANDS
    found = []
    for band in range(BANDS):
        passes = np.clip(1 - np.abs(radius - band - 0.5), 0, 1)
        ours, theirs = (np.fft.ifft2(wave * passes) for wave in waves)
        parts = (ours * np.conj(theirs)).real, np.abs(ours) ** 2, np.abs(theirs) ** 2
        cross, power, other = (gaussian_filter(part, WINDOW)[inner] for part in parts)
        found.append(cross / np.sqrt(np.maximum(power * other, np.finfo(float).tiny)))
    return found


def _crossing(curves: np.ndarray) -> np.ndarray:
    """Return the frequency, cycles per pixel, at which curves `(band, y, x)` first fall below 0.5: Nyquist at most."""
    below = curves < 0.5
    band = np.where(below.any(axis=0), below.argmax(axis=0), BANDS)
    after, before = (np.clip(band - back, 0, BANDS - 1)[None] for back in (0, 1))
    high, low = (np.take_along_axis(curves, at, axis=0)[0] for at in (before, after))
    part = np.where(high > low, (high - 0.5) / np.maximum(high - low, 1e-9), 0.5)
    return np.clip(band - 0.5 + np.clip(part, 0, 1), 0.5, BANDS) / (2 * BANDS)
