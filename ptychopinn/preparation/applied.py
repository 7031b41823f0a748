"""Patterns that a function changes as they are read, block by block."""

import typing
from collections.abc import Callable

import numpy as np

from ptychopinn.data.selection import Patterns, ReadAsIndexed, at_once, verify

BLOCK_BYTES = 1 << 21
"""Bytes of stored patterns that are changed together."""


class Applied(ReadAsIndexed):
    """An array-like of patterns, changed as they are read; never are more than a few megabytes of the whole in memory.

    Args:
        patterns: array-like `(pattern, y, x)`.
        change: function of an array `(pattern, y, x)` that returns one of as many patterns.
        frame: `(y, x)`: shape of a changed pattern.
        dtype: of the changed patterns.
    """

    def __init__(
        self,
        patterns: Patterns,
        change: Callable[[np.ndarray], np.ndarray],
        frame: tuple[int, ...],
        dtype: np.dtype | type,
    ) -> None:
        self.patterns, self.change, self.dtype = patterns, change, np.dtype(dtype)
        self.shape = (patterns.shape[0], *frame)
        self._at_once = at_once(patterns, BLOCK_BYTES)

    def __getitem__(self, which: typing.Any) -> np.ndarray:
        indices = np.arange(self.shape[0])[which]
        flat = np.atleast_1d(indices)
        changed = np.empty((len(flat), *self.shape[1:]), self.dtype)
        for start in range(0, len(flat), self._at_once):
            some = flat[start : start + self._at_once]
            run = np.array_equal(some, np.arange(some[0], some[0] + len(some)))
            stored = self.patterns[slice(int(some[0]), int(some[-1]) + 1) if run else some]
            changed[start : start + len(some)] = self.change(np.asarray(stored))
        return changed if indices.ndim else changed[0]

    def verify(self) -> None:
        """Raise ValueError where the file is damaged."""
        verify(self.patterns)


def applied_to(changed: Patterns, patterns: Patterns) -> Patterns:
    """Return other patterns, changed as those of an array-like are as they are read."""
    if not isinstance(changed, Applied):
        return patterns
    return Applied(applied_to(changed.patterns, patterns), changed.change, changed.shape[1:], changed.dtype)
