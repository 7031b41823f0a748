"""Blocks of a scan: neighbouring patterns that are always seen together, however many share the work."""

import dataclasses

import numpy as np

from ptychopinn.engine.order import halved

LARGEST = 1024
"""Patterns of a block, at most: enough that few lie at its edge, where groups have neighbours on one side alone."""


def blocks_of(positions: np.ndarray) -> list[np.ndarray]:
    """Cut a scan into blocks: it is halved across its longer side, and so on for both halves.

    Args:
        positions: float array `(pattern, 2)`.

    Returns:
        list of int arrays `(pattern,)`, each rising, in an order in which neighbours follow one another.
    """
    pending, blocks = [np.arange(len(positions))], []
    while pending:
        some = pending.pop()
        if len(some) > LARGEST:
            pending += reversed(halved(positions, some))
        else:
            blocks.append(np.sort(some))
    return blocks


@dataclasses.dataclass(frozen=True)
class Shard:
    """A part of the blocks of a scan, to be seen by one process.

    Args:
        number: int. Which part, from 1 on.
        of: int. How many there are.
    """

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def own(self, blocks: int) -> range:
        """Return the numbers of its blocks, a run of them, of so many; raise ValueError where there are too few."""
        if self.of > blocks:
            raise ValueError(
                f"A scan of {blocks} blocks of up to {LARGEST} patterns can be shared among {blocks} shards at most. "
                f"Received: shard={self}. Take fewer."
            )
        begin, end = (number * blocks // self.of for number in (self.number - 1, self.number))
        return range(begin, end)
