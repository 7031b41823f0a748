"""Bring a reconstruction onto the truth: what ptychography cannot know is not an error.

A reconstruction is known up to a shift below a pixel (which a refined probe takes up), a complex factor and a phase
ramp.
"""

import dataclasses

import numpy as np
from scipy.ndimage import fourier_shift

from ptychopinn.stitching import remove_ramp

SEARCH = 1.5
"""Largest shift that is looked for, in pixels."""


@dataclasses.dataclass(frozen=True)
class Aligned:
    """Reconstruction and truth on the same pixels, and the relative complex error between them."""

    object: np.ndarray
    truth: np.ndarray
    error: float


def align(stitched, truth, positions):
    """Align a stitched object with the truth inside the scan's bounding box.

    Args:
        stitched: Stitched.
        truth: complex array `(y, x)`, pixel (0, 0) at position (0, 0).
        positions: float array `(pattern, 2)`, pixels.

    Returns:
        Aligned, or `None` where the scan and the truth share less than 8 x 8 pixels.
    """
    origin = np.array(stitched.origin)
    low = np.maximum(np.ceil(positions.min(axis=0)).astype(int), np.maximum(origin, 0))
    high = np.minimum(np.floor(positions.max(axis=0)).astype(int) + 1, truth.shape)
    high = np.minimum(high, origin + stitched.object.shape)
    if np.any(high - low < 8):
        return None
    truth = truth[low[0] : high[0], low[1] : high[1]]
    low, high = low - origin, high - origin
    image = stitched.object[low[0] : high[0], low[1] : high[1]]
    image = shift_onto(_flatten(image, truth), truth)
    image = _flatten(image, truth)
    image = image * (np.vdot(image, truth) / max(np.vdot(image, image).real, 1e-30))
    return Aligned(image, truth, float(np.linalg.norm(image - truth) / np.linalg.norm(truth)))


def shift_onto(image, truth):
    """Shift an image by a fraction of a pixel, to where it correlates best with the truth."""
    cross = np.fft.fft2(truth - truth.mean()) * np.conj(np.fft.fft2(image - image.mean()))
    frequencies = [np.fft.fftfreq(side) for side in truth.shape]
    best = np.zeros(2)
    for span in (SEARCH, SEARCH / 10, SEARCH / 100):
        steps = np.linspace(-span, span, 21)
        rows, columns = (
            np.exp(2j * np.pi * np.outer(centre + steps, frequency)) for centre, frequency in zip(best, frequencies)
        )
        peak = np.unravel_index(np.argmax(np.abs(rows @ cross @ columns.T)), (steps.size, steps.size))
        best = best + steps[list(peak)]
    return np.fft.ifft2(fourier_shift(np.fft.fft2(image), best))


def _flatten(image, truth):
    """Give the image the truth's phase ramp."""
    ratio, _ = remove_ramp(image * np.conj(truth), np.ones(truth.shape))
    return np.abs(image) * np.exp(1j * (np.angle(ratio) + np.angle(truth)))
