"""Predicted patterns beside measured ones, and how bright an object must be to explain the photons of a scan."""

from collections.abc import Iterator

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.physics.experiment import Experiment

CHUNK = 64
"""Patterns at a time."""


def brightness(experiment: Experiment, scan: Scan) -> float:
    """Return the factor on predicted light that conserves the photons of a scan, good pixels only.

    Args:
        experiment: Experiment, whose object covers every patch.
        scan: Scan.
    """
    detector, photons, predicted_photons = experiment.detector(), 0.0, 0.0
    for _, measured, light in compared(experiment, scan):
        good = measured >= 0
        photons += np.where(good, np.square(measured) - detector.background, 0).sum(dtype=np.float64)
        predicted_photons += detector.blurred(light)[good].sum()
    return float(max(photons, 0.0) / max(predicted_photons, 1e-30))


def compared(experiment: Experiment, scan: Scan) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield `(slice, measured amplitudes, predicted light)` for the patterns, a chunk at a time."""
    for start in range(0, len(scan), CHUNK):
        part = slice(start, min(start + CHUNK, len(scan)))
        yield part, scan.amplitudes(part), experiment.light(scan.positions, part)
