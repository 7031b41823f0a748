"""py4DSTEM's and Berkeley's EMD: a 4-D cube of electron diffraction, with its axes and its calibration."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, METRES, OBJECT_PIXEL
from ptychopinn.formats.sources.raster import raster
from ptychopinn.formats.sources.reading import frames
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import coordinates
from ptychopinn.printable import printable

NAME = "EMD of py4DSTEM (a 4-D datacube with dim vectors or a calibration)"
FOUR_AXES = 4


@dataclasses.dataclass(frozen=True)
class Step:
    """What lies between two points of an axis.

    Args:
        size: float.
        unit: str. As the file has it, in small letters, without brackets.
    """

    size: float
    unit: str


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with a 4-D array `data` that has EMD's axes or py4DSTEM's calibration."""
    return opened.hdf5 is not None and _cube(opened.known_store) is not None


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    path = str(_cube(store))
    patterns = frames(store, path)
    scan = _scan_step(store, path)
    unit, factor = ("step", 1.0) if scan is None else ("m", METRES[scan.unit])
    size = 1.0 if scan is None else scan.size * factor
    recording = Recording(
        patterns=patterns,
        positions=raster(patterns.scan_shape, (size, size)),
        unit=unit,
        electrons=True,
        name=opened.name,
        notes=(
            "Positions are the points of a raster, as the array's axes tell" + ("." if scan else "; no step is told."),
            *_turn(store),
        ),
    )
    return _with_detector(recording, _detector_step(store, path))


def _cube(store: Store) -> str | None:
    cubes = [path for path, array in store.arrays.items() if len(array.shape) == FOUR_AXES and path.endswith("/data")]
    known = [path for path in cubes if _dim(store, path, 0) is not None or _calibration(store, "Q") is not None]
    return known[0] if len(known) == 1 else None


def _dim(store: Store, path: str, axis: int) -> Step | None:
    """Return the step of an axis of the cube; EMD counts its axes from 0 or from 1."""
    group = path.removesuffix("data")
    first = 0 if f"{group}dim0" in store else 1
    dim = f"{group}dim{axis + first}"
    if dim not in store:
        return None
    values = store.array(dim).reshape(-1).astype(np.float64)
    if len(values) < 2 or not np.isfinite(values[:2]).all() or values[0] == values[1]:
        return Step(1.0, "pixels")
    return Step(float(abs(values[1] - values[0])), _plain(store.units(dim)))


def _calibration(store: Store, space: str) -> Step | None:
    """Return py4DSTEM's calibration of the scan ("R") or the detector ("Q"), or None."""
    path = next((path for path in store.arrays if path.endswith(f"/{space}_pixel_size")), None)
    if path is None:
        return None
    size = float(coordinates(store, path)[:1].sum())
    return Step(size, _plain(store.text(path.replace("_size", "_units")))) if size > 0 else None


def _plain(unit: str | None) -> str:
    return (unit or "pixels").strip().strip("[]()").lower()


def _scan_step(store: Store, path: str) -> Step | None:
    steps = (_calibration(store, "R"), _dim(store, path, 0))
    return next((step for step in steps if step is not None and step.unit in METRES), None)


def _detector_step(store: Store, path: str) -> Step | None:
    steps = (_calibration(store, "Q"), _dim(store, path, 2))
    return next((step for step in steps if step is not None and (step.unit == "mrad" or _inverse(step.unit))), None)


def _inverse(unit: str) -> float | None:
    """Return how many 1/m a unit like `a^-1` or `1/nm` is, or None."""
    length = unit.removesuffix("^-1") if unit.endswith("^-1") else unit.removeprefix("1/")
    return 1 / METRES[length] if length != unit and length in METRES else None


def _with_detector(recording: Recording, step: Step | None) -> Recording:
    """Return a recording with what the detector's calibration tells."""
    if step is None:
        note = "The file does not calibrate the detector."
        return dataclasses.replace(recording, notes=(*recording.notes, note))
    inverse, width = _inverse(step.unit), recording.patterns.shape[2]
    if inverse is not None:
        size = OBJECT_PIXEL.within(1 / (width * step.size * inverse), recording.name, "1 / (N Q_pixel_size)")
        return dataclasses.replace(recording, pixel_size_m=size)
    angle = DETECTOR_PIXEL.within(step.size * 1e-3, recording.name, "Q_pixel_size")
    note = f"A pixel of the detector is {step.size:g} mrad: as one of {step.size:g} mm at 1 m."
    return dataclasses.replace(
        recording,
        detector_pixel_m=(angle, angle),
        distance_m=1.0,
        notes=(*recording.notes, note),
    )


def _turn(store: Store) -> tuple[str, ...]:
    """Say that the detector is turned or flipped against the scan, where the calibration knows it."""
    said = []
    for path in store.arrays:
        word = path.rsplit("/", 1)[-1]
        if word in ("QR_rotation", "QR_rotation_degrees", "QR_flip"):
            value = float(coordinates(store, path)[:1].sum())
            if value:
                said.append(f"The calibration has {printable(word)}={value:g}, which is not applied.")
    return tuple(said)
