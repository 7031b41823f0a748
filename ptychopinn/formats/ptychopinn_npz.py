"""PtychoPINN's NPZ: `diff3d` (or `diffraction`), `xcoords`, `ycoords`, `probeGuess`, `objectGuess`?, `bad_pixels`?."""

import numpy as np

from ptychopinn.formats.assumptions import probe_modes, tell_corner, tell_measurement
from ptychopinn.scan import Scan, check_patterns

NAME = "PtychoPINN NPZ (diff3d or diffraction, xcoords, ycoords, probeGuess)"
PATTERNS = ("diff3d", "diffraction")


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
        name=archive.path.name,
        notes=(*notes, measurement_note, corner_note, "Positions are pixels (x column, y row) of the patch's centre."),
    )


def _pattern_axis_is_last(shape, positions):
    return len(shape) == 3 and shape[0] == shape[1] and shape[2] != shape[1] and shape[0] != positions
