"""The forward physics in NumPy and double precision: a second writing of the formula, apart from the model's.

The simulator makes data with it, and evaluation compares reconstructions with the measured patterns.
"""

import numpy as np


def cut(obj: np.ndarray, positions: np.ndarray, size: int) -> np.ndarray:
    """Cut patches out of an object, bilinear between pixels.

    Args:
        obj: complex array `(y, x)`, pixel (0, 0) at position (0, 0).
        positions: float array `(..., 2)`: `(y, x)` of the patches' centres, pixels.
        size: int. Side of a patch, in pixels.

    Returns:
        complex array `(..., y, x)`.

    Raises:
        ValueError: if a patch reaches beyond the object.
    """
    corner = np.asarray(positions, float) - size // 2
    whole = np.floor(corner).astype(int)
    rows = whole[..., 0, None, None] + np.arange(size + 1)[:, None]
    columns = whole[..., 1, None, None] + np.arange(size + 1)
    y, x = np.moveaxis((corner - whole)[..., None, None, :], -1, 0)
    height, width = obj.shape
    if rows.min() < 0 or columns.min() < 0 or rows.max() > height or columns.max() > width:
        raise ValueError(
            f"The object must cover every patch: positions reach rows {rows.min()}..{rows.max() - 1}, columns "
            f"{columns.min()}..{columns.max() - 1}. Received: object.shape={obj.shape}. "
            "Write the object in the positions' pixels, or make it larger."
        )
    window = obj[np.minimum(rows, height - 1), np.minimum(columns, width - 1)]
    window = window[..., :-1, :] * (1 - y) + window[..., 1:, :] * y
    return window[..., :-1] * (1 - x) + window[..., 1:] * x


def far_field_intensity(patches: np.ndarray, probe: np.ndarray) -> np.ndarray:
    r"""Return far-field intensities $\sum_m |\mathcal F\{P_m O\}|^2$, zero frequency at the centre.

    Args:
        patches: complex array `(..., y, x)`: transmission.
        probe: complex array `(mode, y, x)`, in square root of photons.

    Returns:
        float64 array `(..., y, x)`: photons; their sum is that of the exit wave (Parseval).
    """
    total: np.ndarray | float = 0.0
    for mode in probe:
        cornered = np.fft.ifftshift(mode * patches, axes=(-2, -1))
        total = total + np.abs(np.fft.fft2(cornered, norm="ortho")) ** 2
    return np.fft.fftshift(total, axes=(-2, -1))
