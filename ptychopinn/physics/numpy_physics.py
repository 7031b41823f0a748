"""The forward physics in NumPy and double precision: a second writing of the formula, apart from the model's.

The simulator makes data with it, and evaluation compares reconstructions with the measured patterns. Between pixels the
object stays as it is and the probe moves: a beam is band-limited, so that its shift in Fourier space is exact.
"""

from collections.abc import Iterable, Iterator

import numpy as np

MARGIN = 8
"""Pixels around a patch within which it may turn round its edges as it is shifted."""


def cut(obj: np.ndarray, positions: np.ndarray, size: int) -> np.ndarray:
    """Cut patches out of an object, bilinear between pixels: the network's windows, and the adjoint of stitching.

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
    _check_covers(obj.shape, whole, size)
    rows = whole[..., 0, None, None] + np.arange(size + 1)[:, None]
    columns = whole[..., 1, None, None] + np.arange(size + 1)
    y, x = np.moveaxis((corner - whole)[..., None, None, :], -1, 0)
    height, width = obj.shape
    window = obj[np.minimum(rows, height - 1), np.minimum(columns, width - 1)]
    window = window[..., :-1, :] * (1 - y) + window[..., 1:, :] * y
    return window[..., :-1] * (1 - x) + window[..., 1:] * x


def cut_exactly(obj: np.ndarray, positions: np.ndarray, size: int) -> np.ndarray:
    """Cut patches out of an object, band-limited between pixels; beyond the object's edge its pixels go on.

    Args:
        obj: complex array `(y, x)`, pixel (0, 0) at position (0, 0).
        positions: float array `(pattern, 2)`: `(y, x)` of the patches' centres, pixels.
        size: int. Side of a patch, in pixels.

    Returns:
        complex128 array `(pattern, y, x)`.

    Raises:
        ValueError: if a patch reaches beyond the object.
    """
    _check_covers(obj.shape, nearest_corners(positions, size)[0], size)
    wider = np.pad(obj, MARGIN, mode="edge")
    windows, fractions = whole_windows(wider, np.asarray(positions) + MARGIN, size + 2 * MARGIN)
    return shifted(windows[:, None], -fractions)[:, 0, MARGIN:-MARGIN, MARGIN:-MARGIN]


def whole_windows(obj: np.ndarray, positions: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut windows out of an object at the whole pixels nearest to positions, and return what is left to shift.

    Args:
        obj: complex array `(y, x)`, pixel (0, 0) at position (0, 0).
        positions: float array `(pattern, 2)`: `(y, x)` of the windows' centres, pixels.
        size: int. Side of a window, in pixels.

    Returns:
        `(windows, fractions)`: complex array `(pattern, y, x)`, pixels as they are in the object; float array
        `(pattern, 2)`: position less whole position, `(y, x)`, -0.5 to 0.5 pixels.

    Raises:
        ValueError: if a window reaches beyond the object.
    """
    corners, fractions = nearest_corners(positions, size)
    _check_covers(obj.shape, corners, size)
    rows = corners[:, 0, None, None] + np.arange(size)[:, None]
    columns = corners[:, 1, None, None] + np.arange(size)
    return obj[rows, columns], fractions


