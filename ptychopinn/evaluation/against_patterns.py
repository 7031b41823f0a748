"""How well an object and a probe explain the measured patterns: an error that needs no truth."""

import dataclasses

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.physics.detector import Detector
from ptychopinn.physics.deviance import poisson_deviance
from ptychopinn.physics.numpy_physics import exit_waves, far_field_intensity
from ptychopinn.reconstruction.brightness import brightness, compared


@dataclasses.dataclass(frozen=True)
class Residual:
    r"""What is left between predicted and measured patterns: the figures of a reconstruction, for all patterns at once.

    Args:
        r_factor: float. $\sum |\sqrt{I} - \sqrt{n}| / \sum \sqrt{n}$ over all patterns.
        deviance_per_photon: float. Poisson deviance (see `poisson_deviance`) over $\sum n$: about the number of
            pixels a photon, if nothing but noise is left.
        by_pattern: float array `(pattern,)`: R-factor of each pattern.
        scale: float. Factor on the predicted intensity that conserves the photons of the scan.
    """

    r_factor: float
    deviance_per_photon: float
    by_pattern: np.ndarray
    scale: float


def residual(reconstruction: Reconstruction, probe: np.ndarray, scan: Scan) -> Residual:
    """Compare the patterns that a reconstruction predicts with those of a scan, good pixels only.

    Args:
        reconstruction: Reconstruction, with an origin.
        probe: complex array `(mode, y, x)`.
        scan: Scan.

    Returns:
        Residual.
    """
    obj, origin = covering(reconstruction, scan)
    errors, amplitudes = np.zeros(len(scan)), np.zeros(len(scan))
    scale = brightness(obj, origin, probe, scan)
    detector = Detector(flux=scale)
    photons = deviance = 0.0
    for part, measured, predicted in compared(obj, origin, probe, scan):
        good = measured >= 0
        expected, counts = detector.expected(predicted), np.square(np.maximum(measured, 0.0))
        errors[part] = np.where(good, np.abs(np.sqrt(expected) - measured), 0).sum(axis=(1, 2))
        amplitudes[part] = np.where(good, measured, 0).sum(axis=(1, 2))
        photons += counts[good].sum(dtype=np.float64)
        deviance += poisson_deviance(expected, counts)[good].sum()
    return Residual(
        r_factor=float(errors.sum() / amplitudes.sum()),
        deviance_per_photon=float(deviance / photons),
        by_pattern=errors / np.maximum(amplitudes, 1e-30),
        scale=scale,
    )


def predict(reconstruction: Reconstruction, probe: np.ndarray, scan: Scan, indices: np.ndarray) -> np.ndarray:
    """Predict patterns of a scan: float array `(pattern, y, x)`, photons up to the `scale` of the residual."""
    obj, origin = covering(reconstruction, scan)
    return far_field_intensity(exit_waves(obj, probe, scan.positions[indices] - origin))


def covering(reconstruction: Reconstruction, scan: Scan) -> tuple[np.ndarray, np.ndarray]:
    """Return the reconstruction's object, grown by its edge pixels until it covers every patch.

    Returns:
        `(object, origin)`: complex array `(y, x)` and the position of its pixel (0, 0).

    Raises:
        ValueError: if the reconstruction does not say where it lies, or does not lie where the scan is.
    """
    if reconstruction.origin is None:
        raise ValueError(
            f"{reconstruction.name} must say where it lies (origin) to be compared with patterns. "
            "Received: origin=None. Save the position of its first pixel as origin, or evaluate it against an image."
        )
    origin, shape = np.asarray(reconstruction.origin, float), np.array(reconstruction.object.shape)
    low, high = scan.positions.min(axis=0), scan.positions.max(axis=0)
    if np.any(low > origin + shape) or np.any(high < origin):
        raise ValueError(
            f"{reconstruction.name} must lie where the scan is, {low.round(1)} to {high.round(1)} pixels. "
            f"Received: {origin} to {origin + shape}. Are both from the same scan?"
        )
    before = np.maximum(np.ceil(origin - low + scan.size // 2), 0).astype(int)
    after = np.maximum(np.ceil(high + scan.size // 2 + 1 - origin - shape), 0).astype(int)
    return np.pad(reconstruction.object, list(zip(before, after)), mode="edge"), origin - before
