"""Detectors' own files: Dectris masters with their links, and one `entry/data/data`; positions lie in another file."""

import re

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.data.selection import Patterns
from ptychopinn.formats.frames import Series
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.places import Part
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE, ENERGY
from ptychopinn.formats.sources.reading import beam, frames, good_pixels, is_zero
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.hdf5_store import Hdf5Store
from ptychopinn.formats.stores.store import both

NAME = "Dectris master file, or a detector's entry/data/data (with positions from another file)"
DATA, WHOLE = "entry/data", "entry/data/data"
DETECTOR, SPECIFIC = "entry/instrument/detector/", "entry/instrument/detector/detectorSpecific/"
PART = re.compile(r"data_\d{1,9}")


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with frames, or links to them, where detectors have them."""
    if opened.hdf5 is None:
        return False
    return bool(_links(opened.known_store)) or WHOLE in opened.known_store


def record(opened: Opened) -> Recording:
    """Say what the files hold: everything but positions and probe."""
    store = opened.known_store
    assert isinstance(store, Hdf5Store)
    patterns, notes = _patterns(store)
    energy, energy_notes = _energy(store)
    return Recording(
        patterns=patterns,
        mask=_mask(store, patterns.shape[1:]),
        measurement="counts",
        centre_px=_centre(store),
        energy_eV=energy,
        distance_m=store.measured(DETECTOR + "detector_distance", DISTANCE, "m")
        or store.measured(DETECTOR + "distance", DISTANCE, "m"),
        detector_pixel_m=both(
            store.measured(DETECTOR + "y_pixel_size", DETECTOR_PIXEL, "m"),
            store.measured(DETECTOR + "x_pixel_size", DETECTOR_PIXEL, "m"),
        ),
        name=opened.name,
        notes=("The detector's file holds no positions.", *notes, *energy_notes),
    )


def _links(store: Store) -> list[str]:
    return sorted(key for key in store.names(DATA) if PART.fullmatch(key))


def _patterns(store: Hdf5Store) -> tuple[Patterns, tuple[str, ...]]:
    """Return `(frames, notes)`; links behind all the frames that were asked for may lead nowhere."""
    links, asked = _links(store), _asked(store)
    if not links:
        return frames(store, WHOLE), ()
    parts: list[Patterns] = []
    for link in links:
        found = sum(part.shape[0] for part in parts)
        if asked and found >= asked:
            return Series(parts, store.name), (f"Of {len(links)} parts, {len(parts)} hold all {asked} frames.",)
        parts.append(Part(*store.location(f"{DATA}/{link}")))
    return Series(parts, store.name), (f"Files of frames that are linked: {len(parts)}.",)


def _asked(store: Store) -> int:
    """Return how many frames the detector was asked for, or 0 where it is not told."""
    images, triggers = (store.one(SPECIFIC + key) for key in ("nimages", "ntrigger"))
    return int((images or 0) * (triggers or 1))


def _energy(store: Store) -> tuple[float | None, tuple[str, ...]]:
    energy = store.measured(SPECIFIC + "photon_energy", ENERGY, "eV")
    if energy is not None:
        return energy, ()
    energy, _, notes = beam(store, "entry/instrument/beam/incident_wavelength", "angstrom")
    return energy, notes


def _mask(store: Store, frame: tuple[int, ...]) -> np.ndarray | None:
    path = store.first(SPECIFIC + "pixel_mask", DETECTOR + "pixel_mask")
    return None if path is None else good_pixels(store, path, frame, is_zero)


def _centre(store: Store) -> tuple[float, float] | None:
    y, x = (store.one(f"{DETECTOR}beam_center_{axis}") for axis in "yx")
    return (y, x) if y and x else None
