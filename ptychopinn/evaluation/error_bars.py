r"""Error bars of an object, measured by two reconstructions, each of one half of its photons.

Half of the halves' difference, n = $|A - B|^2 / 4$, is the noise of their mean, and d is what the photons of a pixel
leave open, by the curvature of their likelihood. Halves that end early differ by more than noise, and where detail is
weak, passes leave out more of it than noise: the error follows the lesser of both, n d / (n + d). The part
d / (n + d) of it is detail that is missing, which lies where there is detail; the rest is noise. Where n is far
beyond d, one half went astray, and the error is n. What doubling photons and passes changed, from the mean of the
halves to the whole, comes on top. Squares are averaged around a pixel. The factors are those that agree best with the
truth: `benchmarks/trust.py`.
"""

import dataclasses

import numpy as np
from scipy.ndimage import gaussian_filter

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.region import Box
from ptychopinn.evaluation.registration.fine import crop
from ptychopinn.evaluation.registration.register import register
from ptychopinn.physics.ramp import NO_PHASE

WINDOW = 4.0
"""Standard deviation of the Gaussian window that squared errors are averaged in, in pixels."""

LESSER, CHANGED = 3.5, 0.3
"""Factors of n d / (n + d), and of the change from the mean of the halves to the whole."""

FINE = 2.0
"""What a Gaussian of this standard deviation takes away is detail, in pixels."""


def with_error_bars(reconstruction: Reconstruction) -> Reconstruction:
    """Return a reconstruction with the standard errors of object, amplitude and phase that its `halves` tell.

    Args:
        reconstruction: Reconstruction, with halves, and the uncertainty that its dose leaves.

    Returns:
        Reconstruction, whose uncertainties are infinite beyond the rectangle that was well lit.
    """
    first, second = reconstruction.halves
    found = register(first, reconstruction, region="weight")
    box, one = found.box, found.image
    two, whole = register(second, reconstruction, box).image, crop(reconstruction.straight, box)
    turn = np.conj(whole) / np.maximum(np.abs(whole), 1e-30)  # to amplitude, real, and phase, imaginary
    noise, change = (one - two) / 2 * turn, ((one + two) / 2 - whole) * turn
    left_open = _mean(crop(np.asarray(reconstruction.uncertainty), box) ** 2 / 2)
    detail = _detail(whole)
    along, across = (_squared(part(noise), part(change), left_open, detail) for part in (np.real, np.imag))
    phase = np.minimum(np.sqrt(across) / np.maximum(np.abs(whole), 1e-30), NO_PHASE)
    shape = reconstruction.object.shape
    return dataclasses.replace(
        reconstruction,
        uncertainty=_placed(np.sqrt(along + across), box, shape),
        amplitude_uncertainty=_placed(np.sqrt(along), box, shape),
        phase_uncertainty=_placed(phase, box, shape),
        record={**reconstruction.record, "uncertainty": "halves"},
    )


def _squared(noise: np.ndarray, change: np.ndarray, left_open: np.ndarray, detail: np.ndarray) -> np.ndarray:
    """Return the squared error of amplitude, or across it."""
    noise = _mean(noise**2)
    missing = left_open / np.maximum(noise + left_open, 1e-30)
    error = LESSER * noise * missing * (missing * detail + 1 - missing)
    return np.maximum(error, noise - LESSER * left_open) + CHANGED * _mean(change**2)


def _detail(obj: np.ndarray) -> np.ndarray:
    """Return how strong the detail around each pixel is, beside that of the whole."""
    smooth = gaussian_filter(obj, FINE, mode="reflect")
    strength = _mean(np.abs(obj - smooth) ** 2)
    return np.sqrt(strength / np.maximum(strength.mean(), 1e-30))


def _mean(squares: np.ndarray) -> np.ndarray:
    return gaussian_filter(squares, WINDOW, mode="reflect")


def _placed(values: np.ndarray, box: Box, shape: tuple[int, ...]) -> np.ndarray:
    canvas = np.full(shape, np.inf, np.float32)
    canvas[box[0] : box[1], box[2] : box[3]] = values
    return canvas
