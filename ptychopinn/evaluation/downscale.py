"""Images of fewer pixels."""

import warnings

import numpy as np
from skimage.measure import block_reduce


def block_means(image: np.ndarray, side: int) -> np.ndarray:
    """Average an image over square blocks of pixels.

    Args:
        image: array `(y, x)`, real, complex or bool; NaN is left out of a mean.
        side: int. Side of a block, in pixels; rows and columns at the end that fill no block are left out.

    Returns:
        array `(block y, block x)`: NaN where a block holds nothing else.
    """
    height, width = (length // side * side for length in image.shape)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice")
        return block_reduce(image[:height, :width], side, np.nanmean)
