"""PtyPy's reconstructions, `.ptyr`: storages of the object and the probe under `content`."""

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.assumptions import alone, probe_modes
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import ENERGY
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import points

NAME = "PtyPy .ptyr (content/obj)"
OBJECT, PROBE, POSITIONS = "content/obj", "content/probe", "content/positions"


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with a storage of an object."""
    return opened.hdf5 is not None and bool(_storages(opened.known_store, OBJECT))


def read(opened: Opened) -> Reconstruction:
    """Read the file; see `read_reconstruction`."""
    store = opened.known_store
    storages = _storages(store, OBJECT)
    if len(storages) != 1:
        raise ValueError(
            f"{opened.name} must hold one object. Received: {len(storages)} storages: {', '.join(storages[:4])}. "
            "Save the one that is meant."
        )
    path = f"{OBJECT}/{storages[0]}"
    obj = store.complex_array(f"{path}/data")
    assert obj is not None
    obj = alone(obj)
    probes = _storages(store, PROBE)
    probe = store.complex_array(f"{PROBE}/{probes[0]}/data") if probes else None
    pixel = _pair(store, f"{path}/_psize")
    return Reconstruction(
        object=obj,
        weight=np.ones(obj.shape, np.float32),
        origin=(0.0, 0.0),
        probe=None if probe is None else probe_modes(probe),
        positions=_positions(store, path, storages[0], pixel),
        pixel_size_m=None if pixel is None else float(pixel[1]),
        energy_eV=store.number(f"{path}/_energy", ENERGY, "keV"),
        name=opened.name,
    )


def _storages(store: Store, path: str) -> list[str]:
    return sorted(name for name in store.names(path) if f"{path}/{name}/data" in store)


def _positions(store: Store, path: str, storage: str, pixel: np.ndarray | None) -> np.ndarray | None:
    """Return the positions in pixels of the object, `(pattern, 2)`; None where the file does not tell them."""
    origin = _pair(store, f"{path}/_origin")
    where = f"{POSITIONS}/{storage}"
    if pixel is None or origin is None or where not in store:
        return None
    return (points(store, where)[:, :2] - origin) / pixel


def _pair(store: Store, path: str) -> np.ndarray | None:
    """Read `(y, x)`, or one number for both; None where they are not there, or cannot be."""
    if path not in store:
        return None
    values = store.array(path).reshape(-1).astype(np.float64)
    usable = values.size in (1, 2) and np.isfinite(values).all() and (not path.endswith("_psize") or (values > 0).all())
    return np.broadcast_to(values, 2) if usable else None
