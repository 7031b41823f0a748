"""The general door: a scan told by where its arrays lie, for files that no other source knows."""

import dataclasses
import math
import pathlib
import typing

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.places import place
from ptychopinn.formats.position_files import Positions, read_positions
from ptychopinn.formats.quantities import DETECTOR_PIXEL, GEOMETRY, Quantity, position_unit
from ptychopinn.formats.sources.raster import raster
from ptychopinn.formats.sources.reading import good_pixels, is_not_zero, is_zero, known_image, known_probe
from ptychopinn.formats.stores.points import coordinates

CHOICES = {"measurement": ("counts", "amplitude"), "zero_frequency": ("centre", "corner"), "order": ("xy", "yx")}


@dataclasses.dataclass(frozen=True)
class Door:
    """Where the arrays of a scan lie, each `FILE` or `FILE:/path`, and what is known beside them.

    Args:
        patterns: str. `(pattern, y, x)`, or more axes of the scan; `*` in FILE names a series of files.
        positions: str. `(pattern, 2)` or `(2, pattern)`, or a text with columns x and y.
        positions_y, positions_x: str. The same as two arrays `(pattern,)`.
        unit: `"px"`, `"m"`, `"mm"`, `"um"` or `"nm"`. Defaults to what the file says.
        order: `"xy"` or `"yx"`: of the columns of `positions`. Defaults to "xy" in text and "yx" in arrays.
        probe: str. `(..., mode, y, x)`.
        object: str. `(y, x)`.
        mask: str. `(y, x)` or `(pattern, y, x)`, not 0 on good pixels.
        bad_pixels: str. The same, not 0 on bad pixels.
        measurement: `"counts"` or `"amplitude"`.
        zero_frequency: `"centre"` or `"corner"`.
        distance_m, energy_eV, pixel_size_m, fresnel_number: float. The last says that the field is near.
        detector_pixel_m: float, or list of height and width.
        electrons: bool. Whether the energy is that of electrons. Defaults to False.
        name: str. Defaults to the name of the patterns' file.
    """

    patterns: str
    positions: str | None = None
    positions_y: str | None = None
    positions_x: str | None = None
    unit: str | None = None
    order: str | None = None
    probe: str | None = None
    object: str | None = None
    mask: str | None = None
    bad_pixels: str | None = None
    measurement: str | None = None
    zero_frequency: str | None = None
    distance_m: float | None = None
    fresnel_number: float | None = None
    energy_eV: float | None = None
    pixel_size_m: float | None = None
    detector_pixel_m: typing.Any = None
    electrons: bool = False
    name: str | None = None


def record(door: Door, folder: pathlib.Path | None = None) -> Recording:
    """Say what lies behind a door.

    Args:
        door: Door.
        folder: pathlib.Path. Where relative paths begin. Defaults to the working folder.

    Raises:
        ValueError: if an array is not where it is said to be, or cannot be what it is said to be.
    """
    check(door)
    at = place(door.patterns, folder)
    patterns = at.frames()
    positions = _positions(door, folder) or _raster(patterns)
    probe, probe_notes = (None, ()) if door.probe is None else known_probe(*_array(door.probe, folder))
    image, image_notes = (None, ()) if door.object is None else known_image(*_array(door.object, folder))
    return Recording(
        patterns=patterns,
        positions=None if positions is None else positions.values,
        unit=None if positions is None else positions.unit,
        probe=probe,
        object=image,
        mask=_mask(door, folder, patterns.shape[1:]),
        measurement=door.measurement,
        corner=None if door.zero_frequency is None else door.zero_frequency == "corner",
        detector_pixel_m=_detector_pixel(door),
        electrons=door.electrons,
        name=door.name or at.name,
        notes=(*(positions.notes if positions else ()), *probe_notes, *image_notes),
        **{key: getattr(door, key) for key in GEOMETRY},
    )


def check(door: Door) -> None:
    """Raise ValueError unless what a door says beside its arrays can be."""
    for key, choices in CHOICES.items():
        value = getattr(door, key)
        if value not in (None, *choices):
            raise ValueError(
                f"{key} must be one of {', '.join(choices)}. Received: {key}={str(value)[:40]!r}. Choose one."
            )
    for key, quantity in GEOMETRY.items():
        if getattr(door, key) is not None:
            _within(getattr(door, key), quantity, key)
    if door.unit is not None:
        position_unit(door.unit, "the scan")
    if (door.positions_y is None) != (door.positions_x is None) or (door.positions and door.positions_y):
        raise ValueError(
            "Positions must be told by positions, or by positions_y and positions_x. "
            "Received: another choice of the three. Give the one, or both of the others."
        )


def _within(value: float, quantity: Quantity, key: str) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(
            f"{key} must be a finite number, {quantity.unit}. Received: {key}={str(value)[:40]!r}. Correct it."
        )
    return quantity.within(float(value), "The description", key)


def _array(where: str, folder: pathlib.Path | None) -> tuple[typing.Any, str]:
    at = place(where, folder)
    store = at.store()
    path = at.path_in(store)
    store.known(path)
    return store, path


def _positions(door: Door, folder: pathlib.Path | None) -> Positions | None:
    if door.positions is not None:
        return read_positions(door.positions, door.unit, door.order, folder)
    if door.positions_y is None or door.positions_x is None:
        return None
    units = []
    values = []
    for where in (door.positions_y, door.positions_x):
        store, path = _array(where, folder)
        values.append(coordinates(store, path))
        units.append(store.units(path))
    if len(values[0]) != len(values[1]):
        raise ValueError(
            f"positions_y and positions_x must be of one length. Received: {len(values[0])} and {len(values[1])}. "
            "Give the two of one scan."
        )
    unit = door.unit or (units[0] if units[0] == units[1] else None)
    return Positions(np.stack(values, axis=1), None if unit is None else position_unit(unit, "the scan"), ())


def _raster(patterns: typing.Any) -> Positions | None:
    points = raster(getattr(patterns, "scan_shape", ()))
    note = "Positions are the points of a raster, as the axes (y, x) of the patterns tell; its step is not known."
    return None if points is None else Positions(points, "step", (note,))


def _mask(door: Door, folder: pathlib.Path | None, frame: tuple[int, ...]) -> np.ndarray | None:
    """Return pixels that are good in all the masks that are given, or None where all are."""
    told = ((door.mask, is_not_zero), (door.bad_pixels, is_zero))
    masks = [good_pixels(*_array(where, folder), frame, good) for where, good in told if where is not None]
    known = [mask for mask in masks if mask is not None]
    return np.logical_and.reduce(known) if known else None


def _detector_pixel(door: Door) -> tuple[float, float] | None:
    if door.detector_pixel_m is None:
        return None
    sizes = door.detector_pixel_m if isinstance(door.detector_pixel_m, list | tuple) else [door.detector_pixel_m]
    if len(sizes) not in (1, 2):
        raise ValueError(
            "detector_pixel_m must be one number, or height and width. "
            f"Received: detector_pixel_m={str(sizes)[:60]}. Correct it."
        )
    height, width = (_within(size, DETECTOR_PIXEL, "detector_pixel_m") for size in (sizes[0], sizes[-1]))
    return height, width
