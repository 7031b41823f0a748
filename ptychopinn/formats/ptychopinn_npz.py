"""PtychoPINN's NPZ: `diff3d` (or `diffraction`), `xcoords`, `ycoords`, `probeGuess`?, `objectGuess`?, `bad_pixels`?.

Besides, where they are known, the scalars `pixel_size_m`, `energy_eV` and `distance_m`; in the near field,
`fresnel_number`.
"""

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ptychopinn.data.checks import REAL
from ptychopinn.data.recording import Recording
from ptychopinn.data.scan import Scan
from ptychopinn.files import write_whole
from ptychopinn.formats.archive import Archive
from ptychopinn.formats.assumptions import known_object, probe_modes
from ptychopinn.formats.member import Member
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.pattern_axis import cube_axis, is_cube, light_tells
from ptychopinn.formats.quantities import GEOMETRY
from ptychopinn.preparation.masks import BAD_PIXELS, MASKS, good_pixels

NAME = "PtychoPINN NPZ (diff3d or diffraction, xcoords, ycoords, probeGuess)"
PATTERNS = ("diff3d", "diffraction")
MOST_POSITIONS = 1000
"""Positions a pattern: more are not even read."""


def recognises(opened: Opened) -> bool:
    """Tell whether the file is an archive with patterns under PtychoPINN's keys."""
    return opened.archive is not None and any(key in opened.archive for key in PATTERNS)


def record(opened: Opened) -> Recording:
    """Return what the file holds."""
    archive = opened.known_archive
    patterns = archive.member(next(key for key in PATTERNS if key in archive))
    if patterns.ndim == 4:
        patterns = patterns.viewed(lambda stored: stored.reshape(-1, *stored.shape[2:]))
    positions = _positions(archive, patterns.shape)
    notes = ["Positions are pixels (x column, y row) of the patch's centre."]
    last = _pattern_axis_is_last(patterns, len(positions))
    cube = cube_axis(patterns, last)
    if last:
        patterns = patterns.viewed(lambda stored: np.moveaxis(stored, -1, 0))
    if last and not cube:
        notes.append("Patterns are in the order (y, x, pattern): turned to (pattern, y, x).")
    obj, left_out = known_object(archive, "objectGuess")
    mask, of_mask = _mask(archive, patterns.shape[1:])
    geometry: Any = {key: _number(archive, key) for key in GEOMETRY if key in archive}
    return Recording(
        patterns=patterns,
        positions=positions,
        probe=probe_modes(archive.array("probeGuess")) if "probeGuess" in archive else None,
        object=obj,
        mask=mask,
        cube_axis=cube,
        **geometry,
        name=opened.name,
        notes=(*notes, *left_out, *of_mask),
    )


def write(
    path: pathlib.Path | str,
    scan: Scan,
    true_positions: np.ndarray | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a scan of counts, and its object where it is known.

    Args:
        path: path of the file.
        scan: Scan.
        true_positions: float array `(pattern, 2)`: where the patterns were really taken, where the scan's positions are
            known to be wrong. Written as `xcoords_true` and `ycoords_true`.
        metadata: dict. Written as JSON text, `_metadata`, which readers leave alone.
    """
    patterns = np.asarray(scan.patterns)
    arrays = {"diff3d": np.fft.fftshift(patterns, axes=(1, 2)) if scan.corner else patterns, **known_arrays(scan)}
    if true_positions is not None:
        arrays["xcoords_true"], arrays["ycoords_true"] = true_positions[:, 1], true_positions[:, 0]
    if metadata is not None:
        arrays["_metadata"] = json.dumps(metadata)

    def save(temporary: pathlib.Path) -> None:
        with open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)

    write_whole(path, save)


def known_arrays(scan: Scan) -> dict[str, Any]:
    """Return what the file holds of a scan besides its patterns, by key."""
    arrays = {
        "xcoords": scan.positions[:, 1],
        "ycoords": scan.positions[:, 0],
        "probeGuess": scan.probe,
        **{key: getattr(scan, key) for key in GEOMETRY if getattr(scan, key) is not None},
    }
    if scan.object is not None:
        arrays["objectGuess"] = scan.object
    if scan.mask is not None:
        arrays["bad_pixels"] = ~scan.mask
    return arrays


def _positions(archive: Archive, of_patterns: tuple[int, ...]) -> np.ndarray:
    """Read `ycoords` and `xcoords`: float64 `(pattern, 2)`, pixels; too many for the patterns are not even read."""
    shapes = [archive.member(key).shape for key in ("xcoords", "ycoords")]
    x, y = (int(np.prod(shape)) for shape in shapes)
    if x != y or any(max(shape, default=1) < x for shape in shapes):
        raise ValueError(
            f"{archive.name} must hold one xcoords and one ycoords per pattern. "
            f"Received: {x} xcoords, {y} ycoords, of shapes {shapes[0]} and {shapes[1]}. "
            "Write only the pairs that were measured."
        )
    if x > MOST_POSITIONS * max(of_patterns, default=1):
        raise ValueError(
            f"{archive.name} must hold one position (y, x) per pattern. Received: {of_patterns[0]} patterns, "
            f"{x} positions. Write only the pairs that were measured."
        )
    return np.stack([archive.array(key, REAL).reshape(-1).astype(np.float64) for key in ("ycoords", "xcoords")], axis=1)


def _mask(archive: Archive, shape: tuple[int, ...]) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the mask, True on good pixels, stored as the patterns are, or None, and what was assumed of it.

    Keys that do not say which pixels they mark are taken to mark the fewer.
    """
    key = next((key for key in MASKS if key in archive), None)
    if key is None:
        return None, ()
    good = good_pixels(key, archive.array(key, REAL), shape, f"{archive.name}: {key}")
    if key == BAD_PIXELS:
        return (None if good.all() else good), ()
    return good, (f"The key {key} is read as a mask, whose fewer pixels are bad.",)


def _number(archive: Archive, key: str) -> float:
    value, low, high = archive.array(key, REAL).reshape(-1), GEOMETRY[key].low, GEOMETRY[key].high
    if value.size != 1 or not low <= value[0] <= high:
        raise ValueError(
            f"{archive.name} must hold one number from {low:g} to {high:g} as {key}. "
            f"Received: {key}={value[0] if value.size == 1 else f'{value.size} numbers'}. Correct it, or leave it out."
        )
    return float(value[0])


def _pattern_axis_is_last(patterns: Member, positions: int) -> bool:
    shape = patterns.shape
    if is_cube(shape):
        return light_tells(patterns)
    return len(shape) == 3 and shape[0] == shape[1] and shape[2] != shape[1] and shape[0] != positions
