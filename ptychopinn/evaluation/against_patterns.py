"""How well an object and a probe explain the measured patterns: an error that needs no truth."""

import dataclasses

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.physics.deviance import poisson_deviance
from ptychopinn.physics.experiment import Experiment
from ptychopinn.physics.pure_noise import noise_of_photons
from ptychopinn.reconstruction.brightness import brightness, compared


@dataclasses.dataclass(frozen=True)
class Residual:
    r"""What is left between predicted and measured patterns: the figures of a reconstruction, for all patterns at once.

    Args:
        r_factor: float. $\sum |\sqrt{I} - \sqrt{n}| / \sum \sqrt{n}$ over all patterns.
        deviance_per_photon: float. Poisson deviance (see `poisson_deviance`) over $\sum n$: about the number of
            pixels a photon, if nothing but noise is left.
        by_pattern: float array `(pattern,)`: R-factor of each pattern.
        scale: float. Factor on the predicted intensity that conserves the photons of the scan, see `brightness`.
        noise_r_factor, noise_deviance: float. What both would be if nothing but the noise of photons were left; None
            where nobody asked, or amplitudes do not tell how many there were.
    """

    r_factor: float
    deviance_per_photon: float
    by_pattern: np.ndarray
    scale: float
    noise_r_factor: float | None = None
    noise_deviance: float | None = None


def residual(reconstruction: Reconstruction, probe: np.ndarray, scan: Scan, of_noise: bool = True) -> Residual:
    """Compare the patterns that a reconstruction predicts with those of a scan, good pixels only.

    Args:
        reconstruction: Reconstruction, with an origin.
        probe: complex array `(mode, y, x)`.
        scan: Scan.
        of_noise: bool. Whether to say what noise alone would leave. Defaults to `True`.

    Returns:
        Residual.
    """
    experiment = experiment_of(reconstruction, probe, scan)
    errors, amplitudes = np.zeros(len(scan)), np.zeros(len(scan))
    scale = brightness(experiment, scan)
    detector = experiment.detector(scale)
    photons = deviance = noise = noise_deviance = 0.0
    told = of_noise and scan.measurement == "counts"
    for part, measured, light in compared(experiment, scan, np.arange(len(scan))):
        good = measured >= 0
        expected, counts = detector.expected(light), np.square(np.maximum(measured, 0.0))
        errors[part] = np.where(good, np.abs(np.sqrt(expected) - measured), 0).sum(axis=(1, 2))
        amplitudes[part] = np.where(good, measured, 0).sum(axis=(1, 2))
        photons += counts[good].sum(dtype=np.float64)
        deviance += poisson_deviance(expected, counts)[good].sum()
        if told:
            by_noise = noise_of_photons(expected[good])
            noise_deviance, noise = noise_deviance + by_noise[0].sum(), noise + by_noise[1].sum()
    return Residual(
        r_factor=float(errors.sum() / amplitudes.sum()),
        deviance_per_photon=float(deviance / photons),
        by_pattern=errors / np.maximum(amplitudes, 1e-30),
        scale=scale,
        noise_r_factor=float(noise / amplitudes.sum()) if told else None,
        noise_deviance=float(noise_deviance / photons) if told else None,
    )


def where_found(scan: Scan, reconstruction: Reconstruction) -> Scan:
    """Return a scan at the positions of a reconstruction of its patterns, where passes may have moved them a little."""
    found = reconstruction.positions
    if found is None or np.shape(found) != scan.positions.shape:
        return scan
    return scan.moved_to(found) if np.abs(found - scan.positions).max() < scan.size / 2 else scan


def predict(
    reconstruction: Reconstruction, probe: np.ndarray, scan: Scan, indices: np.ndarray, scale: float = 1.0
) -> np.ndarray:  # fmt: skip
    """Predict patterns of a scan: float array `(pattern, y, x)`, photons where `scale` is that of the residual."""
    experiment = experiment_of(reconstruction, probe, scan)
    return experiment.detector(scale).expected(experiment.light(scan.positions, indices))


def experiment_of(reconstruction: Reconstruction, probe: np.ndarray, scan: Scan) -> Experiment:
    """Return what a reconstruction says of the experiment; of each pattern only if it is of these patterns."""
    obj, origin = covering(reconstruction, scan)
    flux, variation, weights = reconstruction.flux, reconstruction.probe_variation, reconstruction.probe_weights
    dark = scan.background if reconstruction.background is None else reconstruction.background
    optics = dataclasses.replace(reconstruction.optics, distance=scan.optics.distance)
    experiment = Experiment(obj, probe, origin, optics, background=dark)
    if flux is not None and len(flux) == len(scan):
        experiment = dataclasses.replace(experiment, flux=flux)
    if weights is not None and len(weights) == len(scan):
        experiment = dataclasses.replace(experiment, variation=variation, weights=weights)
    return experiment


def covering(reconstruction: Reconstruction, scan: Scan) -> tuple[np.ndarray, np.ndarray]:
    """Return the reconstruction's object, grown by its edge pixels until it covers every patch.

    Returns:
        `(object, origin)`: complex array `(y, x)`, or `(slice, y, x)`, and the position of its pixel (0, 0).

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
    obj = reconstruction.object[None] if reconstruction.slices is None else reconstruction.slices
    grown = np.pad(obj, [(0, 0), *zip(before, after)], mode="edge")
    return grown[0] if reconstruction.slices is None else grown, origin - before
