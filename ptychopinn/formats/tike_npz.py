"""tike's NPZ: `data` (1, pattern, y, x), `scan` (1, pattern, 2) pixels (y, x), `probe` (1, 1, 1, mode, y, x)."""

import numpy as np

from ptychopinn.data.scan import Scan, check_patterns
from ptychopinn.formats.assumptions import probe_modes, tell_corner, tell_measurement

NAME = "tike NPZ (data, scan, probe)"


def recognises(archive):
    """Tell whether the archive holds tike's three keys."""
    return all(key in archive for key in ("data", "scan", "probe"))


def read(archive, measurement, zero_frequency):
    """Read the archive; see `read_scan`."""
    patterns, positions = archive.lazy("data"), archive.array("scan")
    if patterns.ndim != 4 or len(patterns) != 1 or positions.ndim != 3 or len(positions) != 1:
        raise ValueError(
            f"{archive.path.name} must hold one angle: data (1, pattern, y, x) and scan (1, pattern, 2). "
            f"Received: data.shape={patterns.shape}, scan.shape={positions.shape}. Save one angle to a file."
        )
    check_patterns(patterns[0], archive.path.name)
    measurement, measurement_note = tell_measurement(patterns[0], measurement)
    corner, corner_note = tell_corner(patterns[0], zero_frequency)
    return Scan(
        patterns=patterns[0],
        positions=positions[0].astype(np.float64),
        probe=probe_modes(archive.array("probe")),
        measurement=measurement,
        corner=corner,
        name=archive.path.name,
        notes=(measurement_note, corner_note, "Positions are pixels (y, x)."),
    )
