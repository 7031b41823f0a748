"""Find where an image lies on another one, to a pixel, though a phase ramp and a factor set them apart.

Reference:
    Padfield, IEEE Trans. Image Process. 21, 2706 (2012), doi:10.1109/TIP.2011.2181402: correlation under masks.
"""

import numpy as np
from scipy import fft

SEARCH = 12
"""Pixels round the stated origin in which the image is looked for."""

LONGEST = 512
"""Images with a longer side are searched by blocks of pixels first."""

OVERLAP = 0.3
"""Part of the largest possible overlap that a place must have."""


def neighbour_products(image):
    """Multiply each pixel with its conjugate neighbours: a phase ramp becomes a factor, which correlation ignores."""
    inner = np.conj(image[:-1, :-1])
    return [image[1:, :-1] * inner, image[:-1, 1:] * inner]


VIEWS = (lambda image: [image], lambda image: [np.abs(image)], neighbour_products)
"""What is correlated: one of them tells, whether the object is weak or strong, flat in phase or ramped, or noisy."""


def locate(image, seen, truth, truth_seen, near=None):
    """Return the places, one or more, where an image may lie on the truth.

    Args:
        image: complex array `(y, x)`.
        seen: bool array `(y, x)`: the image's pixels that count.
        truth: complex array `(y, x)`, of any other size.
        truth_seen: bool array `(y, x)`.
        near: `(y, x)`. Place to look round, by `SEARCH` pixels; everywhere if not given.

    Returns:
        list of int pairs `(y, x)`: pixel of the truth under the image's first pixel.
    """
    block = -(-max(*image.shape, *truth.shape) // LONGEST)
    places = []
    for view in VIEWS:
        ours, theirs = view(image), view(truth)
        pair = [_blocks(fields, mask, block) for fields, mask in ((ours, seen), (theirs, truth_seen))]
        place = _peak(_likeness(*pair[0], *pair[1]), pair[1][1].shape, block, near)
        if place is not None and block > 1:
            place = _sharpen(ours, theirs, place, 2 * block)
        if place is not None and place not in places:
            places.append(place)
    return places


def masked_correlation(image, seen, truth, truth_seen):
    """Correlate two images at every displacement, over the pixels that both see.

    Returns:
        float array: modulus of the normalised correlation, 0 ... 1, at `[dy, dx]` for the image's pixel (0, 0) on the
        truth's pixel `(dy, dx)`; negative displacements count from the end.
    """
    shape = [fft.next_fast_len(ours + theirs) for ours, theirs in zip(image.shape, truth.shape)]
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


def _blocks(fields, seen, block):
    """Average fields over blocks of pixels; returns them with the mask of the blocks that are mostly seen."""
    height, width = (side // block for side in fields[0].shape)

    def mean(array):
        array = array[: height * block, : width * block]
        return array.reshape(height, block, width, block).mean(axis=(1, 3))

    return [mean(field.astype(np.complex128)) for field in fields], mean(seen) > 0.5


def _likeness(ours, seen, theirs, truth_seen):
    return sum(masked_correlation(a, seen, b, truth_seen) for a, b in zip(ours, theirs))


def _peak(likeness, truth_shape, block, near):
    """Return the displacement of the highest peak, in pixels; None where nothing correlates."""
    axes = [np.arange(length) for length in likeness.shape]
    axes = [np.where(axis < side, axis, axis - len(axis)) * block for axis, side in zip(axes, truth_shape)]
    if near is not None:
        close = [np.abs(axis - centre) <= SEARCH + block // 2 for axis, centre in zip(axes, near)]
        likeness = likeness * close[0][:, None] * close[1]
    row, column = np.unravel_index(np.argmax(likeness), likeness.shape)
    return (int(axes[0][row]), int(axes[1][column])) if likeness[row, column] > 0 else None


def _sharpen(ours, theirs, place, reach):
    """Bring a place that is known by blocks to the pixel; returns it as it was where the overlap is small."""
    low, high = np.maximum(place, 0), np.minimum(np.add(place, ours[0].shape), theirs[0].shape)
    if np.any(high - low < 2 * reach):
        return place
    likeness = 0.0
    for image, truth in zip(ours, theirs):
        truth = truth[low[0] : high[0], low[1] : high[1]]
        image = image[low[0] - place[0] : high[0] - place[0], low[1] - place[1] : high[1] - place[1]]
        cross = fft.fft2(truth - truth.mean()) * np.conj(fft.fft2(image - image.mean()))
        likeness = likeness + np.abs(fft.ifft2(cross))
    around = np.arange(-reach, reach + 1)
    likeness = likeness[np.ix_(around, around)]
    row, column = np.unravel_index(np.argmax(likeness), likeness.shape)
    return int(place[0] + around[row]), int(place[1] + around[column])