def nearest_corners(positions: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where windows begin whose centres are the whole pixels nearest to positions, and what is left to shift.

    Args:
        positions: float array `(pattern, 2)`: `(y, x)`, pixels.
        size: int. Side of a window, in pixels.

    Returns:
        `(corners, fractions)`: int array `(pattern, 2)`, first pixels `(y, x)`; float array `(pattern, 2)`: position
        less whole position, -0.5 to 0.5 pixels.
    """
    positions = np.asarray(positions, float)
    centres = np.floor(positions + 0.5)
    return centres.astype(int) - size // 2, positions - centres


def shifted(probe: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    r"""Shift a probe in Fourier space: $P_j(r) = \mathcal F^{-1}\{\mathcal F P \cdot e^{-2 \pi i f \cdot d_j}\}(r)$.

    $P_j(r) = P(r - d_j)$ where the probe is band-limited and dark at its edges, round which it turns; its photons stay.

    Args:
        probe: complex array `(mode, y, x)`, or `(pattern, mode, y, x)`.
        fractions: float array `(pattern, 2)`: the shifts `(y, x)`, pixels.

    Returns:
        complex128 array `(pattern, mode, y, x)`: the probe itself, to the bit, where a shift is zero.
    """
    out = np.array(np.broadcast_to(probe, (len(fractions), *probe.shape[-3:])), np.complex128)
    moved = np.flatnonzero(np.any(fractions, axis=1))
    if len(moved):
        y, x = (np.outer(fractions[moved, axis], np.fft.fftfreq(probe.shape[axis - 2])) for axis in (0, 1))
        still = probe[moved] if probe.ndim == 4 else probe
        spectra = np.fft.fft2(still.astype(np.complex128)) * np.exp(-2j * np.pi * y)[:, None, :, None]
        spectra *= np.exp(-2j * np.pi * x)[:, None, None, :]
        out[moved] = np.fft.ifft2(spectra)
    return out


def exit_waves(
    obj: np.ndarray, probe: np.ndarray, positions: np.ndarray, spacing: float = 0.0
) -> Iterator[np.ndarray]:  # fmt: skip
    """Yield the exit waves of an object at positions, a mode of the probe at a time, as memory asks.

    Args:
        obj: complex array `(y, x)`: transmission, pixel (0, 0) at position (0, 0); or `(slice, y, x)`.
        probe: complex array `(mode, y, x)`, in square root of photons; or `(pattern, mode, y, x)`.
        positions: float array `(pattern, 2)`: `(y, x)`, pixels.
        spacing: float. Fresnel distance from a slice to the next, see `near_field`. Defaults to 0.

    Yields:
        complex128 array `(pattern, y, x)`: the mode, shifted to its place between pixels, times the object, slice after
        slice.

    Raises:
        ValueError: if a patch reaches beyond the object.
    """
    first, *others = obj if obj.ndim == 3 else obj[None]
    windows, fractions = whole_windows(first, positions, probe.shape[-1])
    behind = [whole_windows(other, positions, probe.shape[-1])[0] for other in others]
    for mode in range(probe.shape[-3]):
        wave = shifted(probe[..., mode, None, :, :], fractions)[:, 0] * windows
        for more in behind:
            wave = near_field(wave, spacing) * more
        yield wave


def near_field(wave: np.ndarray, distance: float) -> np.ndarray:
    r"""Propagate waves `(..., y, x)` to a plane nearby, $\hat\psi \to e^{-i \pi d f^2} \hat\psi$, f in cycles a pixel.

    Args:
        wave: complex array `(..., y, x)`.
        distance: float. Fresnel distance $d = \lambda z / p^2$ of pixels of size $p$.
    """
    y, x = (np.square(np.fft.fftfreq(side)) for side in wave.shape[-2:])
    return np.fft.ifft2(np.fft.fft2(wave) * np.exp(-1j * np.pi * distance * (y[:, None] + x)))


def detected_intensity(waves: Iterable[np.ndarray], distance: float | None = None) -> np.ndarray:
    """Return the intensity of exit waves at a Fresnel distance, or, without one, in the far field, centred.

    Args:
        waves: for each mode a complex array `(..., y, x)`: its exit waves, in square root of photons.
        distance: float, or None.

    Returns:
        float64 array `(..., y, x)`: photons.
    """
    if distance is None:
        return far_field_intensity(waves)
    return np.sum([np.square(np.abs(near_field(wave, distance))) for wave in waves], axis=0)


def far_field_intensity(waves: Iterable[np.ndarray]) -> np.ndarray:
    r"""Return far-field intensities $\sum_m |\mathcal F \psi_m|^2$, zero frequency at the centre.

    Args:
        waves: for each mode a complex array `(..., y, x)`: its exit waves, in square root of photons.

    Returns:
        float64 array `(..., y, x)`: photons; their sum is that of the exit waves (Parseval).
    """
    total: np.ndarray | float = 0.0
    for wave in waves:
        cornered = np.fft.ifftshift(wave, axes=(-2, -1))
        total = total + np.abs(np.fft.fft2(cornered, norm="ortho")) ** 2
    return np.fft.fftshift(total, axes=(-2, -1))


def _check_covers(shape: tuple[int, ...], corners: np.ndarray, size: int) -> None:
    """Raise ValueError unless an object holds the patches whose first pixels are at `corners`, `(..., 2)`."""
    first, last = corners.reshape(-1, 2).min(axis=0), corners.reshape(-1, 2).max(axis=0) + size - 1
    if np.any(first < 0) or np.any(last >= shape):
        raise ValueError(
            f"The object must cover every patch: positions reach rows {first[0]}..{last[0]}, columns "
            f"{first[1]}..{last[1]}. Received: object.shape={shape}. "
            "Write the object in the positions' pixels, or make it larger."
        )
