"""Figures of an image against the truth, both on the same pixels.

References:
    Wang et al., IEEE Trans. Image Process. 13, 600 (2004), doi:10.1109/TIP.2003.819861: SSIM.
    Wang, Simoncelli and Bovik, Asilomar (2003), doi:10.1109/ACSSC.2003.1292216: multi-scale SSIM.
"""

from typing import Any

import numpy as np
from skimage.metrics import structural_similarity

from ptychopinn.evaluation.downscale import block_means

SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Weights of multi-scale SSIM, finest scale first, as published."""

WINDOW = 11
"""Side of SSIM's Gaussian window of sigma 1.5, in pixels."""

NO_LUMINANCE = 1e6
"""K1 of SSIM at which its luminance term is 1 whatever the means."""

SMALLEST_ERROR = 1e-12
"""Errors below this part of the truth count as it: two equal images have a finite PSNR."""


def parts(image: np.ndarray, truth: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Split two complex images into what is compared.

    The truth's phase is turned by its mean, to keep it off the branch cut; the image's lies within half a turn of it.

    Returns:
        dict from `complex`, `amplitude` and `phase` to the pair `(image, truth)`; phases in radians.
    """
    mean = np.angle(np.mean(np.exp(1j * np.angle(truth))))
    phase = wrap(np.angle(truth).astype(float) - mean)
    return {
        "complex": (image, truth),
        "amplitude": (np.abs(image).astype(float), np.abs(truth).astype(float)),
        "phase": (phase + wrap(np.angle(image) - mean - phase), phase),
    }


def wrap(phase: np.ndarray) -> np.ndarray:
    """Bring a phase to -pi ... pi."""
    return (phase + np.pi) % (2 * np.pi) - np.pi


def errors(image: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the figures of the difference between two images, complex or real.

    Returns:
        dict: `mae` and `rmse`; `nrmse`, relative to the truth's norm; `psnr` in dB, whose peak is the range of the
        truth (the largest modulus, for a complex one).
    """
    difference = np.abs(image - truth)
    norm = float(np.sqrt(np.mean(np.abs(truth) ** 2)))
    rmse = max(float(np.sqrt(np.mean(difference**2))), SMALLEST_ERROR * (norm or 1.0))
    peak = float(np.abs(truth).max() if np.iscomplexobj(truth) else np.ptp(truth))
    return {
        "mae": float(difference.mean()),
        "rmse": rmse,
        "nrmse": rmse / norm if norm else np.nan,
        "psnr": peak_ratio(peak, rmse),
    }


def peak_ratio(peak: float, rmse: float) -> float:
    """Return the peak signal-to-noise ratio, in dB."""
    return float(20 * np.log10(peak / rmse)) if peak else -np.inf


def varies(truth: np.ndarray, unit: float = 0.0) -> bool:
    """Tell whether an image is more than one value and the rounding of its largest, or of a unit."""
    return bool(np.abs(truth - truth.mean()).max() > 1e-6 * max(np.abs(truth).max(), unit))


def ssim(image: np.ndarray, truth: np.ndarray) -> float:
    """Return the structural similarity of two real images, for the range of the truth."""
    return _similarity(image, truth, np.ptp(truth))


def ms_ssim(image: np.ndarray, truth: np.ndarray) -> float:
    r"""Return the multi-scale structural similarity of two real images: $l_M^{w_M} \prod_j (c s)_j^{w_j}$.

    Between scales the images are averaged over 2 x 2 pixels. Luminance is compared at the coarsest scale alone. A scale
    at which contrast and structure are opposed counts as 0. Images under 176 pixels have room for fewer than five
    scales: the weights of those are brought to the same sum.
    """
    scales = int(np.log2(min(truth.shape) / WINDOW)) + 1
    weights = np.array(SCALE_WEIGHTS[:scales]) * (sum(SCALE_WEIGHTS) / sum(SCALE_WEIGHTS[:scales]))
    peak, product = np.ptp(truth), 1.0
    for weight in weights[:-1]:
        product *= max(_similarity(image, truth, peak, K1=NO_LUMINANCE), 0.0) ** weight
        image, truth = block_means(image, 2), block_means(truth, 2)
    return float(product * max(_similarity(image, truth, peak), 0.0) ** weights[-1])


def _similarity(image: np.ndarray, truth: np.ndarray, peak: float, **settings: Any) -> float:
    mean = structural_similarity(truth, image, data_range=peak, gaussian_weights=True, sigma=1.5,
                                 use_sample_covariance=False, **settings)  # fmt: skip
    return float(mean)
