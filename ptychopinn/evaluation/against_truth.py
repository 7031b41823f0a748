"""Score a reconstruction against the truth, or against another reconstruction of the same scan."""

import dataclasses
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation import ring_correlation as rings
from ptychopinn.evaluation.metrics import errors, ms_ssim, parts, peak_ratio, ssim, varies
from ptychopinn.evaluation.region import Box, well_lit
from ptychopinn.evaluation.registration.register import register

RADIAN = 1.0
"""A phase that varies by the rounding of this does not vary."""


@dataclasses.dataclass(frozen=True)
class Score:
    """How close a reconstruction is to the truth.

    Args:
        figures: dict from name to float; NaN where the truth does not vary, so that a figure has no meaning. Of each
            part, `complex`, `amplitude` and `phase` (radians): `mae_*`, `nrmse_*`, `psnr_*` (dB, the truth's range as
            peak), `frc50_*`, `frc143_*`, `frc_half_bit_*` (cycles per pixel) and `frc_area_*`; of amplitude and phase
            also `ssim_*`, `ms_ssim_*`, `psnr_255_*` (dB, 255 as peak, as PtychoPINN states it) and `frc50_rings_*`
            (0.5 crossing, counted in rings); `resolution_m` and `resolution_half_bit_m` (period at the complex
            crossing) where the pixel size is known.
        curves: dict of float arrays `(ring,)`: `frequency` (cycles per pixel), `frc`, `frc_amplitude`, `frc_phase`,
            and `half_bit`, the threshold for the complex image.
        image, truth: complex arrays `(y, x)`: both on the same pixels, those of the region.
        region: `(top, bottom, left, right)` in the truth's pixels.
        shift: `(y, x)` by which the image was moved from where the origins put it, or else from the truth's corner.
        ramp: `(y, x)` phase ramp that the image was multiplied with, radians per pixel.
        factor: complex factor that the image, its mean phase taken out, was multiplied with, at the region's middle.
        pixel_size_m: float, where it is known.
    """

    figures: dict[str, float]
    curves: dict[str, np.ndarray]
    image: np.ndarray
    truth: np.ndarray
    region: Box
    shift: tuple[float, float]
    ramp: tuple[float, float]
    factor: complex
    pixel_size_m: float | None = None


def score(
    reconstruction: Reconstruction, truth: Reconstruction, region: str | Box = "auto", low_pass_px: float | None = None
) -> Score:
    """Register a reconstruction with the truth and measure how close it is.

    Shift, complex factor and phase ramp are removed together: ptychography cannot know them.

    Args:
        reconstruction, truth: Reconstruction.
        region: `"auto"`, `"weight"`, `"scan"`, or a box of the truth's pixels: see `find_region`.
        low_pass_px: float. Sigma of a Gaussian filter that is applied to both images first, pixels.

    Returns:
        Score.

    Raises:
        ValueError: if one of the two is constant, or they share less than 16 x 16 pixels.
    """
    for one in (reconstruction, truth):
        require_contrast(one)
    found = register(reconstruction, truth, region)
    image, target = found.image, found.truth
    if low_pass_px:
        image, target = (gaussian_filter(part, low_pass_px) for part in (image, target))
    pixel_size_m = truth.pixel_size_m or reconstruction.pixel_size_m
    figures, curves = measure(image, target, pixel_size_m)
    return Score(figures, curves, image, target, found.box, found.shift, found.ramp, found.factor, pixel_size_m)


def measure(
    image: np.ndarray, truth: np.ndarray, pixel_size_m: float | None = None
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Return the `figures` and `curves` of a `Score` for two complex images on the same pixels."""
    figures: dict[str, float] = {}
    curves = {"frequency": rings.frequencies(truth.shape)}
    half_bit = {real: rings.half_bit(truth.shape, real) for real in (False, True)}
    for name, (ours, theirs) in parts(image, truth).items():
        real, known = name != "complex", varies(theirs, RADIAN if name == "phase" else 0.0)
        found = errors(ours, theirs)
        rmse = found.pop("rmse")
        found["psnr"] = found["psnr"] if known else np.nan
        curve = rings.ring_correlation(ours, theirs) if known else np.full(len(curves["frequency"]), np.nan)
        limits: dict[str, Any] = {"frc50": 0.5, "frc143": rings.SEVENTH, "frc_half_bit": half_bit[real]}
        found |= {key: rings.crossing(curve, limit) if known else np.nan for key, limit in limits.items()}
        found["frc_area"] = rings.area(curve)
        if real:
            found |= {
                "ssim": ssim(ours, theirs) if known else np.nan,
                "ms_ssim": ms_ssim(ours, theirs) if known else np.nan,
                "psnr_255": peak_ratio(255, rmse),
                "frc50_rings": found["frc50"] * min(truth.shape),
            }
        figures |= {f"{key}_{name}": value for key, value in found.items()}
        curves[f"frc_{name}" if real else "frc"] = curve
    curves["half_bit"] = half_bit[False]
    if pixel_size_m:
        for key, limit in (("resolution_m", "frc50_complex"), ("resolution_half_bit_m", "frc_half_bit_complex")):
            figures[key] = pixel_size_m / figures[limit] if figures[limit] else np.nan
    return figures, curves


def require_contrast(reconstruction: Reconstruction) -> None:
    """Raise ValueError if the object of a reconstruction is one value everywhere that light came to."""
    seen = reconstruction.object[well_lit(reconstruction)]
    if not seen.size or not varies(seen):
        value = f"one value, {seen.mean():.4g}, everywhere" if seen.size else "no pixel with light"
        raise ValueError(f"{reconstruction.name} must vary to be compared. Received: {value}. Was it reconstructed?")
