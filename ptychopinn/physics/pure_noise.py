"""What is left between patterns and a perfect prediction: the noise of photons alone, by the expected photons."""

import functools

import numpy as np
from scipy.stats import poisson

from ptychopinn.physics.deviance import poisson_deviance

FEWEST, MOST = 1e-5, 1e3
"""Expected photons between which the expectations are tabulated; below they go as the photons do, above they stay."""

POINTS = 160
"""Of the table, spread evenly over the logarithm."""


def noise_of_photons(expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Return what Poisson counts n of expectation I leave on average: deviance, and $|\sqrt I - \sqrt n|$.

    Args:
        expected: float array: photons.

    Returns:
        two float arrays of its shape; of bright pixels about 1, and $1 / \sqrt{2 \pi}$.
    """
    place = np.log(np.clip(expected, FEWEST, MOST) / FEWEST) * ((POINTS - 1) / np.log(MOST / FEWEST))
    below = np.minimum(place.astype(int), POINTS - 2)
    above = place - below
    deviance, amplitude = ((1 - above) * table[below] + above * table[below + 1] for table in _tables())
    faint = np.minimum(expected / FEWEST, 1)
    return deviance * faint, amplitude * np.sqrt(faint)


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    photons = np.geomspace(FEWEST, MOST, POINTS)
    deviances, amplitudes = np.zeros(POINTS), np.zeros(POINTS)
    for place, mean in enumerate(photons):
        counts = np.arange(int(mean + 10 * np.sqrt(mean) + 20))
        chance = poisson.pmf(counts, mean)
        deviances[place] = np.sum(chance * poisson_deviance(mean, counts))
        amplitudes[place] = np.sum(chance * np.abs(np.sqrt(mean) - np.sqrt(counts)))
    return deviances, amplitudes
