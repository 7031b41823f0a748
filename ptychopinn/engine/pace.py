"""The pace of passes: how far each goes through a scan, in ever more subsets at first, in fewer at the end.

Passes begin with one step of all patterns and go twice as far each, in ever more subsets, as long as they predict
better. Many subsets leave noise; so where passes bring no more, the next ones go half as far, in fewer subsets, whose
noise is averaged; and where those of all patterns together bring no more, it is over.
"""

import typing

import numpy as np

MOMENTUM = 0.9
REACH = 5.0
"""Steps that one leads to in the end, with its momentum, while passes go ever farther: more carries them too far."""

SETTLING = 2
"""Passes before there is momentum."""

CHANCE = 2.0
"""Standard errors by which a pass must predict better than the best one before it, to be no chance."""

PATIENCE = 8
"""Passes in a row that bring nothing, before the next ones go half as far."""

AT_ONCE = 2
"""The same, as long as passes go ever farther."""


class Turn(typing.NamedTuple):
    """How one pass goes through a scan: a step for each of so many subsets, with a momentum."""

    subsets: int
    momentum: float


class Pace:
    """Choose how far the next pass goes by what the last ones brought.

    Args:
        most: int. Subsets, at most.
        length: float. Of a step, of the whole one.
    """

    def __init__(self, most: int, length: float) -> None:
        self.length = length
        self.most, self.subsets, self.rising, self.made, self.waited = most, 1, True, 0, 0

    @property
    def over(self) -> bool:
        """Whether no pass would bring more."""
        return self.subsets < 1

    def go_on(self) -> None:
        """Make whole passes again, until they bring no more."""
        self.subsets, self.rising, self.waited = 1, False, 0

    def turn(self) -> Turn:
        """Return how the next pass goes."""
        self.made += 1
        if self.made <= SETTLING:
            return Turn(self.subsets, 0.0)
        if self.rising:
            return Turn(self.subsets, min(MOMENTUM, 1 - self.length / REACH))
        return Turn(self.subsets, MOMENTUM)

    def slowed(self, now: np.ndarray, best: np.ndarray) -> bool:
        """Heed what a pass brought, and return whether the next ones go less far.

        Args:
            now, best: float arrays `(pattern,)`: deviances of what judges after the pass, and the best before it.
        """
        self.waited = 0 if now.mean() < best.mean() else self.waited + 1
        if self.rising and better(now, best):
            self.subsets = min(2 * self.subsets, self.most)
        if self.waited < (AT_ONCE if self.rising and self.subsets > 1 else PATIENCE):
            return False
        self.subsets, self.rising, self.waited = self.subsets // 2, False, 0
        return True


def better(now: np.ndarray, before: np.ndarray, sure: float = CHANCE) -> bool:
    """Return whether patterns are predicted better than before by more than chance.

    Args:
        now, before: float arrays `(pattern,)`: deviances.
        sure: float. Standard errors by which they must be.
    """
    gain = before - now
    return bool(gain.mean() > sure * gain.std() / np.sqrt(len(gain)))
