"""Predicted patterns beside measured ones, and how bright an object must be to explain the photons of a scan."""

from collections.abc import Iterator

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import spread
from ptychopinn.physics.experiment import Experiment

CHUNK = 64
"""Patterns at a time."""

BRIGHT = 512
"""Patterns, at most, that tell how bright an object is."""


def brightness(experiment: Experiment, scan: Scan) -> float:
    """Return the factor on predicted light that conserves the photons of a scan, good pixels only.

    Some of its patterns tell, spread evenly over it.

    Args:
        experiment: Experiment, whose object covers every patch.
        scan: Scan.
    """
    detector, photons, predicted_photons = experiment.detector(), 0.0, 0.0
    for _, measured, light in compared(experiment, scan, spread(scan.patterns, BRIGHT)):
        good = measured >= 0
        photons += np.where(good, np.square(measured) - detector.background, 0).sum(dtype=np.float64)
        predicted_photons += detector.blurred(light)[good].sum()
    return float(max(photons, 0.0) / max(predicted_photons, 1e-30))


def compared(
    experiment: Experiment, scan: Scan, patterns: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield `(numbers, measured amplitudes, predicted light)` of some patterns, a chunk of them at a time."""
    for start in range(0, len(patterns), CHUNK):
        part = patterns[start : start + CHUNK]
        yield part, scan.amplitudes(part), experiment.light(scan.positions, part)
