"""CXI 1.6, as cdtools and ptychodus write it: SI units, and translations of the sample in the laboratory."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import (
    DETECTOR_PIXEL,
    DISTANCE,
    ENERGY,
    OBJECT_PIXEL,
    WAVELENGTH,
)
from ptychopinn.formats.sources.reading import (
    first_pixel,
    frames,
    good_pixels,
    indexes,
    known_image,
    known_probe,
)
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import points
from ptychopinn.formats.stores.store import both
from ptychopinn.physics.wavelengths import energy_eV
from ptychopinn.printable import printable

NAME = "CXI 1.6 (entry_1/instrument_1/detector_1)"
ENTRY = "entry_1/"
DETECTOR, PTYCHODUS = ENTRY + "instrument_1/detector_1/", ENTRY + "ptychodus/"
SOURCE = ENTRY + "instrument_1/source_1/"
PATTERNS = (ENTRY + "data_1/data", DETECTOR + "data")
TRANSLATIONS = (ENTRY + "sample_1/geometry_1/translation", ENTRY + "data_1/translation", DETECTOR + "translation")
DOWN_AND_RIGHT = np.array([[0.0, -1.0], [-1.0, 0.0], [0.0, 0.0]])
"""Directions `(x y z, row column)` of a detector whose rows run down and columns right, seen along the beam.

CXI's laboratory has x to the left and y up; cdtools and ptychodus take it so where a file does not say it.
"""

HAS_SIGNAL = 0x1000
"""A bit of CXI's masks that marks light and not a fault."""


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with patterns where CXI has them."""
    return opened.hdf5 is not None and opened.known_store.first(*PATTERNS) is not None


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    patterns = frames(store, str(store.first(*PATTERNS)))
    recording = Recording(
        patterns=patterns,
        mask=good_pixels(store, DETECTOR + "mask", patterns.shape[1:], _good),
        background=dark(store, patterns.shape[1:]),
        measurement="counts",
        detector_pixel_m=both(
            store.measured(DETECTOR + "y_pixel_size", DETECTOR_PIXEL),
            store.measured(DETECTOR + "x_pixel_size", DETECTOR_PIXEL),
        ),
        name=opened.name,
        notes=("Patterns are read as intensities.",),
    )
    known = known_beside(recording, store)
    return with_images(known, store) if store.names(PTYCHODUS) else known


def known_beside(recording: Recording, store: Store) -> Recording:
    """Return a recording with the positions, the energy and the distance that a file tells, its own or another."""
    energy, energy_notes = energy_of(store, SOURCE + "energy")
    positions, position_notes = positions_of(store, recording.patterns.shape[0])
    indexes_of_positions = indexes(store, PTYCHODUS + "probe_position_indexes")
    return dataclasses.replace(
        recording,
        positions=positions,
        unit=None if positions is None else "m",
        frame_indexes=None if indexes_of_positions is None else np.arange(recording.patterns.shape[0]),
        position_indexes=indexes_of_positions,
        energy_eV=energy,
        distance_m=store.measured(DETECTOR + "distance", DISTANCE),
        notes=(*recording.notes, *energy_notes, *position_notes),
    )


def energy_of(store: Store, path: str) -> tuple[float | None, tuple[str, ...]]:
    """Read the energy of a photon: `(eV or None, notes)`; joules, as CXI has it, unless the file says otherwise."""
    value = store.one(path)
    if value is None:
        wavelength = store.measured(path.replace("energy", "wavelength"), WAVELENGTH)
        return (None, ()) if wavelength is None else (energy_eV(wavelength), ())
    unit = store.units(path)
    if unit is None and value > 1:
        note = f"The energy {value:g} has no unit, and cannot be CXI's joules: it is read as electronvolts."
        return store.number(path, ENERGY, "eV"), (note,)
    return store.number(path, ENERGY, unit or "J"), ()


def positions_of(store: Store, patterns: int | None = None) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Read where the probe was on the object: `(float array (pattern, 2), metres, or None, notes)`.

    The sample moves by its translation $t$, and the probe on it by $-t$, along the axes of the detector's pixels.
    """
    path = store.first(*TRANSLATIONS)
    if path is None:
        return None, ("The file holds no positions.",)
    moved = points(store, path, patterns) * DISTANCE.factor(store.units(path) or "m", store.name)
    axes = _pixel_axes(store)
    told = "which its basis_vectors give" if axes is not None else "with rows down and columns to the right"
    axes = DOWN_AND_RIGHT if axes is None else axes
    note = f"Translations are those of the sample: the probe moves against them, along the detector's axes, {told}."
    return -moved @ axes[: moved.shape[1]], (note,)


def dark(store: Store, frame: tuple[int, ...]) -> np.ndarray | None:
    """Read the mean dark image, float32 `(y, x)`, or None."""
    path = DETECTOR + "data_dark"
    if path not in store:
        return None
    values = store.array(path).astype(np.float32)
    mean = values.mean(axis=0) if values.ndim == 3 and len(values) else values
    return mean if mean.shape == tuple(frame) and np.isfinite(mean).all() else None


def _good(values: np.ndarray) -> np.ndarray:
    return (values == 0) | (values == HAS_SIGNAL)


def _pixel_axes(store: Store) -> np.ndarray | None:
    """Return the directions of a pixel's rows and columns, `(x y z, row column)` of length 1, or None."""
    path = DETECTOR + "basis_vectors"
    if path not in store:
        return None
    vectors = store.array(path).astype(np.float64)
    while vectors.ndim > 2 and len(vectors):
        vectors = vectors[0]
    if vectors.shape == (2, 3):
        vectors = vectors.T
    lengths = np.linalg.norm(vectors, axis=0) if vectors.ndim == 2 else np.zeros(1)
    if vectors.shape != (3, 2) or not np.isfinite(lengths).all() or not (lengths > 0).all():
        raise ValueError(
            f"{store.name} must hold two vectors (x, y, z) of the detector's pixels as {printable(path)}. "
            f"Received: shape={vectors.shape}, lengths={lengths[:4]}. Correct them, or leave them out."
        )
    return vectors / lengths


def with_images(recording: Recording, store: Store) -> Recording:
    """Return a recording with the probe and object that ptychodus writes to its CXI files."""
    probe, probe_notes = known_probe(store, ENTRY + "image_1/data")
    image, image_notes = known_image(store, ENTRY + "image_2/data")
    size = both(*(store.number(f"{PTYCHODUS}object_pixel_{side}_m", OBJECT_PIXEL) for side in ("height", "width")))
    first = None
    if size is not None and image is not None:
        centre = [store.one(f"{PTYCHODUS}object_center_{axis}_m") or 0.0 for axis in "yx"]
        first = first_pixel(centre, size, image.shape)
    return dataclasses.replace(
        recording,
        probe=probe,
        probe_pixel_m=store.number(PTYCHODUS + "probe_pixel_width_m", OBJECT_PIXEL),
        object=image,
        object_first_px=first,
        pixel_size_m=None if size is None else size[1],
        notes=(*recording.notes, *probe_notes, *image_notes),
    )
