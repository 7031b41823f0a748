"""Some of the patterns of a scan, read from disk as they are needed."""

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


class Selection:
    """Some of the patterns of an array-like, read as they are indexed.

    Args:
        patterns: array-like `(pattern, y, x)`.
        indices: int array `(pattern,)`, rising, as files on disk want it.
    """

    def __init__(self, patterns: Patterns, indices: np.ndarray) -> None:
        self.patterns, self.indices, self.dtype = patterns, indices, patterns.dtype
        self.shape = (len(indices), *patterns.shape[1:])

    def __getitem__(self, which: typing.Any) -> np.ndarray:
        return self.patterns[self.indices[which]]

    def verify(self) -> None:
        """Raise ValueError where the file is damaged."""
        if hasattr(self.patterns, "verify"):
            self.patterns.verify()
