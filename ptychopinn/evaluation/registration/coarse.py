"""Find where an image lies on another one, to a pixel, though a phase ramp and a factor set them apart.

Reference:
    Padfield, IEEE Trans. Image Process. 21, 2706 (2012), doi:10.1109/TIP.2011.2181402: correlation under masks.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import fft

from ptychopinn.evaluation.downscale import block_means

SEARCH = 12
"""Pixels round the stated place in which the image is looked for."""

LONGEST = 512
"""Images with a longer side are searched by blocks of pixels first."""

OVERLAP = 0.3
"""Part of the largest possible overlap that a place must have."""


def neighbour_products(image: np.ndarray) -> list[np.ndarray]:
    """Multiply each pixel with its conjugate neighbours: a phase ramp becomes a factor, which correlation ignores."""
    inner = np.conj(image[:-1, :-1])
    return [image[1:, :-1] * inner, image[:-1, 1:] * inner]


VIEWS = (lambda image: [image], lambda image: [np.abs(image)], neighbour_products)
"""What is correlated: one of them tells, whether the object is weak or strong, flat in phase or ramped, or noisy."""


def locate(
    image: np.ndarray, seen: np.ndarray, truth: np.ndarray, truth_seen: np.ndarray, near: tuple[int, int] | None = None
) -> list[tuple[int, int]]:
    """Return the places, one or more, where an image may lie on the truth.

    Args:
        image: complex array `(y, x)`.
        seen: bool array `(y, x)`: the image's pixels that count.
        truth: complex array `(y, x)`, of any other size.
        truth_seen: bool array `(y, x)`.
        near: int pair `(y, x)`. Place to look round, by `SEARCH` pixels; everywhere if not given.

    Returns:
        list of int pairs `(y, x)`: pixel of the truth under the image's first pixel.
    """
    low: Sequence[int] | np.ndarray = (0, 0)
    if near is not None:
        low = np.subtract(near, SEARCH)
        window = low, np.add(image.shape, 2 * SEARCH)
        truth, truth_seen = cut_window(truth, *window), cut_window(truth_seen, *window)
    block = -(-max(*image.shape, *truth.shape) // LONGEST)
    places = []
    for view in VIEWS:
        ours, theirs = view(image), view(truth)
        place = _likeliest(ours, seen, theirs, truth_seen, block, near is not None)
        if place is not None and block > 1:
            place = _sharpen(ours, theirs, place, 2 * block)
        if place is not None:
            places.append((int(place[0] + low[0]), int(place[1] + low[1])))
    return list(dict.fromkeys(places))


def cut_window(image: np.ndarray, low: Sequence[int] | np.ndarray, shape: Sequence[int] | np.ndarray) -> np.ndarray:
    """Cut a window of a shape out of an image, its first pixel at `low`; 0 where it reaches beyond the image."""
    window = np.zeros(shape, image.dtype)
    first, last = np.maximum(low, 0), np.minimum(np.add(low, shape), image.shape)
    if np.all(last > first):
        there = tuple(slice(a, b) for a, b in zip(first, last))
        window[tuple(slice(a - start, b - start) for a, b, start in zip(first, last, low))] = image[there]
    return window


def masked_correlation(
    image: np.ndarray, seen: np.ndarray, truth: np.ndarray, truth_seen: np.ndarray, shape: Sequence[int]
) -> np.ndarray:
    """Correlate two images at every displacement, over the pixels that both see.

    Args:
        image, truth: complex or real arrays `(y, x)`, of any sizes.
        seen, truth_seen: bool arrays of their shapes: the pixels that count.
        shape: `(y, x)` of the result. Displacements count modulo it, so it must have room for all that matter.

    Returns:
        float array: modulus of the normalised correlation, 0 ... 1, at `[dy, dx]` for the image's pixel (0, 0) on the
        truth's pixel `(dy, dx)`; negative displacements count from the end.
    """
    image, truth = np.where(seen, image, 0), np.where(truth_seen, truth, 0)
    ours, ours_seen, ours_power = (fft.fft2(part, s=shape) for part in (image, seen, np.abs(image) ** 2))
    theirs, theirs_seen, theirs_power = (fft.fft2(part, s=shape) for part in (truth, truth_seen, np.abs(truth) ** 2))
    count = np.maximum(np.round(fft.ifft2(theirs_seen * np.conj(ours_seen)).real), 1)
    sum_theirs = fft.ifft2(theirs * np.conj(ours_seen))
    sum_ours = fft.ifft2(theirs_seen * np.conj(ours))
    covariance = fft.ifft2(theirs * np.conj(ours)) - sum_theirs * sum_ours / count
    variance = (fft.ifft2(theirs_power * np.conj(ours_seen)).real - np.abs(sum_theirs) ** 2 / count) * (
        fft.ifft2(theirs_seen * np.conj(ours_power)).real - np.abs(sum_ours) ** 2 / count
    )
    valid = (count >= OVERLAP * count.max()) & (variance > 1e-9 * variance.max())
    return np.where(valid, np.abs(covariance) / np.sqrt(np.where(valid, variance, 1)), 0)


def _likeliest(
    ours: list[np.ndarray], seen: np.ndarray, theirs: list[np.ndarray], truth_seen: np.ndarray, block: int, inside: bool
) -> list[int] | None:
    """Return the displacement, in pixels, at which views of two images are most alike; None where they never are.

    The image stays `inside` the truth, or may reach beyond it.
    """
    seen, truth_seen = (
        block_means(mask[:height, :width], block) > 0.5
        for mask, (height, width) in ((seen, ours[0].shape), (truth_seen, theirs[0].shape))
    )
    room = truth_seen.shape if inside else np.add(seen.shape, truth_seen.shape)
    shape = [fft.next_fast_len(int(length)) for length in room]
    likeness: Any = 0.0
    for pair in zip(ours, theirs):
        image, truth = (block_means(part.astype(np.complex128), block) for part in pair)
        likeness = likeness + masked_correlation(image, seen, truth, truth_seen, shape)
    if inside:  # what lies beyond has wrapped round
        likeness = likeness[tuple(slice(b - a + 1) for a, b in zip(seen.shape, truth_seen.shape))]
    peak = np.unravel_index(np.argmax(likeness), likeness.shape)
    if likeness[peak] <= 0:
        return None
    backward = (False, False) if inside else np.greater_equal(peak, truth_seen.shape)
    return [int(block * (at - length * back)) for at, length, back in zip(peak, likeness.shape, backward)]


def _sharpen(ours: list[np.ndarray], theirs: list[np.ndarray], place: list[int], reach: int) -> list[int]:
    """Bring a place that is known by blocks to the pixel; returns it as it was where the overlap is small."""
    low, high = np.maximum(place, 0), np.minimum(np.add(place, ours[0].shape), theirs[0].shape)
    if np.any(high - low < 2 * reach):
        return place
    likeness: Any = 0.0
    for image, truth in zip(ours, theirs):
        truth = truth[low[0] : high[0], low[1] : high[1]]
        image = image[low[0] - place[0] : high[0] - place[0], low[1] - place[1] : high[1] - place[1]]
        cross = fft.fft2(truth - truth.mean()) * np.conj(fft.fft2(image - image.mean()))
        likeness = likeness + np.abs(fft.ifft2(cross))
    around = np.arange(-reach, reach + 1)
    likeness = likeness[np.ix_(around, around)]
    row, column = np.unravel_index(np.argmax(likeness), likeness.shape)
    return [place[0] + around[row], place[1] + around[column]]
