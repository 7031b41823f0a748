"""PtychoPINN's NPZ: `diff3d` (or `diffraction`), `xcoords`, `ycoords`, `probeGuess`, `objectGuess`?, `bad_pixels`?.

Besides, where they are known, the scalars `pixel_size_m`, `energy_eV` and `distance_m`.
"""

import json

import numpy as np

from ptychopinn.data.scan import Scan, check_patterns
from ptychopinn.files import write_whole
from ptychopinn.formats.assumptions import probe_modes, tell_corner, tell_measurement

NAME = "PtychoPINN NPZ (diff3d or diffraction, xcoords, ycoords, probeGuess)"
PATTERNS = ("diff3d", "diffraction")
GEOMETRY = ("pixel_size_m", "energy_eV", "distance_m")


def recognises(archive):
    """Tell whether the archive holds patterns under PtychoPINN's keys."""
    return any(key in archive for key in PATTERNS)


def read(archive, measurement, zero_frequency):
    """Read the archive; see `read_scan`."""
    patterns = archive.lazy(next(key for key in PATTERNS if key in archive))
    y, x = (archive.array(key).reshape(-1) for key in ("ycoords", "xcoords"))
    if len(y) != len(x):
        raise ValueError(
            f"{archive.path.name} must hold one xcoords and one ycoords per pattern. "
            f"Received: {len(x)} xcoords, {len(y)} ycoords. Write only the pairs that were measured."
        )
    positions = np.stack([y, x], axis=1)
    notes = []
    if _pattern_axis_is_last(patterns.shape, len(positions)):
        patterns = np.moveaxis(patterns, -1, 0)
        notes.append("Patterns are in the order (y, x, pattern): turned to (pattern, y, x).")
    check_patterns(patterns, archive.path.name)
    bad = archive.array("bad_pixels").astype(bool) if "bad_pixels" in archive else np.zeros(patterns.shape[1:], bool)
    if bad.shape != patterns.shape[1:]:
        raise ValueError(
            f"{archive.path.name} must hold bad_pixels of the patterns' size {patterns.shape[1:]}. "
            f"Received: bad_pixels.shape={bad.shape}. Crop or pad it like the patterns."
        )
    measurement, measurement_note = tell_measurement(patterns, measurement)
    corner, corner_note = tell_corner(patterns, zero_frequency, bad)
    return Scan(
        patterns=patterns,
        positions=positions.astype(np.float64),
        probe=probe_modes(archive.array("probeGuess")),
        measurement=measurement,
        corner=corner,
        object=np.squeeze(archive.array("objectGuess")) if "objectGuess" in archive else None,
        mask=~(np.fft.fftshift(bad) if corner else bad) if bad.any() else None,
        **{key: _positive(archive, key) for key in GEOMETRY if key in archive},
        name=archive.path.name,
        notes=(*notes, measurement_note, corner_note, "Positions are pixels (x column, y row) of the patch's centre."),
    )


def write(path, scan, true_positions=None, metadata=None):
    """Write a scan of counts, and its object where it is known.

    Args:
        path: path of the file.
        scan: Scan.
        true_positions: float array `(pattern, 2)`: where the patterns were really taken, where the scan's positions are
            known to be wrong. Written as `xcoords_true` and `ycoords_true`.
        metadata: dict. Written as JSON text, `_metadata`, which readers leave alone.
    """
    arrays = {
        "diff3d": np.fft.fftshift(scan.patterns, axes=(1, 2)) if scan.corner else np.asarray(scan.patterns),
        "xcoords": scan.positions[:, 1],
        "ycoords": scan.positions[:, 0],
        "probeGuess": scan.probe,
        **{key: getattr(scan, key) for key in GEOMETRY if getattr(scan, key) is not None},
    }
    if scan.object is not None:
        arrays["objectGuess"] = scan.object
    if scan.mask is not None:
        arrays["bad_pixels"] = ~scan.mask
    if true_positions is not None:
        arrays["xcoords_true"], arrays["ycoords_true"] = true_positions[:, 1], true_positions[:, 0]
    if metadata is not None:
        arrays["_metadata"] = json.dumps(metadata)

    def save(temporary):
        with open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)

    write_whole(path, save)


def _positive(archive, key):
    value = archive.array(key)
    if value.size != 1 or not (np.isfinite(value).all() and (value > 0).all()):
        raise ValueError(
            f"{archive.path.name} must hold one positive number as {key}. Received: {key}={value}. "
            "Correct it, or leave it out."
        )
    return float(value.item())


def _pattern_axis_is_last(shape, positions):
    return len(shape) == 3 and shape[0] == shape[1] and shape[2] != shape[1] and shape[0] != positions
