"""tike's NPZ: `data` (1, pattern, y, x), `scan` (1, pattern, 2) pixels (y, x), `probe` (1, 1, 1, mode, y, x)."""

import numpy as np

from ptychopinn.data.checks import REAL
from ptychopinn.data.recording import Recording
from ptychopinn.formats.assumptions import probe_modes
from ptychopinn.formats.opened import Opened

NAME = "tike NPZ (data, scan, probe)"


def recognises(opened: Opened) -> bool:
    """Tell whether the file is an archive with tike's three keys."""
    return opened.archive is not None and all(key in opened.archive for key in ("data", "scan", "probe"))


def record(opened: Opened) -> Recording:
    """Return what the file holds."""
    archive = opened.known_archive
    patterns, positions = archive.member("data"), archive.member("scan")
    if patterns.ndim != 4 or len(patterns) != 1 or positions.shape[::2] != (1, 2):
        raise ValueError(
            f"{opened.name} must hold one angle: data (1, pattern, y, x) and scan (1, pattern, 2). "
            f"Received: data.shape={patterns.shape}, scan.shape={positions.shape}. Save one angle to a file."
        )
    return Recording(
        patterns=patterns.viewed(lambda stored: stored[0]),
        positions=archive.array("scan", REAL)[0].astype(np.float64),
        unit="px",
        probe=probe_modes(archive.array("probe")),
        name=opened.name,
        notes=("Positions are pixels (y, x).",),
    )
