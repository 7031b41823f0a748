"""The drift of the brightness of the light in the order of the patterns, where it is more than an object would make."""

import numpy as np
from scipy.stats import linregress

SETTLED = 8
"""Passes before the flux of each pattern is found: an object that is flat as yet leaves its own contrast to it."""

STRETCHES = 8
"""Of the patterns, in their order, whose means are compared: as long as these, objects differ by chance."""

CHANCE = 1e-3
"""How often an object may pass for a drift."""


def drift_of(flux: np.ndarray) -> np.ndarray:
    """Return the exponential course of a flux `(pattern,)`, positive, 1 on average; 1 where chance would make as much.

    A light that falls and an object that grows darker along the scan are the same; so only what goes one way throughout
    is taken to be of the light.
    """
    time, logs = np.linspace(-1, 1, len(flux)), np.log(np.maximum(flux, 1e-3))
    stretches = np.array_split(np.arange(len(flux)), min(STRETCHES, len(flux)))
    middles, means = (np.array([values[some].mean() for some in stretches]) for values in (time, logs))
    if len(stretches) < STRETCHES or linregress(middles, means).pvalue > CHANCE:
        return np.ones_like(flux)
    course = np.exp(linregress(time, logs).slope * time)
    return course / course.mean()
