"""Whether a detector is in the near field or in the far one: in which of them passes predict photons better."""

from ptychopinn.data.scan import Scan
from ptychopinn.engine.pace import better
from ptychopinn.reconstruction.distance import PASSES, PATTERNS, SURE
from ptychopinn.reconstruction.middle import Middle


def is_near(near: Scan, far: Scan, batch_size: int | None = None) -> bool:
    """Say whether few passes predict photons held out better in the near field than in the far one, surely.

    Args:
        near, far: Scan, the same patterns read as either.
        batch_size: int. Patterns at a time, at most. Defaults to what suits the device.
    """
    middles = [(Middle(scan, scan.probe, scan.optics, PATTERNS, batch_size), scan.optics) for scan in (near, far)]
    judged = [middle.judged(middle.probe, optics, PASSES, moves_probe=True) for middle, optics in middles]
    return better(*judged, SURE)
