"""Some of the patterns of a scan, read from disk as they are needed."""

import copy

import numpy as np


class Selection:
    """Some of the patterns of an array-like, read as they are indexed.

    Args:
        patterns: array-like `(pattern, y, x)`.
        indices: int array `(pattern,)`, rising, as files on disk want it.
    """

    def __init__(self, patterns, indices):
        self.patterns, self.indices, self.dtype = patterns, indices, patterns.dtype
        self.shape = (len(indices), *patterns.shape[1:])

    def __getitem__(self, which):
        return self.patterns[self.indices[which]]


def part(scan, indices):
    """Return the scan of some of the patterns, with the photons and the probe of the whole.

    Args:
        scan: Scan.
        indices: int array `(pattern,)`: which patterns, in any order; those of the part stand in rising order.

    Returns:
        Scan.
    """
    indices, some = np.unique(indices), copy.copy(scan)  # a copy, because a new Scan would scale its probe anew
    object.__setattr__(some, "patterns", Selection(scan.patterns, indices))
    object.__setattr__(some, "positions", scan.positions[indices])
    return some
