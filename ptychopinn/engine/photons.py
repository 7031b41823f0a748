"""The photons of a scan, dealt out to those that pull and those that only judge, in batches on the device."""

import functools
import itertools
import math

import numpy as np
from keras import KerasTensor as Tensor

from ptychopinn.data.scan import Scan
from ptychopinn.data.thinning import HOLDOUT, thin
from ptychopinn.device import patterns_at_once
from ptychopinn.engine.kept import Kept
from ptychopinn.engine.order import evenly, judges_of, most_subsets

KEPT_BYTES = 2**29
"""Memory for patterns that were read once and, if they leave any, for what is computed of them once; others are read,
or computed, again in every pass."""

MANY, LESS = 4, 4
"""Where so many times as much would have to be kept, little is gained by what there is room for: it is so much less."""


class Photons:
    """Read the patterns of a scan, in chunks that are each spread evenly over it.

    A tenth of the photons of some patterns judges, if they are counts; each pattern has its own random stream, so that
    it is always the same. Amplitudes have no photons to hold out: theirs pull, and judge.

    Args:
        scan: Scan.
        probe: complex array `(mode, y, x)`: how much of the object a pattern sees.
        batch_size: int. Patterns in a batch, at most. Defaults to what suits the device.
        seed: int.
        zero_first: bool. Whether counts are rolled so that their middle is at pixel (0, 0). Defaults to `True`.
        holdout: float. Part of the photons that judges. Defaults to a tenth.
        workers: int. How many share the batches of every chunk. Defaults to 1.
    """

    def __init__(
        self, scan: Scan, probe: np.ndarray, batch_size: int | None = None, seed: int = 0, zero_first: bool = True,
        holdout: float = HOLDOUT, workers: int = 1,
    ) -> None:  # fmt: skip
        self.scan, self.seed, self.zero_first = scan, seed, zero_first
        order = evenly(scan.positions)
        self.judging = judges_of(order)
        self.held_out = holdout if scan.measurement == "counts" else 0.0
        chunks = most_subsets(scan.positions, probe)
        longest, self.workers = math.ceil(len(scan) / chunks), workers
        batch_size = batch_size or patterns_at_once(scan.size)
        batches = workers * math.ceil(longest / (workers * batch_size))  # as many for each
        self.batch_size = math.ceil(longest / batches)
        self.chunks = [parted(order[first::chunks], batches) for first in range(chunks)]
        self.judges = parted(self.judging, math.ceil(len(self.judging) / self.batch_size))
        self._is_judging = np.isin(np.arange(len(scan)), self.judging)
        self.shape = self.batch_size, scan.size, scan.size
        self.room = kept_bytes(scan) // (4 * self.batch_size * scan.size**2)
        self._pulling = Kept(list(itertools.chain(*self.chunks)), self.shape, self.room)
        self._judging = Kept(self.judges, self.shape, self.room)

    def counts(self, patterns: np.ndarray, judges: bool = False) -> Tensor:
        """Return the photons of a batch that pull, or those that judge: float32 `(pattern, y, x)`, -1 where none.

        Args:
            patterns: int array `(pattern,)`: one of `judges`, or of a chunk.
            judges: bool. Which photons.
        """
        kept = self._judging if judges else self._pulling
        return kept.counts(patterns, functools.partial(self.read, judges=judges))

    def clear(self) -> None:
        """Keep no patterns."""
        self._pulling.clear()
        self._judging.clear()

    def read(self, patterns: np.ndarray, judges: bool = False) -> np.ndarray:
        """Read the photons of patterns that pull, or those that judge: float32 array `(pattern, y, x)`."""
        amplitudes = self.scan.amplitudes(patterns)
        if self.held_out:
            for number in np.flatnonzero(self._is_judging[patterns]):
                seed = self.seed, int(patterns[number])
                amplitudes[number] = thin(amplitudes[number], self.held_out, seed)[1 if judges else 0]
        counts = np.where(amplitudes < 0, -1, amplitudes**2).astype(np.float32)
        return np.fft.ifftshift(counts, axes=(-2, -1)) if self.zero_first else counts


def parted(patterns: np.ndarray, batches: int) -> list[np.ndarray]:
    """Part patterns into so many batches, as long as each other or one longer; none is empty."""
    return [batch for batch in np.array_split(patterns, batches) if len(batch)]


def kept_bytes(scan: Scan) -> int:
    """Return how much memory the patterns of a scan may take."""
    whole = 4 * len(scan) * scan.size**2
    return KEPT_BYTES if whole < MANY * KEPT_BYTES else KEPT_BYTES // LESS
