"""PtychoPINN's NPZ: `diff3d` (or `diffraction`), `xcoords`, `ycoords`, `probeGuess`, `objectGuess`?, `bad_pixels`?."""

import numpy as np

from ptychopinn.formats.assumptions import probe_modes, tell_corner, tell_measurement
from ptychopinn.scan import Scan

NAME = "PtychoPINN NPZ (diff3d or diffraction, xcoords, ycoords, probeGuess)"
PATTERNS = ("diff3d", "diffraction")


def recognises(archive):
    """Tell whether the archive holds patterns under PtychoPINN's keys."""
    return any(key in archive for key in PATTERNS)


def read(archive, measurement, zero_frequency):
    """Read the archive; see `read_scan`."""
    patterns = archive.lazy(next(key for key in PATTERNS if key in archive))
    positions = np.stack([archive.array(key).reshape(-1) for key in ("ycoords", "xcoords")], axis=1)
    notes = []
    if _pattern_axis_is_last(patterns.shape, len(positions)):
        patterns = np.moveaxis(patterns, -1, 0)
        notes.append("Patterns are in the order (y, x, pattern): turned to (pattern, y, x).")
    measurement, measurement_note = tell_measurement(patterns, measurement)
    corner, corner_note = tell_corner(patterns, zero_frequency)
    return Scan(
        patterns=patterns,
        positions=positions.astype(np.float64),
        probe=probe_modes(archive.array("probeGuess")),
        measurement=measurement,
        corner=corner,
        object=np.squeeze(archive.array("objectGuess")) if "objectGuess" in archive else None,
        mask=~archive.array("bad_pixels").astype(bool) if "bad_pixels" in archive else None,
        name=archive.path.name,
        notes=(*notes, measurement_note, corner_note, "Positions are pixels (x column, y row) of the patch's centre."),
    )


def _pattern_axis_is_last(shape, positions):
    return len(shape) == 3 and shape[0] == shape[1] and shape[2] != shape[1] and shape[0] != positions
