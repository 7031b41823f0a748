"""Masks of a detector, of either polarity: told from which pixels hold the light."""

import numpy as np

BAD_PIXELS = "bad_pixels"
MASKS = (BAD_PIXELS, "mask", "pixel_mask")
"""What masks are called: the first one's pixels are bad where they are marked, those of the others are either."""

DARK_SHARE = 0.01
"""Pixels that hold less of the light than that are the bad ones."""

MOST_BAD = 0.5
"""Part of the pixels that frames of a mask may call bad, all together."""


def good_pixels(key: str | None, stored: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return a mask that a file holds under a key as bool `(y, x)`, True on good pixels; see `marked_pixels`.

    Where the key does not say which pixels are marked, the most are taken to be good.
    """
    marked = marked_pixels(stored, shape, name)
    if key == BAD_PIXELS or marked.mean() <= 0.5:
        return ~marked
    return marked


def marked_pixels(stored: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return a mask as a file holds it as one bool array `(y, x)`, True where a pixel is marked: not 0.

    A mask of every frame is reduced to the pixels that differ from the most common value nowhere.

    Raises:
        ValueError: if it is not of the patterns' size, not of finite numbers, or its frames leave too little.
    """
    array = np.squeeze(np.asarray(stored))
    if array.dtype.kind not in "biuf" or array.shape[-2:] != tuple(shape) or not np.isfinite(array).all():
        raise ValueError(
            f"{name} must be a mask of finite numbers, of the patterns' size {tuple(shape)}. "
            f"Received: shape={np.shape(stored)}, dtype={array.dtype}. Crop or pad it like the patterns."
        )
    set_ = array.astype(bool)
    if set_.ndim == 2:
        return set_
    frames = set_.reshape(-1, *shape)
    usual = bool(np.mean(frames) > 0.5)
    differs = (frames != usual).any(axis=0)
    if differs.mean() > MOST_BAD:
        raise ValueError(
            f"{name} must be one mask (y, x), or masks of frames that differ in few pixels. Received: "
            f"{len(frames)} masks that leave {100 * (1 - differs.mean()):.0f} % of the pixels. Save one mask."
        )
    return ~differs if usual else differs


def with_polarity(good: np.ndarray, light: np.ndarray, words: str) -> tuple[np.ndarray, str | None]:
    """Return a mask whose good pixels, True, hold the light, and a note if it was turned for that.

    Args:
        good: bool array `(y, x)`, as it is understood.
        light: float array `(y, x)`: mean pattern, 0 where pixels hold no data.
        words: str. What the mask is called.
    """
    whole = light.sum()
    if good.all() or not good.any() or whole <= 0 or light[good].sum() >= DARK_SHARE * whole:
        return good, None
    return ~good, f"{words} calls the pixels without light good: it is read the other way round."
