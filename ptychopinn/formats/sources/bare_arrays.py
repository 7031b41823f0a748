"""Arrays that nothing is said of: one of three axes or more holds the patterns; positions and probe are told by shape.

So are a `.npy`, `numpy.savez(patterns, positions, probe)`, PtychoShelves's `.mat`, and 4-D cubes in HDF5.
"""

import numpy as np

from ptychopinn.data.checks import REAL
from ptychopinn.data.recording import Recording
from ptychopinn.formats.frames import Stack
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.pattern_axis import cube_axis, is_cube, light_tells, pattern_axis_is_last
from ptychopinn.formats.quantities import position_unit
from ptychopinn.formats.sources.raster import raster
from ptychopinn.formats.sources.reading import known_probe
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import points
from ptychopinn.formats.stores.store import Lazy
from ptychopinn.printable import printable

NAME = "one array of patterns, (pattern, y, x) or (y, x of the scan, y, x), in .npy, .npz, HDF5 or .mat"
SMALLEST, FEWEST = 16, 2
"""Side and number of what is taken for patterns."""

FOUR_AXES = 4


def recognises(opened: Opened) -> bool:
    """Tell whether the file is a container with an array of patterns."""
    return opened.store is not None and bool(_candidates(opened.store.arrays))


def record(opened: Opened) -> Recording:
    """Say what the file holds.

    Raises:
        ValueError: if more than one array may hold the patterns.
    """
    store = opened.known_store
    arrays = store.arrays
    path = _chosen(store, _candidates(arrays))
    points, unit = _points(store, arrays, path)
    count = None if points is None else len(points)
    patterns, cube = _frames(store, path, count)
    notes = [f"Patterns are the array {printable(path)}, {tuple(arrays[path].shape)}."]
    if points is not None:
        notes.append("Positions are the one array that has a pair for each pattern, read as (y, x).")
    elif len(patterns.scan_shape) == 2:
        points, unit = raster(patterns.scan_shape), "step"
        notes.append("Positions are the points of a raster, as the array's axes (y, x) tell; its step is not known.")
    probe, probe_notes = _probe(store, arrays, patterns.shape[1:])
    return Recording(
        patterns=patterns,
        positions=points,
        unit=unit,
        probe=probe,
        cube_axis=cube,
        name=opened.name,
        notes=(*notes, *probe_notes),
    )


def _candidates(arrays: dict[str, Lazy]) -> list[str]:
    return [path for path, array in arrays.items() if _may_be_patterns(array)]


def _may_be_patterns(array: Lazy) -> bool:
    shape = array.shape
    if array.dtype.kind not in REAL or len(shape) not in (3, FOUR_AXES) or 0 in shape:
        return False
    first = min(shape[-2:]) >= SMALLEST and int(np.prod(shape[:-2])) >= FEWEST
    last = len(shape) == 3 and min(shape[:2]) >= SMALLEST and shape[2] >= FEWEST
    return first or last


def _chosen(store: Store, candidates: list[str]) -> str:
    """Return the one array that may be patterns; of several, the one of four axes."""
    cubes = [path for path in candidates if len(store.arrays[path].shape) == FOUR_AXES]
    chosen = cubes if len(candidates) > 1 and cubes else candidates
    if len(chosen) != 1:
        names = ", ".join(printable(path)[:40] for path in chosen[:6])
        raise ValueError(
            f"{store.name} must hold one array of patterns. Received: {len(chosen)} that may be: {names}. "
            f"Say which, like --patterns {store.name}:/{chosen[0].strip('/')}."
        )
    return chosen[0]


def _frames(store: Store, path: str, positions: int | None) -> tuple[Stack, str | None]:
    """Return the patterns, and which axis of a cube was taken to count them; MATLAB's axes are known."""
    array, name = store.known(path), f"{store.name}: {printable(path)}"
    if store.attribute(path, "MATLAB_class") is not None:
        return Stack(array, name, turned=True), None
    last = _pattern_axis_is_last(array, positions)
    return Stack(array, name, last=last), cube_axis(array, last)


def _pattern_axis_is_last(array: Lazy, positions: int | None) -> bool:
    shape = tuple(array.shape)
    if positions is not None:
        return pattern_axis_is_last(array, positions)
    if is_cube(shape):
        return light_tells(array)
    return len(shape) == 3 and shape[0] == shape[1] != shape[2]


def _points(store: Store, arrays: dict[str, Lazy], patterns: str) -> tuple[np.ndarray | None, str | None]:
    """Return the one array of pairs that fits an axis of the patterns: `(float array (pattern, 2), unit or None)`."""
    shape = arrays[patterns].shape
    counts = {int(np.prod(shape[:-2])), *(shape[-1:] if len(shape) == 3 else ())}
    found = [path for path, array in arrays.items() if _is_pairs(array, counts)]
    if len(found) != 1:
        return None, None
    unit = store.units(found[0])
    return points(store, found[0])[:, :2], None if unit is None else position_unit(unit, store.name)


def _is_pairs(array: Lazy, counts: set[int]) -> bool:
    if array.dtype.kind not in REAL or len(array.shape) != 2 or 2 not in array.shape:
        return False
    return max(array.shape) in counts


def _probe(store: Store, arrays: dict[str, Lazy], frame: tuple[int, ...]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    found = [path for path, one in arrays.items() if one.dtype.kind == "c" and tuple(one.shape[-2:]) == tuple(frame)]
    if len(found) != 1:
        return None, ()
    probe, notes = known_probe(store, found[0])
    return probe, (*notes, f"The probe is the complex array {printable(found[0])}.")
