"""Positions of the scan: from the file's unit, axes and sign to pixels of the object."""

import dataclasses

import numpy as np
from scipy.spatial import cKDTree

from ptychopinn.data.grouping import spacing
from ptychopinn.data.recording import Recording
from ptychopinn.preparation.pairing import named, without
from ptychopinn.preparation.params import METRES, Preparation

CLOSEST = 0.3
"""Pixels: patterns of a scan are hardly ever taken nearer to each other."""

SURELY_PIXELS = 1.0
"""Pixels: steps from here on are of pixels, even where they could be of another unit, which is said."""

LOST = 10.0
"""A position is lost if its nearest neighbour is so many times farther than others', and beyond a patch."""

MOST_LOST = 0.05
"""Part of the positions: more than that are no outliers."""


SIGNED = {"keep": (1.0, 1.0), "negate": (-1.0, -1.0), "negate-y": (-1.0, 1.0), "negate-x": (1.0, -1.0)}
"""Signs of `(y, x)`."""


def in_pixels(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording with positions in pixels of the object, as patterns are stored.

    A file that says no unit means pixels, if these make a scan; else the only unit that does, where the object's pixel
    is known.

    Raises:
        ValueError: if the object's pixel is needed and not known, or the unit is not told.
    """
    positions, pixel = np.asarray(recording.positions, float), recording.pixel_size_m
    unit, note = wanted.units or recording.unit, None
    if recording.unit == "step" or wanted.scan_step is not None:
        positions, unit = positions * _step(recording, wanted), wanted.units or "px"
        note = f"Positions are the points of a raster, {wanted.scan_step:g} {unit} apart, as asked."
    elif unit is None:
        unit, note = _guessed(positions, min(recording.patterns.shape[1:]), pixel, recording.name)
    elif wanted.units is not None:
        note = f"Positions are {unit}, as asked."
    if unit == "px":
        return _with(recording, positions, note)
    if pixel is None:
        raise ValueError(
            f"Positions of {recording.name} are {unit}, and need the pixel of the object, in m. Received: "
            "pixel_size_m=None. Give --pixel-size, or --energy, --distance and --detector-pixel."
        )
    note = note or f"Positions are {unit}: pixels of {pixel:.4g} m."
    return _with(recording, positions * (METRES[unit] / pixel), note)


def _step(recording: Recording, wanted: Preparation) -> float:
    """Return the step of a raster of which a file tells the points alone."""
    if recording.unit != "step":
        raise ValueError(
            f"scan_step is for files that tell the points of a raster alone, and {recording.name} has positions. "
            f"Received: scan_step={wanted.scan_step}. Leave it out."
        )
    if wanted.scan_step is None:
        raise ValueError(
            f"{recording.name} tells the points of a raster, and not its step. Received: scan_step=None. "
            "Give --scan-step, in pixels of the object, or with --units; or the places by --positions-from."
        )
    return wanted.scan_step


def as_scanned(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording with the positions' sign, axes, rotation and affine map as the user says.

    Rotation and map are about the middle of the positions, which stays where it is.
    """
    positions, notes = np.asarray(recording.positions, float), []
    middle = _middle(positions)
    if wanted.sign != "keep":
        notes.append(f"Positions: {wanted.sign.replace('-', ' ')}, as asked.")
    if wanted.swap_xy:
        notes.append("Positions: x and y are exchanged, as asked.")
    if wanted.rotate_scan:
        notes.append(f"Positions are turned by {wanted.rotate_scan:g} degrees, as asked.")
    if wanted.affine is not None:
        notes.append(f"Positions are mapped by {wanted.affine}, as asked.")
    if not notes:
        return recording
    if recording.object is not None:
        notes.append("The object of the file is left out: it lies where the positions did.")
    moved = (positions - middle) @ scan_matrix(wanted).T + middle
    return dataclasses.replace(recording, positions=moved, object=None, notes=(*recording.notes, *notes))


def scan_matrix(wanted: Preparation) -> np.ndarray:
    """Return the matrix that maps positions `(y, x)` as the user says: sign, exchange, rotation, affine map."""
    matrix = np.diag(SIGNED[wanted.sign])
    if wanted.swap_xy:
        matrix = matrix[::-1]
    return np.array(wanted.matrix) @ rotation(wanted.rotate_scan) @ matrix


def rotation(degrees: float) -> np.ndarray:
    """Return the matrix that turns `(y, x)` by an angle, from y towards x."""
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def without_outliers(recording: Recording) -> Recording:
    """Return a recording without frames that were taken far from all others, which are named."""
    positions = np.asarray(recording.positions)
    places, of_place = np.unique(positions, axis=0, return_inverse=True)
    if len(places) < 8 or not np.isfinite(places).all():
        return recording
    nearest = cKDTree(places).query(places, k=2)[0][:, 1]
    lost = nearest > max(LOST * np.median(nearest), 2 * max(recording.patterns.shape[1:]))
    frames = np.flatnonzero(lost[of_place.reshape(-1)])
    if not len(frames) or len(frames) > max(1, MOST_LOST * len(positions)):
        return recording
    where = ", ".join(f"({y:.4g}, {x:.4g})" for y, x in positions[frames[:3]])
    return without(recording, frames, f"Left out: {named(frames)}, taken far from all others, at {where} pixels.")


def _guessed(positions: np.ndarray, side: int, pixel: float | None, name: str) -> tuple[str, str | None]:
    places = np.unique(positions[np.isfinite(positions).all(axis=1)], axis=0)
    if len(places) < 2:
        return "px", None
    apart = spacing(places)
    steps = {unit: apart * metres / pixel for unit, metres in METRES.items()} if pixel else {}
    fitting = [unit for unit, step in steps.items() if CLOSEST <= step <= side]
    other = fitting[0] if len(fitting) == 1 else None
    if apart > side or CLOSEST <= apart <= side:
        if other is None:
            return "px", None
        if SURELY_PIXELS <= apart <= side:
            return "px", f"Positions are pixels; as {other} their steps would be {steps[other]:.3g}: --units overrides."
    if other is not None and not CLOSEST <= apart <= side:
        return other, (
            f"Positions are taken for {other}, whose steps are {steps[other]:.3g} pixels of {pixel:.4g} m, and not for "
            f"pixels, whose steps would be {apart:.3g}; --units overrides."
        )
    raise ValueError(
        f"Positions of {name} must be pixels of the object, in steps of {CLOSEST} pixels or more, or of a known unit. "
        f"Received: steps of {apart:.3g}, unit=None, pixel_size_m={pixel}. Give --units (m, mm, um, nm, px), and the "
        "pixel by --pixel-size, or by --energy, --distance and --detector-pixel."
    )


def _middle(positions: np.ndarray) -> np.ndarray:
    known = positions[np.isfinite(positions).all(axis=1)]
    return (known.min(axis=0) + known.max(axis=0)) / 2 if len(known) else np.zeros(2)


def _with(recording: Recording, positions: np.ndarray, note: str | None) -> Recording:
    notes = recording.notes if note is None else (*recording.notes, note)
    return dataclasses.replace(recording, positions=positions, unit="px", notes=notes)
