r"""Error bars of an object, measured by two reconstructions, each of one half of its photons.

Noise: in what the halves differ, $|A - B|^2 / 4$ is that of their mean. Bias, of detail that passes left out, is in no
difference of halves. Two things tell of it: what doubling photons and passes changed, from the mean of the halves to
the whole; and what the photons of a pixel leave open in any case, by the curvature of their likelihood, of which half
is along the waves' phases. The one is too large where halves end early and the other where detail is weak: their mean
is taken. Squares are averaged around a pixel. `benchmarks/trust.py` compares with the truth.
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
    left_open = crop(np.asarray(reconstruction.uncertainty), box) ** 2 / 2
    along, across = (_mean(part(noise) ** 2 + (part(change) ** 2 + left_open / 2) / 2) for part in (np.real, np.imag))
    phase = np.minimum(np.sqrt(across) / np.maximum(np.abs(whole), 1e-30), NO_PHASE)
    shape = reconstruction.object.shape
    return dataclasses.replace(
        reconstruction,
        uncertainty=_placed(np.sqrt(along + across), box, shape),
        amplitude_uncertainty=_placed(np.sqrt(along), box, shape),
        phase_uncertainty=_placed(phase, box, shape),
        record={**reconstruction.record, "uncertainty": "halves"},
    )


def _mean(squares: np.ndarray) -> np.ndarray:
    return gaussian_filter(squares, WINDOW, mode="reflect")


def _placed(values: np.ndarray, box: Box, shape: tuple[int, ...]) -> np.ndarray:
    canvas = np.full(shape, np.inf, np.float32)
    canvas[box[0] : box[1], box[2] : box[3]] = values
    return canvas
