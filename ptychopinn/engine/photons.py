"""The photons of a scan, dealt out to those that pull and those that only judge, in batches on the device."""

import itertools
import math

import numpy as np
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.data.scan import Scan
from ptychopinn.data.thinning import HOLDOUT, thin
from ptychopinn.engine.order import evenly, judges_of, most_subsets

KEPT_BYTES = 2**29
"""Memory for patterns that were read once, and as much for what is computed of them once; others are read, or computed,
again in every pass."""

BLOCK_BYTES = 2**26
"""Patterns that are kept together. The system maps blocks as large by themselves: smaller ones would lie on the heap
between what comes and goes while they are read, and leave holes there that cost as much again."""


class Photons:
    """Read the patterns of a scan, in chunks that are each spread evenly over it.

    A tenth of the photons of some patterns judges, if they are counts; each pattern has its own random stream, so that
    it is always the same. Amplitudes have no photons to hold out: theirs pull, and judge.

    Args:
        scan: Scan.
        probe: complex array `(mode, y, x)`: how much of the object a pattern sees.
        batch_size: int. Patterns in a batch, at most.
        seed: int.
        zero_first: bool. Whether counts are rolled so that their middle is at pixel (0, 0). Defaults to `True`.
        holdout: float. Part of the photons that judges. Defaults to a tenth.
    """

    def __init__(
        self, scan: Scan, probe: np.ndarray, batch_size: int, seed: int = 0, zero_first: bool = True,
        holdout: float = HOLDOUT,
    ) -> None:  # fmt: skip
        self.scan, self.seed, self.zero_first = scan, seed, zero_first
        order = evenly(scan.positions)
        self.judging = judges_of(order)
        self.held_out = holdout if scan.measurement == "counts" else 0.0
        chunks = most_subsets(scan.positions, probe)
        longest = math.ceil(len(scan) / chunks)
        self.batch_size = math.ceil(longest / math.ceil(longest / batch_size))
        self.chunks = [self._parted(order[first::chunks]) for first in range(chunks)]
        self.judges = self._parted(self.judging)
        bytes_of_batch = 4 * self.batch_size * scan.size**2
        self.room, self._of_block = KEPT_BYTES // bytes_of_batch, max(1, BLOCK_BYTES // bytes_of_batch)
        self._to_keep = {True: self.judges, False: list(itertools.chain(*self.chunks))[: self.room]}
        self._places = {
            (int(batch[0]), judges): divmod(number, self._of_block)
            for judges, batches in self._to_keep.items()
            for number, batch in enumerate(batches)
        }
        self._is_judging = np.isin(np.arange(len(scan)), self.judging)
        self._kept: dict[tuple[int, bool], Tensor] = {}

    def _parted(self, patterns: np.ndarray) -> list[np.ndarray]:
        return [patterns[start : start + self.batch_size] for start in range(0, len(patterns), self.batch_size)]

    def counts(self, patterns: np.ndarray, judges: bool = False) -> Tensor:
        """Return the photons of a batch that pull, or those that judge: float32 `(pattern, y, x)`, -1 where none.

        Args:
            patterns: int array `(pattern,)`: one of `judges`, or of a chunk.
            judges: bool. Which photons.
        """
        place = self._places.get((int(patterns[0]), judges))
        if place is None:
            return ops.convert_to_tensor(filled(self._read(patterns, judges), self.batch_size, -1))
        block, row = place
        if (block, judges) not in self._kept:
            self._kept[block, judges] = ops.convert_to_tensor(self._read_block(block, judges))
        return self._kept[block, judges][row]

    def _read_block(self, block: int, judges: bool) -> np.ndarray:
        batches = self._to_keep[judges][block * self._of_block : (block + 1) * self._of_block]
        counts = np.empty((len(batches), self.batch_size, self.scan.size, self.scan.size), np.float32)
        for place, patterns in zip(counts, batches):
            place[:] = filled(self._read(patterns, judges), self.batch_size, -1)
        return counts

    def _read(self, patterns: np.ndarray, judges: bool) -> np.ndarray:
        amplitudes = self.scan.amplitudes(patterns)
        if self.held_out:
            for number in np.flatnonzero(self._is_judging[patterns]):
                seed = self.seed, int(patterns[number])
                amplitudes[number] = thin(amplitudes[number], self.held_out, seed)[1 if judges else 0]
        counts = np.where(amplitudes < 0, -1, amplitudes**2).astype(np.float32)
        return np.fft.ifftshift(counts, axes=(-2, -1)) if self.zero_first else counts


def filled(rows: np.ndarray, count: int, value: float = 0) -> np.ndarray:
    """Return rows, and more of one value until there are so many: compiled steps keep one shape."""
    return np.concatenate([rows, np.full((count - len(rows), *rows.shape[1:]), value, rows.dtype)])
