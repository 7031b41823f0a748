"""Predicted patterns beside measured ones, and how bright an object must be to explain the photons of a scan."""

from collections.abc import Iterator

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.physics.numpy_physics import exit_waves, far_field_intensity

CHUNK = 64
"""Patterns at a time."""


def brightness(obj: np.ndarray, origin: np.ndarray, probe: np.ndarray, scan: Scan) -> float:
    """Return the factor on predicted intensity that conserves the photons of a scan, good pixels only.

    Args:
        obj: complex array `(y, x)` that covers every patch, its pixel (0, 0) at `origin`, pixels `(y, x)`.
        probe: complex array `(mode, y, x)`.
        scan: Scan.
    """
    photons = predicted_photons = 0.0
    for _, measured, predicted in compared(obj, origin, probe, scan):
        good = measured >= 0
        photons += np.square(measured[good]).sum(dtype=np.float64)
        predicted_photons += predicted[good].sum()
    return float(photons / max(predicted_photons, 1e-30))


def compared(
    obj: np.ndarray, origin: np.ndarray, probe: np.ndarray, scan: Scan
) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield `(slice, measured amplitudes, predicted intensities)` for the patterns, a chunk at a time."""
    for start in range(0, len(scan), CHUNK):
        part = slice(start, min(start + CHUNK, len(scan)))
        waves = exit_waves(obj, probe, scan.positions[part] - origin)
        yield part, scan.amplitudes(part), far_field_intensity(waves)
