"""The photons of a scan, dealt out to those that steps see and those that only judge, and read in batches."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from ptychopinn.data.batches import HOLDOUT, thin
from ptychopinn.data.scan import Scan

KEPT_BYTES = 2**30
"""Memory for patterns that were dealt out once; those beyond it are dealt out again, the same, in every pass."""


@dataclasses.dataclass(frozen=True)
class Batch:
    """Some patterns of a scan.

    Args:
        patterns: int array `(batch,)`: which they are, so that probe, flux or positions may differ between them.
        new: int. How many of them count; the others fill the batch, so that compiled steps keep one shape.
        seen, judging: float32 arrays `(batch, y, x)`: square root of photons, negative where there is no data.
    """

    patterns: np.ndarray
    new: int
    seen: np.ndarray
    judging: np.ndarray


class Photons:
    """Read the patterns of a scan, each dealt out in two by its own random stream: always the same.

    Amplitudes have no photons to deal out: all of them see, and judge.

    Args:
        scan: Scan.
        batch_size: int. Patterns in a batch, at most.
        most: int. Most patterns that are asked for at a time but for the whole scan; batches are filled with them.
        seed: int.
    """

    def __init__(self, scan: Scan, batch_size: int, most: int, seed: int = 0) -> None:
        self.scan, self.seed = scan, seed
        self.batch_size = math.ceil(most / math.ceil(most / batch_size))
        self.hold_out = scan.measurement == "counts"
        self._kept: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._room = KEPT_BYTES // (8 * scan.size**2)

    def batches(self, patterns: np.ndarray) -> Iterator[Batch]:
        """Yield the `Batch`es of patterns, an int array."""
        for start in range(0, len(patterns), self.batch_size):
            some = patterns[start : start + self.batch_size]
            batch = np.resize(some, self.batch_size)
            yield Batch(batch, len(some), *self._read(batch))

    def _read(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not self.hold_out:
            amplitudes = self.scan.amplitudes(batch)
            return amplitudes, amplitudes
        dealt = {index: self._kept[index] for index in map(int, batch) if index in self._kept}
        missing = np.setdiff1d(batch, list(dealt))
        for index, amplitudes in zip(map(int, missing), self.scan.amplitudes(missing) if len(missing) else ()):
            dealt[index] = thin(amplitudes, HOLDOUT, (self.seed, index))
            if len(self._kept) < self._room:
                self._kept[index] = dealt[index]
        seen, judging = map(np.stack, zip(*(dealt[int(index)] for index in batch)))
        return seen, judging
