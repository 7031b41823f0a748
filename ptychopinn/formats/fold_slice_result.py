"""Reconstructions of fold_slice and PtychoShelves, MATLAB 5 or 7.3: `object`, `probe`, `p.dx_spec`, `outputs`."""

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import MOST_COORDINATES

NAME = "fold_slice's or PtychoShelves's .mat (object, probe)"
PIXEL, POSITIONS = "p/dx_spec", "outputs/probe_positions"


def recognises(opened: Opened) -> bool:
    """Tell whether the file is MATLAB's, of either kind, and holds an object."""
    if opened.store is None or opened.archive is not None or not opened.store.has("object"):
        return False
    return opened.hdf5 is None or opened.store.attribute("object", "MATLAB_class") is not None


def read(opened: Opened) -> Reconstruction:
    """Read the file; see `read_reconstruction`."""
    store, in_hdf5 = opened.known_store, opened.hdf5 is not None
    obj = _as_matlab_has_it(store, "object", in_hdf5)
    assert obj is not None
    if obj.ndim == 3 and obj.shape[2] == 1:
        obj = obj[..., 0]
    if obj.ndim != 2:
        raise ValueError(
            f"{opened.name} must hold an object of one slice. Received: shape={obj.shape}. Save their product, or one."
        )
    probe = _as_matlab_has_it(store, "probe", in_hdf5)
    return Reconstruction(
        object=obj,
        weight=np.ones(obj.shape, np.float32),
        origin=(0.0, 0.0),
        probe=None if probe is None else _modes(probe),
        positions=_positions(store, obj.shape, in_hdf5),
        pixel_size_m=_pixel(store),
        name=opened.name,
    )


def _as_matlab_has_it(store: Store, path: str, in_hdf5: bool) -> np.ndarray | None:
    """Read an array with its axes in MATLAB's order, which HDF5 turns round."""
    values = store.complex_array(path)
    return values.T if in_hdf5 and values is not None else values


def _modes(probe: np.ndarray) -> np.ndarray:
    """Bring a probe `(y, x[, mode[, change]])` to `(mode, y, x)`: how the modes change over the scan is left out."""
    modes = probe[..., 0] if probe.ndim == 4 else probe
    return np.moveaxis(modes, -1, 0) if modes.ndim == 3 else modes[None]


def _pixel(store: Store) -> float | None:
    if PIXEL not in store:
        return None
    sizes = store.array(PIXEL).reshape(-1)
    usable = sizes.size and np.isfinite(sizes).all() and (sizes > 0).all()
    return float(sizes[0]) if usable else None


def _positions(store: Store, shape: tuple[int, ...], in_hdf5: bool) -> np.ndarray | None:
    """Return the positions in pixels of the object, `(pattern, 2)`: the file has (x, y) from the object's middle."""
    if POSITIONS not in store:
        return None
    values = store.array(POSITIONS, most=MOST_COORDINATES).astype(np.float64)
    values = values.T if in_hdf5 else values
    if values.ndim != 2 or values.shape[1] < 2 or not len(values) or not np.isfinite(values).all():
        return None
    return values[:, 1::-1] + (np.array(shape) - 1) / 2
