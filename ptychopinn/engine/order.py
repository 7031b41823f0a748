"""Patterns in an order whose every k-th are spread evenly over the scan."""

import math

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.physics.probes import effective_area

COVERAGE = 1.5
"""Patterns that light each pixel in every subset of a scan, at least."""

FEWEST = 8
"""Patterns of a subset, at least."""

MOST = 8
"""Subsets of a scan, at most."""

APART = 1.0
"""Patterns that light a pixel in the mean, below which they are apart."""

JUDGES = 256
"""Patterns, at most, that photons are held out from."""


def evenly(positions: np.ndarray) -> np.ndarray:
    """Return an order in which neighbours follow one another, so that each k-th pattern is far from the next.

    The scan is halved across its longer side, and so on for both halves.

    Args:
        positions: float array `(pattern, 2)`.

    Returns:
        int array `(pattern,)`.
    """
    pending, order = [np.arange(len(positions))], []
    while pending:
        some = pending.pop()
        if len(some) == 1:
            order.append(some[0])
            continue
        pending += reversed(halved(positions, some))
    return np.array(order)


def halved(positions: np.ndarray, some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Halve some patterns across the longer side of where they lie: two int arrays `(pattern,)`."""
    longer = int(np.argmax(np.ptp(positions[some], axis=0)))
    along = some[np.argsort(positions[some, longer], kind="stable")]
    middle = len(along) // 2
    return along[:middle], along[middle:]


def judges_of(order: np.ndarray) -> np.ndarray:
    """Return the patterns that photons are held out from, of all in the order of `evenly`: int array `(pattern,)`."""
    return order[:: math.ceil(len(order) / JUDGES)]


def most_subsets(positions: np.ndarray, probe: np.ndarray) -> int:
    """Return into how many subsets, a power of two, a scan can be parted that each still cover the object.

    Args:
        positions: float array `(pattern, 2)`, pixels.
        probe: complex array `(mode, y, x)`.
    """
    most = max(1.0, min(MOST, coverage(positions, probe) / COVERAGE, len(positions) / FEWEST))
    return 2 ** int(np.log2(most))


def coverage(positions: np.ndarray, probe: np.ndarray) -> float:
    """Return how many patterns light a pixel of the scan, in the mean.

    Args:
        positions: float array `(pattern, 2)`, pixels.
        probe: complex array `(mode, y, x)`.
    """
    lit = effective_area(probe)
    area = max(float(np.prod(np.ptp(positions, axis=0))), lit)
    return len(positions) * lit / area


def are_apart(positions: np.ndarray, probe: np.ndarray) -> bool:
    """Return whether patterns share so little that passes know hardly more than each tells by itself."""
    return coverage(positions, probe) < APART


def around_the_middle(positions: np.ndarray, most: int) -> np.ndarray:
    """Return the patterns nearest to the middle one: int array `(pattern,)`."""
    middle = positions[np.argmin(np.linalg.norm(positions - np.median(positions, axis=0), axis=1))]
    return np.sort(np.argsort(np.linalg.norm(positions - middle, axis=1), kind="stable")[:most])


def middle_of(scan: Scan, most: int) -> Scan:
    """Return the scan of the patterns nearest to the middle one, so many at most."""
    return scan.subset(around_the_middle(scan.positions, most))
