"""Photons on the device: batches that are read once and kept, as far as there is room."""

from collections.abc import Callable, Sequence

import numpy as np
from keras import KerasTensor as Tensor
from keras import ops

BLOCK_BYTES = 2**26
"""Batches that are kept together. The system maps blocks as large by themselves: smaller ones would lie on the heap
between what comes and goes while they are read, and leave holes there that cost as much again."""


class Kept:
    """Read batches of patterns, and keep those that there is room for.

    Args:
        batches: list of int arrays `(pattern,)`: the first of each tells it from others.
        shape: `(pattern, y, x)` of a full batch.
        room: int. Batches that are kept, at most: the first ones.
    """

    def __init__(self, batches: Sequence[np.ndarray], shape: tuple[int, int, int], room: int) -> None:
        self.shape = shape
        self._of_block = max(1, BLOCK_BYTES // (4 * int(np.prod(shape))))
        self._to_keep = list(batches[:room])
        self._places = {int(batch[0]): divmod(number, self._of_block) for number, batch in enumerate(self._to_keep)}
        self._blocks: dict[int, Tensor] = {}

    def counts(self, patterns: np.ndarray, read: Callable[[np.ndarray], np.ndarray]) -> Tensor:
        """Return the photons of a batch, filled: float32 tensor `(pattern, y, x)`, -1 where there is no data.

        Args:
            patterns: int array `(pattern,)`: the batch.
            read: function of a batch that returns its photons: float32 array `(pattern, y, x)`.
        """
        place = self._places.get(int(patterns[0]))
        if place is None:
            return ops.convert_to_tensor(self._full(read(patterns)))
        block, row = place
        if block not in self._blocks:
            batches = self._to_keep[block * self._of_block : (block + 1) * self._of_block]
            counts = np.empty((len(batches), *self.shape), np.float32)
            for number, batch in enumerate(batches):
                counts[number] = self._full(read(batch))
            self._blocks[block] = ops.convert_to_tensor(counts)
        return self._blocks[block][row]

    def clear(self) -> None:
        """Keep nothing: what is asked for is read again."""
        self._blocks.clear()

    def _full(self, photons: np.ndarray) -> np.ndarray:
        return filled(photons, self.shape[0], -1)


def filled(rows: np.ndarray, count: int, value: float = 0) -> np.ndarray:
    """Return rows, and more of one value until there are so many: compiled steps keep one shape."""
    return np.concatenate([rows, np.full((count - len(rows), *rows.shape[1:]), value, rows.dtype)])
