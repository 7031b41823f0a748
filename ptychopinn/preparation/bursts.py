"""Frames that were taken at one place, added up as they are read."""

import typing

import numpy as np

from ptychopinn.data.selection import Patterns, ReadAsIndexed, at_once, verify

BLOCK_BYTES = 1 << 24
"""Bytes of frames that are read together."""


class Summed(ReadAsIndexed):
    """Runs of frames, each added up to one pattern as it is read; where one frame has no data, the sum has none.

    Args:
        patterns: array-like `(frame, y, x)`; a negative value marks a pixel without data.
        firsts: int array `(pattern,)`: the first frame of each run, rising.
        amplitudes: bool. Whether squares are added, and the root is taken.
    """

    def __init__(self, patterns: Patterns, firsts: np.ndarray, amplitudes: bool = False) -> None:
        self.patterns, self.firsts, self.amplitudes = patterns, firsts, amplitudes
        self.ends = np.append(firsts[1:], patterns.shape[0])
        self.shape = (len(firsts), *patterns.shape[1:])
        self.dtype = np.dtype(np.float64 if amplitudes or patterns.dtype.kind == "f" else np.int64)
        self._frames_at_once = at_once(patterns, BLOCK_BYTES)

    def __getitem__(self, which: typing.Any) -> np.ndarray:
        runs = np.arange(len(self.firsts))[which]
        sums = np.empty((np.size(runs), *self.shape[1:]), self.dtype)
        for row, run in enumerate(np.ravel(runs)):
            sums[row] = self._sum(int(self.firsts[run]), int(self.ends[run]))
        return sums.reshape(*np.shape(runs), *self.shape[1:])

    def verify(self) -> None:
        """Raise ValueError where the file is damaged."""
        verify(self.patterns)

    def _sum(self, first: int, end: int) -> np.ndarray:
        total = np.zeros(self.shape[1:], self.dtype)
        lacking = np.zeros(self.shape[1:], bool)
        for start in range(first, end, self._frames_at_once):
            stored = np.asarray(self.patterns[slice(start, min(start + self._frames_at_once, end))])
            lacking |= (stored < 0).any(axis=0)
            values = stored.astype(self.dtype)
            total += (values**2 if self.amplitudes else values).sum(axis=0)
        summed = np.sqrt(total) if self.amplitudes else total
        summed[lacking] = -1
        return summed
