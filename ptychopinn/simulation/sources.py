"""Objects, probes and positions that come from files."""

import pathlib
from collections.abc import Sequence

import numpy as np
from skimage.io import imread
from skimage.transform import resize

from ptychopinn.formats import read_reconstruction
from ptychopinn.formats.archive import Archive
from ptychopinn.formats.assumptions import probe_modes

PROBE_KEYS = ("probeGuess", "probe")


def read_image(path: pathlib.Path | str, side: int) -> np.ndarray:
    """Read an image as a drawing: grey, its middle square, brought to a side.

    Args:
        path: path of a file that scikit-image reads: PNG, TIFF, JPEG ...
        side: int. Pixels.

    Returns:
        float array `(y, x)`, from 0 up.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is not one image.
    """
    if not pathlib.Path(path).is_file():
        raise FileNotFoundError(f"An image must be a file. Received: path={path}, which is none. Check the path.")
    try:
        image = np.asarray(imread(path, as_gray=True), float)
    except Exception as error:  # readers of images raise what they like
        raise ValueError(
            f"{path} must be an image. Received: {type(error).__name__} on reading it. Save it as PNG or TIFF."
        ) from None
    if image.ndim != 2 or min(image.shape) < 2 or not np.isfinite(image).all():
        raise ValueError(
            f"{path} must hold one finite image (y, x). Received: shape={image.shape}. Save one picture as PNG or TIFF."
        )
    square = min(image.shape)
    top, left = ((length - square) // 2 for length in image.shape)
    image = resize(image[top : top + square, left : left + square], (side, side), order=1, anti_aliasing=True)
    return image - min(image.min(), 0)


def read_object(path: pathlib.Path | str) -> np.ndarray:
    """Read the object of a reconstruction or of a scan, scaled to a mean amplitude of 1 where it is not 0.

    Args:
        path: path of a file that `read_reconstruction` reads.

    Returns:
        complex64 array `(y, x)`.

    Raises:
        ValueError: if the file holds no object, or one that is not finite or zero everywhere.
    """
    obj = read_reconstruction(path).object
    if not obj.any():
        raise ValueError(f"The object of {path} must not be zero. Received: only zeros. Choose another file.")
    return (obj / np.abs(obj[obj != 0]).mean()).astype(np.complex64)


def read_probe(path: pathlib.Path | str) -> np.ndarray:
    """Read the probe of an NPZ (`probeGuess` or `probe`).

    Returns:
        complex array `(mode, y, x)`.

    Raises:
        ValueError: if the file holds no probe, or one that is not finite and square.
    """
    probe = probe_modes(_first_of(path, PROBE_KEYS))
    if probe.ndim != 3 or probe.shape[1] != probe.shape[2] or not np.isfinite(probe).all():
        raise ValueError(
            f"{path} must hold a finite, square probe (mode, y, x). Received: shape={probe.shape}, "
            f"{int((~np.isfinite(probe)).sum())} pixels not finite. Save it so."
        )
    return probe


def read_positions(path: pathlib.Path | str) -> np.ndarray:
    """Read positions, `(y, x)` pixels: an NPZ with `ycoords` and `xcoords`, or a CSV of lines `y,x`.

    A line of the CSV that begins with `#` or `y` is its heading.

    Returns:
        float array `(pattern, 2)`.

    Raises:
        ValueError: if the file holds none, or some that are not finite.
    """
    path = pathlib.Path(path)
    if path.suffix == ".npz":
        y, x = (_first_of(path, (key,)).reshape(-1) for key in ("ycoords", "xcoords"))
        found: np.ndarray = np.stack([y, x], axis=1) if len(y) == len(x) else np.zeros(0)
    else:
        found = _read_table(path)
    if found.ndim != 2 or found.shape[1] != 2 or not len(found) or not np.isfinite(found).all():
        raise ValueError(
            f"{path} must hold finite positions (y, x) in pixels, one or more. Received: {len(found)} rows, "
            f"shape={found.shape}. Write two numbers a line, y,x."
        )
    return found.astype(float)


def _read_table(path: pathlib.Path) -> np.ndarray:
    try:
        text = [line for line in path.read_text().splitlines() if line.strip()]
        return np.loadtxt(text, delimiter=",", comments=["#", "y"], ndmin=2) if text else np.zeros((0, 2))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path} must be a CSV of positions y,x in pixels. Received: {reason}. Write two numbers a line."
        ) from None


def _first_of(path: pathlib.Path | str, keys: Sequence[str]) -> np.ndarray:
    archive = Archive(pathlib.Path(path))
    key = next((key for key in keys if key in archive), None)
    if key is None:
        raise ValueError(
            f"{path} must hold the key {' or '.join(keys)}. Received: keys {', '.join(archive.keys) or 'none'}. "
            "Rename the key that holds it."
        )
    array = archive.array(key)
    while array.ndim > 2 and len(array) == 1:
        array = array[0]
    return array
