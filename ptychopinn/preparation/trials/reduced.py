"""Patterns on fewer pixels, on which trials are quick and still tell geometry."""

import dataclasses

import numpy as np

from ptychopinn.data.scan import NO_DATA, Scan
from ptychopinn.data.selection import at_once
from ptychopinn.physics.probes import footprint
from ptychopinn.physics.resampling import placed, resampled

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
        return np.concatenate([self._reduced(scan.amplitudes(part)) for part in parts])

    def probe(self, probe: np.ndarray) -> np.ndarray:
        """Return a probe `(mode, y, x)` on the window and the pixels of reduced patterns."""
        return resampled(placed(probe, self.side // self.bin), self.kept)

    def _reduced(self, amplitudes: np.ndarray) -> np.ndarray:
        first = self.side // 2 - self.kept * self.bin // 2
        middle = slice(first, first + self.kept * self.bin)
        cut = amplitudes[:, middle, middle]
        if self.bin == 1:
            return cut
        blocks = cut.reshape(len(cut), self.kept, self.bin, self.kept, self.bin)
        summed = np.sqrt(np.square(blocks).sum(axis=(2, 4)))
        return np.where((blocks < 0).any(axis=(2, 4)), np.float32(NO_DATA), summed)


def reduction_of(scan: Scan) -> Reduction:
    """Return how the patterns of a scan are brought to `SIDE` pixels, if they are larger."""
    if scan.size <= SIDE:
        return Reduction(scan.size, 1, scan.size)
    diameter = 2 * np.sqrt(footprint(scan.probe).sum() / np.pi)
    binned = 1
    while scan.size % (2 * binned * 2) == 0 and scan.size / (2 * binned) >= max(SIDE, ROOM * diameter):
        binned *= 2
    return Reduction(scan.size, binned, SIDE)
