"""Passes over a scan: in how many subsets, and how far each step goes.

A step is a function of an `Estimate`, of the patterns that it may look at, and of how far it goes; it returns a better
estimate, and by how much the one before it missed the patterns (their deviance, in photons).
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ptychopinn.reconstruction.estimate import Estimate

FIRST_STEP = 0.25
"""How far the first pass goes, in steps that a pattern would take alone; every further pass goes twice as far. Several
steps are one for each of as many subsets of the scan in turn. Where photons are few, part of a step is best."""


@dataclasses.dataclass(frozen=True)
class Pass:
    """How one pass goes through a scan: its steps go `length` far, one for each of so many subsets."""

    length: float
    subsets: int


def doubling(passes: int, most: float) -> Iterator[Pass]:
    """Yield `Pass`es, each twice as far as the one before, until they go through the most subsets."""
    for number in range(passes):
        far = min(FIRST_STEP * 2.0 ** min(number, 60), most)
        yield Pass(min(far, 1.0), int(max(far, 1)))


def go(
    estimate: Estimate,
    step: Callable[[Estimate, np.ndarray, float], tuple[Estimate, float]],
    schedule: Iterable[Pass],
    order: np.ndarray,
) -> Iterator[tuple[Estimate, float]]:
    """Make passes over a scan; yield, for each, the `Estimate` before it and how far that misses the patterns.

    Args:
        estimate: Estimate to start from.
        step: function `(estimate, patterns, length)` to `(better estimate, deviance)`.
        schedule: iterable of Pass.
        order: int array `(pattern,)`: the patterns, as subsets are made of them.

    Yields:
        `(Estimate, float)`: the deviance is the mean over the patterns. Where a pass goes through subsets, it is
        measured on the way, a little later than the estimate.
    """
    for turn in schedule:
        before, missed = estimate, 0.0
        for subset in np.array_split(order, turn.subsets):
            estimate, deviance = step(estimate, subset, turn.length)
            missed += deviance
        yield before, missed / len(order)
