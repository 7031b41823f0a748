"""A probe where the file has none: the mean pattern, propagated back to where the scan's steps overlap."""

import numpy as np

from ptychopinn.data.grouping import spacing
from ptychopinn.physics.resampling import centred_fft
from ptychopinn.preparation.centre import around
from ptychopinn.preparation.trial import Trial

WIDTHS = (0.45, 0.6, 0.8, 1.1)
"""Standard deviations of a probe's light along an axis that are tried, in steps of the scan."""

WIDEST = 0.2
"""The same, at most, in sides of its window."""


def guessed_probe(
    light: np.ndarray, mask: np.ndarray, positions: np.ndarray, trial: Trial, defocus: float | None = None
) -> tuple[np.ndarray, str]:
    r"""Return a first guess of the probe, complex `(1, y, x)`, and a sentence that says how it was made.

    The root of the mean pattern is what an empty beam sends to the detector, a little smeared by the object. Propagated
    back without a phase it is the focus; a defocus $e^{-i \pi \lambda z k^2}$ widens it. Unless it is given, the focus
    is tried, and either sign of what makes the probe as wide as the steps of a scan ask for: that is taken with which
    a few sweeps explain some neighbouring patterns best.

    Args:
        light: float array `(y, x)`: mean pattern, zero frequency at the centre, 0 on bad pixels.
        mask: bool array `(y, x)`, True on good pixels: those around stand for the others.
        positions: float array `(pattern, 2)`, pixels.
        trial: Trial.
        defocus: float. $\lambda z$ in squared pixels of the object. Defaults to what the patterns tell.
    """
    amplitude = np.sqrt(np.where(mask, light, around(light, ~mask)))
    made = "defocused as asked"
    if defocus is None:
        widths = [min(width * _step(positions), WIDEST * amplitude.shape[-1]) for width in WIDTHS]
        found = {_defocus_for(amplitude, width) for width in widths}
        tried = sorted({0.0, *found, *(-one for one in found)}, key=lambda one: (abs(one), one))
        defocus = min(tried, key=lambda one: trial.misfit(_defocused(amplitude, one)))
        wide = 4 * _width(_defocused(amplitude, defocus))
        made = f"defocused to about {wide:.0f} pixels, with which it explains some patterns best"
    said = f"The probe is made of the mean pattern, propagated back, {made}; --defocus overrides."
    return _defocused(amplitude, defocus)[None], said


def _defocused(amplitude: np.ndarray, defocus: float) -> np.ndarray:
    side = amplitude.shape[-1]
    k = (np.arange(side) - side // 2) / side
    phase = -np.pi * defocus * (k[:, None] ** 2 + k**2)
    return centred_fft(amplitude * np.exp(1j * phase), inverse=True)


def _defocus_for(amplitude: np.ndarray, width: float) -> float:
    """Return the least defocus, in squared pixels, with which the probe is so wide; 0 if its focus is."""
    tried = np.linspace(0, 2 * amplitude.shape[-1], 129)
    return float(next((one for one in tried if _width(_defocused(amplitude, float(one))) >= width), tried[-1]))


def _width(wave: np.ndarray) -> float:
    """Return the standard deviation of a wave's light along an axis, pixels."""
    light = np.abs(wave) ** 2
    y, x = np.indices(light.shape) - (np.array(light.shape) // 2)[:, None, None]
    return float(np.sqrt((light * (y**2 + x**2)).sum() / (2 * light.sum())))


def _step(positions: np.ndarray) -> float:
    """Return the median distance of a position's nearest neighbour, pixels; 0 of a single place."""
    places = np.unique(positions, axis=0)
    return spacing(places) if len(places) > 1 else 0.0
