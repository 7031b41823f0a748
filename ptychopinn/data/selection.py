"""Some of the patterns of a scan, read from disk as they are needed."""

import abc
import typing

import numpy as np


class Patterns(typing.Protocol):
    """An array-like `(pattern, y, x)`, in memory or on disk, that is read as it is indexed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""

    @property
    def dtype(self) -> np.dtype:
        """Type of a number."""

    def __getitem__(self, which: typing.Any, /) -> typing.Any:
        """Read some of the patterns."""


class ReadAsIndexed(abc.ABC):
    """What is read from disk as it is indexed, and whole where NumPy asks for an array."""

    @abc.abstractmethod
    def __getitem__(self, which: typing.Any, /) -> typing.Any:
        """Read some of it."""

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)


def verify(patterns: Patterns) -> None:
    """Raise ValueError if the file of patterns is damaged, where they have checksums to tell."""
    if hasattr(patterns, "verify"):
        patterns.verify()


def at_once(patterns: Patterns, most_bytes: int) -> int:
    """Return how many patterns are of so many bytes, as they are stored: one at least."""
    _, *pixels = patterns.shape
    return max(1, most_bytes // (int(np.prod(pixels)) * patterns.dtype.itemsize))


class Selection(ReadAsIndexed):
    """Some of the patterns of an array-like, read as they are indexed.

    Args:
        patterns: array-like `(pattern, y, x)`.
        indices: int array `(pattern,)`, rising, as files on disk want it.
    """

    def __init__(self, patterns: Patterns, indices: np.ndarray) -> None:
        self.patterns, self.indices, self.dtype = patterns, indices, patterns.dtype
        self.shape = (len(indices), *patterns.shape[1:])

    def verify(self) -> None:
        """Raise ValueError if the file of the patterns is damaged, where they can tell."""
        verify(self.patterns)

    def __getitem__(self, which: typing.Any) -> np.ndarray:
        return self.patterns[self.indices[which]]


def spread(patterns: Patterns, most: int, most_bytes: int = 1 << 26) -> np.ndarray:
    """Return which patterns to look at: spread evenly, so many at most, and of so many bytes in single precision."""
    count, *pixels = patterns.shape
    room = max(8, most_bytes // (4 * int(np.prod(pixels))))
    return np.unique(np.linspace(0, count - 1, min(count, most, room)).astype(int))
