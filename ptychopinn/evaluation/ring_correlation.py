r"""Fourier ring correlation: up to which spatial frequency two images agree.

$\mathrm{FRC}(q) = \sum_q F G^* / \sqrt{\sum_q |F|^2 \sum_q |G|^2}$ over rings of Fourier space.

References:
    Saxton and Baumeister, J. Microsc. 127, 127 (1982), doi:10.1111/j.1365-2818.1982.tb00405.x
    van Heel and Schatz, J. Struct. Biol. 151, 250 (2005), doi:10.1016/j.jsb.2005.05.009: thresholds.
"""

import itertools

import numpy as np
from scipy.signal.windows import tukey

NYQUIST = 0.5
"""Highest frequency, in cycles per pixel."""

FADE = 0.25
"""Part of the image's side over which the window falls to zero."""

REACH = 2
"""Fourier pixels farther apart are independent under that window."""

SEVENTH = 1 / 7


def ring_correlation(image: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Correlate two images ring by ring, their means removed, under a Tukey window.

    Args:
        image, truth: real or complex arrays `(y, x)`.

    Returns:
        float array `(ring,)`: from -1 to 1, half the shorter side of rings from frequency 0 to Nyquist.
    """
    cross, power, true_power = (shared_power(*pair) for pair in ((image, truth), (image, image), (truth, truth)))
    return cross / np.sqrt(np.maximum(power * true_power, np.finfo(float).tiny))


def shared_power(image: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the power that two images share ring by ring, their means removed, under a Tukey window.

    Args:
        image, truth: real or complex arrays `(y, x)`.

    Returns:
        float array `(ring,)`: its parts where they agree, less those where they disagree.
    """
    window, rings = _window(truth.shape), _rings(truth.shape)
    ours, theirs = (np.fft.fft2((part - part.mean()) * window) for part in (image, truth))
    return np.bincount(rings.ravel(), (theirs * np.conj(ours)).real.ravel())[: min(truth.shape) // 2]


def frequencies(shape: tuple[int, ...]) -> np.ndarray:
    """Return the middle of each ring: float array `(ring,)`, cycles per pixel."""
    count = min(shape) // 2
    return (np.arange(count) + 0.5) * NYQUIST / count


def half_bit(shape: tuple[int, ...], real: bool = False) -> np.ndarray:
    r"""Return the correlation that carries half a bit of information per independent sample of Fourier space.

    $(0.2071 + 1.9102 / \sqrt n) / (1.2071 + 0.9102 / \sqrt n)$, with n the independent samples of a ring: its pixels,
    less those that the window ties together, and half of them where the images are real. The first ring, all but the
    mean that was removed, asks for nothing.

    Args:
        shape: `(y, x)` of the images.
        real: bool. Whether the images are real.

    Returns:
        float array `(ring,)`, NaN first.
    """
    root = np.sqrt(np.append(np.nan, independent_samples(shape, real)[1:]))
    return (0.2071 + 1.9102 / root) / (1.2071 + 0.9102 / root)


def independent_samples(shape: tuple[int, ...], real: bool = False) -> np.ndarray:
    r"""Return the effective number of independent samples of each ring: float array `(ring,)`.

    The window $w$ ties Fourier pixels a few apart together, by $|\mathcal F\{w^2\}|^2$ of their distance; where both
    are in one ring, they count as less than two.
    """
    rings, count = _rings(shape), min(shape) // 2
    ties = [_ties(side) for side in shape]
    pixels = np.bincount(rings.ravel())[:count]
    tied: np.ndarray | float = 0.0
    for (y, tie_y), (x, tie_x) in itertools.product(ties[0].items(), ties[1].items()):
        together = rings[rings == np.roll(rings, (y, x), axis=(0, 1))]
        tied = tied + tie_y * tie_x * np.bincount(together, minlength=count + 1)[:count]
    return pixels**2 / tied / (2 if real else 1)


def crossing(correlation: np.ndarray, threshold: float | np.ndarray) -> float:
    """Return the frequency, cycles per pixel, at which a correlation first falls below a threshold.

    The correlation is smoothed lightly (1/4, 1/2, 1/4) first. Nyquist where it never falls; 0 where it begins below.

    Args:
        correlation: float array `(ring,)`.
        threshold: float, or float array `(ring,)`; NaN where it asks for nothing.
    """
    smooth = np.convolve(np.pad(correlation, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    above = smooth - threshold
    below = np.flatnonzero(above < 0)
    if not below.size:
        return NYQUIST
    ring = below[0]
    if ring == 0 or np.isnan(above[ring - 1]):
        return 0.0
    part = above[ring - 1] / (above[ring - 1] - above[ring])
    return float((ring - 0.5 + part) * NYQUIST / len(smooth))


def area(correlation: np.ndarray) -> float:
    """Return the mean of a correlation from 0 to Nyquist; where it is negative it counts as 0."""
    return float(np.clip(correlation, 0, 1).mean())


def _rings(shape: tuple[int, ...]) -> np.ndarray:
    """Return the ring of each pixel of Fourier space; those beyond Nyquist are in the last one, which is left out."""
    count = min(shape) // 2
    radius = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1]))
    return np.minimum((radius / NYQUIST * count).astype(int), count)


def _ties(side: int) -> dict[int, float]:
    """Return how much the window ties Fourier pixels together: dict from their distance to 0 ... 1."""
    spectrum = np.abs(np.fft.fft(tukey(side, FADE) ** 2)) ** 2
    return {distance: spectrum[distance] / spectrum[0] for distance in range(-REACH, REACH + 1)}


def _window(shape: tuple[int, ...]) -> np.ndarray:
    return np.outer(*(tukey(side, FADE) for side in shape))
