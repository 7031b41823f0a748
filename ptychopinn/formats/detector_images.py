"""Images of a detector in files of their own, which options name: a mask, a dark current."""

import math
import pathlib

import numpy as np

from ptychopinn.data.checks import REAL
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.stores import Store
from ptychopinn.preparation.masks import MASKS, good_pixels

BACKGROUNDS = ("background", "dark", "dark_current")
MOST_PIXELS = 1 << 28


def read_mask(path: pathlib.Path | str | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """Read a mask of a detector, bool `(y, x)`, True on good pixels; None of no path.

    The key `bad_pixels` marks bad pixels; of others the fewer are bad, unless the light says otherwise.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds no mask of the patterns' shape `(y, x)`.
    """
    if path is None:
        return None
    key, image = _image(path, MASKS, "mask")
    return good_pixels(key, image, shape, f"mask {pathlib.Path(path).name}")


def read_background(said: str | None, shape: tuple[int, ...]) -> float | np.ndarray | None:
    """Return a background: a number, or what the file of that name holds, float `(y, x)`, averaged over its frames.

    Raises:
        FileNotFoundError: if it is neither a number nor a file.
        ValueError: if the file holds none of the patterns' shape `(y, x)`.
    """
    if said is None:
        return None
    try:
        number = float(said)
    except ValueError:
        number = None
    if number is not None:
        if not 0 <= number <= 1e15:
            raise ValueError(f"dark must be a number from 0 to 1e15, or a file. Received: dark={said}.")
        return number
    _, image = _image(said, BACKGROUNDS, "dark")
    image = np.squeeze(image)
    if image.dtype.kind not in REAL or image.shape[-2:] != tuple(shape) or not np.isfinite(image).all():
        raise ValueError(
            f"dark must be finite, and of the patterns' size {tuple(shape)}. Received: shape={image.shape}. "
            "Crop or pad it like the patterns."
        )
    return image.reshape(-1, *shape).mean(axis=0, dtype=np.float64)


def _image(path: pathlib.Path | str, keys: tuple[str, ...], what: str) -> tuple[str | None, np.ndarray]:
    """Read an image of an NPZ, NPY, HDF5, MATLAB or picture file: the key that held it, if any, and the array."""
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{what} must be a file. Received: {what}={path}, which is none. Check the path.")
    opened = Opened(path)
    try:
        if opened.store is not None:
            return _stored(opened.store, keys)
        from skimage.io import imread

        return None, np.asarray(imread(path))
    except (ValueError, OSError, LookupError) as error:
        if "Received:" in str(error):
            raise
        raise ValueError(
            f"{what} must be an NPZ, NPY, HDF5, MATLAB or TIFF file of one image, or with one of the keys "
            f"{', '.join(keys)}. Received: {what}={path}. Save it as one of these."
        ) from None


def _stored(store: Store, keys: tuple[str, ...]) -> tuple[str, np.ndarray]:
    """Read an array by the last part of its path, or the only one of two axes or more."""
    names = {path: path.rpartition("/")[-1] for path, array in store.arrays.items()
             if len(array.shape) >= 2 and math.prod(array.shape) <= MOST_PIXELS}  # fmt: skip
    path = next((path for key in keys for path in names if names[path] == key), None)
    if path is None and len(names) != 1:
        raise LookupError("several arrays, or none")
    path = path or next(iter(names))
    return names[path], store.array(path, most=MOST_PIXELS)
