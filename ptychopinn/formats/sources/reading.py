"""What the readers of scans share: frames, masks, probes and objects out of a `Store`."""

from collections.abc import Callable, Sequence

import numpy as np

from ptychopinn.data.checks import REAL
from ptychopinn.formats.assumptions import alone, flaw_of, probe_modes
from ptychopinn.formats.frames import Stack
from ptychopinn.formats.quantities import (
    FASTER_THAN_PHOTONS_M,
    WAVELENGTH,
)
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import coordinates
from ptychopinn.physics.wavelengths import energy_eV
from ptychopinn.printable import printable

BLOCK = 1 << 25
"""Pixels of masks that are looked at in one go."""

LARGEST_WHOLE = 2.0**53
"""From here on not every whole number is a float64."""


def frames(store: Store, path: str, last: bool = False, turned: bool = False) -> Stack:
    """Return the patterns under a path as they lie on disk; see `Stack`."""
    return Stack(store.known(path), f"{store.name}: {printable(path)}", last, turned)


def good_pixels(
    store: Store, path: str, frame: tuple[int, ...], good: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray | None:
    """Read a mask, `(y, x)` or `(pattern, y, x)`: True on pixels that are good in all patterns; None if all are.

    Args:
        store: Store.
        path: str. Where the mask may be; without one, None is returned.
        frame: `(y, x)` of a pattern.
        good: function of the stored values that returns which are good.
    """
    if path not in store:
        return None
    array = store.known(path)
    if array.dtype.kind not in REAL or len(array.shape) not in (2, 3) or tuple(array.shape[-2:]) != tuple(frame):
        raise ValueError(
            f"{store.name} must hold a mask of the patterns' size {tuple(frame)} as {printable(path)}. "
            f"Received: shape={tuple(array.shape)}, dtype={array.dtype}. Crop or pad it like the patterns."
        )
    if len(array.shape) == 2:
        mask = good(np.asarray(array[()]))
    else:
        step = max(1, BLOCK // (frame[0] * frame[1]))
        mask = np.ones(frame, bool)
        for start in range(0, array.shape[0], step):
            mask &= good(np.asarray(array[start : start + step])).all(axis=0)
    return None if mask.all() else mask


def columns(store: Store, y: str, x: str) -> np.ndarray:
    """Read positions of two arrays, one a coordinate: finite float64 `(pattern, 2)`, `(y, x)`."""
    rows, cols = coordinates(store, y), coordinates(store, x)
    if len(rows) != len(cols):
        raise ValueError(
            f"{store.name} must hold one {printable(y)} and one {printable(x)} a position. "
            f"Received: {len(rows)} and {len(cols)}. Write only the pairs that were measured."
        )
    return np.stack([rows, cols], axis=1)


def indexes(store: Store, path: str) -> np.ndarray | None:
    """Read the indexes by which frames and positions belong together: int64 `(index,)`, or None if there are none."""
    if path not in store:
        return None
    values = store.array(path).reshape(-1)
    whole = whole_numbers(values)
    if whole is None:
        raise ValueError(
            f"{store.name} must hold whole numbers as {printable(path)}. Received: {values.size} of {values.dtype}, "
            "some of them none. Save it again."
        )
    return whole


def whole_numbers(values: np.ndarray) -> np.ndarray | None:
    """Return real numbers as int64, or None unless all are whole."""
    values = values.astype(np.float64)
    whole = np.isfinite(values).all() and (np.abs(values) < LARGEST_WHOLE).all() and (values % 1 == 0).all()
    return values.astype(np.int64) if whole else None


def is_zero(values: np.ndarray) -> np.ndarray:
    """Tell which pixels are good where bad ones are marked."""
    return values == 0


def is_not_zero(values: np.ndarray) -> np.ndarray:
    """Tell which pixels are good where good ones are marked."""
    return values != 0


def known_probe(store: Store, path: str) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Read a probe `(..., mode, y, x)`: `(complex64 (mode, y, x) or None, notes)`; of OPR modes the first is kept."""
    probe = store.complex_array(path)
    if probe is None or not probe.size or probe.ndim < 2:
        return None, ()
    notes: tuple[str, ...] = ()
    while probe.ndim > 3:
        if len(probe) > 1:
            notes = (f"Of the probe {printable(path)}, {probe.shape}, the first of {len(probe)} is read.",)
        probe = probe[0]
    if not np.isfinite(probe).all() or not probe.any():
        return None, (f"The probe {printable(path)} is left out: it is zero, NaN or infinite.",)
    return probe_modes(probe), notes


def known_image(store: Store, path: str) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Read an object `(y, x)` or `(1, y, x)`: `(complex64 array or None, notes that say why it is left out)`."""
    try:
        image = store.complex_array(path)
    except ValueError as error:
        return None, (f"The object is left out. {error}",)
    if image is None:
        return None, ()
    image = alone(image)
    flaw = flaw_of(image)
    return (None, (f"{printable(path)} is left out as the known object: {flaw}.",)) if flaw else (image, ())


def first_pixel(centre_m: Sequence[float], pixel_m: Sequence[float], shape: Sequence[int]) -> tuple[float, float]:
    """Return where an object's pixel (0, 0) is, `(y, x)` in pixels, from its centre in metres, as ptychodus has it."""
    y, x = (at / pixel - (side - 1) / 2 for at, pixel, side in zip(centre_m, pixel_m, shape))
    return y, x


def beam(store: Store, path: str, unit: str) -> tuple[float | None, bool, tuple[str, ...]]:
    """Read a wavelength: `(energy in eV or None, whether it is of electrons, notes)`."""
    wavelength = store.measured(path, WAVELENGTH, unit)
    if wavelength is None:
        return None, False, ()
    if wavelength > FASTER_THAN_PHOTONS_M:
        return energy_eV(wavelength), False, ()
    note = f"The wavelength of {wavelength * 1e12:.3g} pm is read as that of electrons."
    return energy_eV(wavelength, electrons=True), True, (note,)
