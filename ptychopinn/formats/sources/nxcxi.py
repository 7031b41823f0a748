"""NeXus's NXcxi_ptycho: CXI's groups, with a unit beside every number, and rasters as they were scanned."""

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE
from ptychopinn.formats.sources.cxi import energy_of
from ptychopinn.formats.sources.reading import frames, good_pixels, is_zero
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import coordinates, points
from ptychopinn.formats.stores.store import both

NAME = "NXcxi_ptycho (NeXus)"
DEFINITIONS = ("NXcxi_ptycho", "NXptycho")
ENERGIES = ("energy", "incident_energy", "incident_beam_energy")
MOST_ENTRIES = 100


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with an entry of this definition, and patterns in it."""
    if opened.hdf5 is None:
        return False
    entry = _entry(opened.known_store)
    return entry is not None and _patterns(opened.known_store, entry) is not None


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    entry = str(_entry(store))
    detector = f"{entry}/instrument_1/detector_1/"
    patterns = frames(store, str(_patterns(store, entry)))
    positions, notes = _positions(store, entry, patterns.shape[0])
    energy, energy_notes = _energy(store, entry)
    mask = store.first(detector + "pixel_mask", detector + "mask")
    return Recording(
        patterns=patterns,
        positions=positions,
        unit=None if positions is None else "m",
        mask=None if mask is None else good_pixels(store, mask, patterns.shape[1:], is_zero),
        measurement="counts",
        energy_eV=energy,
        distance_m=store.measured(detector + "distance", DISTANCE, "m"),
        detector_pixel_m=both(
            store.measured(detector + "y_pixel_size", DETECTOR_PIXEL, "m"),
            store.measured(detector + "x_pixel_size", DETECTOR_PIXEL, "m"),
        ),
        name=opened.name,
        notes=(*notes, *energy_notes),
    )


def _entry(store: Store) -> str | None:
    """Return the path of the entry that says it is of this definition, or None."""
    for name in store.names()[:MOST_ENTRIES]:
        for path in (name, *(f"{name}/{inner}" for inner in ("entry_1", "entry"))):
            if (store.text(f"{path}/definition") or "").strip() in DEFINITIONS:
                return path
    return None


def _patterns(store: Store, entry: str) -> str | None:
    return store.first(f"{entry}/instrument_1/detector_1/data", f"{entry}/data_1/data")


def _positions(store: Store, entry: str, patterns: int) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Read where the probe was on the object, `(pattern, 2)`, metres.

    The sample moves to the left by x and up by y, and the probe on it down and to the right.
    """
    note = "Translations are those of the sample, x to the left and y up along the beam: the probe moves against them."
    groups = ("instrument_1/detector_1", "data_1", "sample_1/geometry_1")
    path = store.first(*(f"{entry}/{group}/translation" for group in groups))
    if path is not None:
        return points(store, path, patterns)[:, 1::-1] * _metres(store, path), (note,)
    motors = [f"{entry}/sample_1/transformations/{axis}" for axis in "yx"]
    if not store.has(*motors):
        return None, ("The file holds no positions.",)
    y, x = (coordinates(store, motor) * _metres(store, motor) for motor in motors)
    if len(y) * len(x) == patterns and len(y) != patterns:  # a raster that is told by its two axes
        y, x = (grid.reshape(-1) for grid in np.meshgrid(y, x, indexing="ij"))
    if len(y) != len(x):
        raise ValueError(
            f"{store.name} must hold as many positions x as y. Received: {len(x)} and {len(y)}, for {patterns} "
            "patterns. Write the pairs that were measured."
        )
    return np.stack([y, x], axis=1), (note,)


def _metres(store: Store, path: str) -> float:
    return DISTANCE.factor(store.units(path) or "m", store.name)


def _energy(store: Store, entry: str) -> tuple[float | None, tuple[str, ...]]:
    """Read the energy of the beam; that of the source is the machine's, and no photon's."""
    path = store.first(*(f"{entry}/instrument_1/beam_1/{word}" for word in ENERGIES))
    return (None, ()) if path is None else energy_of(store, path)
