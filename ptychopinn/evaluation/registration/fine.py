"""Bring an image onto the truth below the pixel: what ptychography cannot know is not an error.

A reconstruction is known up to a shift (which the probe takes up), a complex factor and a phase ramp (which the
detector's centre takes up).
"""

import dataclasses

import numpy as np
from scipy import fft

from ptychopinn.evaluation.region import Box

MARGIN = 32
"""Pixels beyond the region, on each side, that a shift below the pixel draws on; the outer half fades out."""

INNER = np.s_[MARGIN:-MARGIN, MARGIN:-MARGIN]
ROUNDS = 30
"""Steps to the minimum, at most; a handful is the rule."""

ZOOMS = 5
"""Finer grids on which the ramp is looked for, each four times finer than the one before."""

FARTHEST = 4.0
"""Largest shift, in pixels: the image is placed to about a pixel before."""


@dataclasses.dataclass(frozen=True)
class Match:
    """An image on the truth's pixels.

    Args:
        image: complex array `(y, x)`: shifted, ramp and factor taken over from the truth.
        shift: `(y, x)` by which it was moved, pixels.
        ramp: `(y, x)` phase ramp that it was multiplied with, radians per pixel.
        factor: complex factor that it was multiplied with, at the middle of the region.
        error: float. Relative complex error that is left.
    """

    image: np.ndarray
    shift: tuple[float, float]
    ramp: tuple[float, float]
    factor: complex
    error: float


def match(window: np.ndarray, truth: np.ndarray, rounds: int = ROUNDS) -> Match:
    r"""Find the shift $d$, ramp $r$ and factor $c$ that minimise $\sum |T - c\,e^{i r y} R(y - d)|^2$, all at once.

    The ramp starts from the peak of the spectrum of $T R^*$, and Newton steps in all six unknowns, cut shorter where
    they do not help, end at the minimum.

    Args:
        window: complex array `(y + 2 MARGIN, x + 2 MARGIN)`: the image, in place to about a pixel, and its margin.
        truth: complex array of the same shape: the truth and its margin.
        rounds: int. Steps at most; 1 sees to the ramp and the factor alone. Defaults to 30.

    Returns:
        Match.
    """
    target, *true_gradient = _moved(truth, np.zeros(4))
    true_effects = _effects(target, true_gradient)
    known, best = np.zeros(4), None
    step = np.append(ramp_between(window[INNER], target), [0.0, 0.0])
    resolved = np.array([*(1e-4 / side for side in target.shape), 1e-4, 1e-4])
    for _ in range(rounds):
        image, *gradient = _moved(window, known + step)
        factor = window.dtype.type(np.vdot(image, target) / max(np.vdot(image, image).real, 1e-30))
        image, gradient = factor * image, [factor * part for part in gradient]
        error = float(np.linalg.norm(target - image) / max(float(np.linalg.norm(target)), 1e-30))
        if best is None or error < best.error:
            known = known + step
            ramp_y, ramp_x, y, x = map(float, known)
            best = Match(image, (y, x), (ramp_y, ramp_x), complex(factor), error)
            step = _newton(_effects(image, gradient), true_effects, target - image)
        else:
            step = step / 4
        if np.all(np.abs(step) < resolved) or np.any(np.abs(known[2:] + step[2:]) > FARTHEST):
            break
    assert best is not None  # the first step is always taken
    return best


