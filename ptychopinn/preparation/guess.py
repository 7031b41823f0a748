"""A probe where the file has none: the mean pattern, propagated back to where the scan's steps overlap."""

import numpy as np
from scipy.spatial import cKDTree

from ptychopinn.preparation.centre import around
from ptychopinn.preparation.resampling import centred_fft

STEPS = 0.6
"""Standard deviation of a probe's light along an axis, in steps of the scan: neighbours share about two thirds."""

WIDEST = 0.2
"""The same, at most, in sides of its window."""

MOST_CURVED = 200.0
"""Radians of defocus at the edge of the detector: more is not looked for."""


def guessed_probe(
    light: np.ndarray, mask: np.ndarray, positions: np.ndarray, defocus: float | None = None
) -> tuple[np.ndarray, str]:
    r"""Return a first guess of the probe, complex `(1, y, x)`, and a sentence that says how it was made.

    The root of the mean pattern is what an empty beam sends to the detector, a little smeared by the object. Propagated
    back without a phase it is the focus; a defocus $e^{-i \pi \lambda z k^2}$ widens it: by so much as is given, else
    until neighbours of the scan overlap as they usually do. A focus alone may be wider than that: then it stays.

    Args:
        light: float array `(y, x)`: mean pattern, zero frequency at the centre, 0 on bad pixels.
        mask: bool array `(y, x)`, True on good pixels: those around stand for the others.
        positions: float array `(pattern, 2)`, pixels.
        defocus: float. $\lambda z$ in squared pixels of the object. Defaults to what the steps tell.

    Reference:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012, for how far a first
        guess may be from the truth.
    """
    amplitude = np.sqrt(np.where(mask, light, around(light, ~mask)))
    side = amplitude.shape[-1]
    if defocus is not None:
        made = "defocused as asked"
    else:
        width = min(STEPS * _step(positions), WIDEST * side)
        defocus = _defocus_for(amplitude, width)
        wide = 4 * _width(_defocused(amplitude, defocus))
        made = f"defocused until it is about {wide:.0f} pixels wide, as the steps ask"
    said = f"The file holds no probe: it is made of the mean pattern, propagated back, {made}; --defocus overrides."
    return _defocused(amplitude, defocus)[None], said


def _defocused(amplitude: np.ndarray, defocus: float) -> np.ndarray:
    side = amplitude.shape[-1]
    k = (np.arange(side) - side // 2) / side
    phase = -np.pi * defocus * (k[:, None] ** 2 + k**2)
    return centred_fft(amplitude * np.exp(1j * phase), inverse=True)


def _defocus_for(amplitude: np.ndarray, width: float) -> float:
    """Return the least defocus, in squared pixels, with which the probe is so wide; 0 if its focus is."""
    side = amplitude.shape[-1]
    most = 4 * MOST_CURVED / np.pi
    for defocus in np.linspace(0, min(most, side), 65):
        if _width(_defocused(amplitude, float(defocus))) >= width:
            return float(defocus)
    return float(min(most, side))


def _width(wave: np.ndarray) -> float:
    """Return the standard deviation of a wave's light along an axis, pixels."""
    light = np.abs(wave) ** 2
    y, x = np.indices(light.shape) - (np.array(light.shape) // 2)[:, None, None]
    return float(np.sqrt((light * (y**2 + x**2)).sum() / (2 * light.sum())))


def _step(positions: np.ndarray) -> float:
    """Return the median distance of a position's nearest neighbour, pixels; 0 of a single place."""
    places = np.unique(positions, axis=0)
    return float(np.median(cKDTree(places).query(places, k=2)[0][:, 1])) if len(places) > 1 else 0.0
