"""The photons of a scan, dealt out to those that pull and those that only judge, in batches on the device."""

import math

import numpy as np
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.data.scan import Scan
from ptychopinn.data.thinning import HOLDOUT, thin
from ptychopinn.engine.order import evenly, judges_of, most_subsets

KEPT_BYTES = 2**30
"""Memory for patterns that were read once; those beyond it are read again in every pass."""


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
        self.room = KEPT_BYTES // (8 * self.batch_size * scan.size**2)
        self._is_judging = np.isin(np.arange(len(scan)), self.judging)
        self._kept: dict[tuple[int, bool], Tensor] = {}

    def _parted(self, patterns: np.ndarray) -> list[np.ndarray]:
        return [patterns[start : start + self.batch_size] for start in range(0, len(patterns), self.batch_size)]

    def counts(self, patterns: np.ndarray, judges: bool = False) -> Tensor:
        """Return the photons of a batch that pull, or those that judge: float32 `(pattern, y, x)`, -1 where none."""
        key = int(patterns[0]), judges
        if key in self._kept:
            return self._kept[key]
        counts = ops.convert_to_tensor(filled(self._read(patterns, judges), self.batch_size, -1))
        if len(self._kept) < self.room:
            self._kept[key] = counts
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