def ramp_between(image: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the phase ramp `(y, x)`, radians per pixel, that brings an image closest to the truth.

    It is the peak of the spectrum of truth over image, looked for on finer and finer grids: a ramp that is wrong by
    little would still hide an object of weak contrast.
    """
    product = truth * np.conj(image)
    shape = [fft.next_fast_len(2 * side) for side in truth.shape]
    spectrum = np.abs(fft.fft2(product, s=shape))
    peak = np.unravel_index(np.argmax(spectrum), spectrum.shape)
    ramp = np.array([2 * np.pi * fft.fftfreq(length)[index] for index, length in zip(peak, shape)])
    reach = np.divide(2 * np.pi, shape)
    for _ in range(ZOOMS):
        slopes = ramp[:, None] + reach[:, None] * np.linspace(-1, 1, 9)
        along_y, along_x = (np.exp(-1j * np.outer(some, np.arange(side))) for some, side in zip(slopes, truth.shape))
        spectrum = np.abs(along_y @ product @ along_x.T)
        ramp = np.array([some[at] for some, at in zip(slopes, np.unravel_index(np.argmax(spectrum), spectrum.shape))])
        reach = reach / 4
    return ramp


def _moved(window: np.ndarray, known: np.ndarray) -> list[np.ndarray]:
    """Move a window by `known` (ramp y, x, shift y, x); returns its inside, and the gradients of that along y and x."""
    ramp, shift = known[:2], known[2:]
    rows, columns = (np.arange(side) - (side - 1) / 2 for side in window.shape)
    turned = window * _outer(np.exp(1j * ramp[0] * rows) * _fade(len(rows)),
                             np.exp(1j * ramp[1] * columns) * _fade(len(columns)), window.dtype)  # fmt: skip
    turns = [(2j * np.pi * fft.fftfreq(side)).astype(window.dtype) for side in window.shape]
    spectrum = fft.fft2(turned) * _outer(np.exp(-turns[0] * shift[0]), np.exp(-turns[1] * shift[1]), window.dtype)
    return [fft.ifft2(part)[INNER] for part in (spectrum, spectrum * turns[0][:, None], spectrum * turns[1])]


def _effects(image: np.ndarray, gradient: list[np.ndarray]) -> list[np.ndarray]:
    """Return what one unit of each unknown does to an image: ramps (over its side), shifts, and the factor's parts."""
    rows, columns = (np.linspace(-0.5, 0.5, side, dtype=np.float32) for side in image.shape)
    turned = 1j * image
    return [turned * rows[:, None], turned * columns, -gradient[0], -gradient[1], image, turned]


def _newton(effects: list[np.ndarray], true_effects: list[np.ndarray], left: np.ndarray) -> np.ndarray:
    """Return the step in (ramp y, x, shift y, x) to the minimum, for what is left of the truth.

    The curvature is that between image and truth: noise of either is not in it, as it would be in one alone.
    """
    curvature = np.array([[np.vdot(a, b).real for b in true_effects] for a in effects])
    slope = np.array([np.vdot(a, left).real for a in effects])
    step = np.linalg.lstsq((curvature + curvature.T) / 2, slope, rcond=1e-9)[0][:4]
    return np.append(step[:2] / left.shape, np.clip(step[2:], -1, 1))


def _outer(along_y: np.ndarray, along_x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return np.outer(along_y.astype(dtype), along_x.astype(dtype))


def crop(image: np.ndarray, box: Box) -> np.ndarray:
    """Cut a box `(top, bottom, left, right)` out of an image."""
    return image[box[0] : box[1], box[2] : box[3]]


def with_margin(image: np.ndarray, box: Box, place: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Cut a box and its margin out of an image, whose first pixel is at a place; what lies beyond it is mirrored."""
    axes = []
    for low, high, start, length in zip(box[::2], box[1::2], place, image.shape):
        indices = np.arange(low - MARGIN - start, high + MARGIN - start) % (2 * length)
        axes.append(np.minimum(indices, 2 * length - 1 - indices))
    return image[np.ix_(*axes)]


def _fade(length: int) -> np.ndarray:
    """Return 1 inside, falling to 0 over the outer half of the margin, so that the window is periodic."""
    ends = np.minimum(np.arange(length) + 0.5, length - np.arange(length) - 0.5) / (MARGIN / 2)
    return np.sin(np.pi / 2 * np.minimum(ends, 1)) ** 2
