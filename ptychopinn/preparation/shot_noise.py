"""The gain of a detector, from the noise that photons make."""

import numpy as np

FLATTEST = 1.5
"""By how much the spectrum rises over its lowest twentieth, at most, where it is noise alone."""


def variance_per_mean(values: np.ndarray) -> float | None:
    r"""Return how many units of a pattern's values one photon is, from their variance against their mean.

    A pattern of an illumination that fills part of its window holds no structure finer than that: the farthest part of
    its Fourier transform is noise alone, of the power $\sum_q \sigma_q^2$; that of photons of $g$ units each is
    $g \sum_q I_q$. So the lowest power over the light is $g$, whatever the object.

    Args:
        values: float array `(pattern, y, x)`.

    Returns:
        float, or None where some pixels have no data, or no part of the spectrum is flat.
    """
    light = float(values.sum(axis=(1, 2), dtype=np.float64).mean())
    if not np.isfinite(light) or light <= 0:
        return None
    power = np.zeros(values.shape[1:])
    for pattern in values:
        power += np.abs(np.fft.fft2(pattern)) ** 2
    low, higher = np.percentile(power / len(values), (1, 5))
    return float(low / light) if 0 < higher <= FLATTEST * low else None
