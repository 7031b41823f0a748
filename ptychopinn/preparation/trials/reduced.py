"""Patterns on fewer pixels, on which trials are quick and still tell geometry."""

import dataclasses

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import at_once
from ptychopinn.physics.probes import diameter
from ptychopinn.physics.resampling import placed, resampled
from ptychopinn.preparation.window import Window

SIDE = 64
"""Patterns are brought to so many pixels: a narrow probe's are binned, then their middle is cut out."""

ROOM = 2.5
"""Windows of a pattern over the probe's diameter, that binning leaves."""

BLOCK_BYTES = 1 << 24
"""Bytes of stored patterns that are read together."""


@dataclasses.dataclass(frozen=True)
class Reduction:
    """How patterns are brought to fewer pixels.

    Args:
        side: int. Of the patterns of the scan.
        bin: int. Pixels, each way, that are added up to one: the window on the object becomes narrower.
        kept: int. Side of the middle that is left then: the pixel of the object becomes larger.
    """

    side: int
    bin: int
    kept: int

    @property
    def pixel_ratio(self) -> float:
        """Pixels of the object of the scan, on one of reduced patterns."""
        return self.side / self.bin / self.kept

    def read(self, scan: Scan, frames: np.ndarray) -> np.ndarray:
        """Read some patterns of a scan as amplitudes: float32 `(pattern, y, x)`, `NO_DATA` where bad."""
        step = at_once(scan.patterns, BLOCK_BYTES)
        parts = [frames[start : start + step] for start in range(0, len(frames), step)]
        middle = self.side // 2 + (self.bin - 1) // 2  # a window counts from the middle of a binned pixel
        window = Window(self.kept, (middle, middle), self.bin)
        return np.concatenate([window.apply(scan.amplitudes(part), amplitudes=True) for part in parts])

    def probe(self, probe: np.ndarray) -> np.ndarray:
        """Return a probe `(mode, y, x)` on the window and the pixels of reduced patterns."""
        return resampled(placed(probe, self.side // self.bin), self.kept)


def reduction_of(scan: Scan) -> Reduction:
    """Return how the patterns of a scan are brought to `SIDE` pixels, if they are larger."""
    if scan.size <= SIDE:
        return Reduction(scan.size, 1, scan.size)
    room, binned = ROOM * diameter(scan.probe), 1
    while scan.size % (2 * binned * 2) == 0 and scan.size / (2 * binned) >= max(SIDE, room):
        binned *= 2
    return Reduction(scan.size, binned, SIDE)
