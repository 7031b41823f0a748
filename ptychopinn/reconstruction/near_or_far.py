"""Whether a detector is in the near field or in the far one: in which of them passes predict photons better."""

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.engine.pace import better
from ptychopinn.reconstruction.distance import PASSES, PATTERNS, SURE
from ptychopinn.reconstruction.middle import Middle


def is_near(near: Scan, far: Scan) -> bool:
    """Say whether few passes predict photons held out better in the near field than in the far one, surely.

    Args:
        near, far: Scan, the same patterns read as either.
    """
    return better(_judged(near), _judged(far), SURE)


def _judged(scan: Scan) -> np.ndarray:
    """Return the deviances `(pattern,)` of photons held out after passes over the middle of a scan."""
    middle = Middle(scan, scan.probe, scan.optics, PATTERNS)
    return middle.judged(middle.probe, scan.optics, PASSES, moves_probe=True)
