"""A scan in parts: a series of files, each with some of the patterns and their positions, as instruments write them."""

import dataclasses
import math
import pathlib
import typing
from collections.abc import Callable

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.data.selection import Patterns, ReadAsIndexed
from ptychopinn.formats.frames import Series

HELD_BYTES = 1 << 28
"""Patterns that are held, as far as there is room: a file of one pattern takes longer to open than to read."""

LARGE = 1 << 22
"""Patterns of larger files are not."""

Record: typing.TypeAlias = Callable[[pathlib.Path], Recording]


class Reopened(ReadAsIndexed):
    """Patterns of one file of a series, which is opened when they are read: there may be more than may be open.

    Args:
        path: path of the file.
        record: function of a path that returns what the file holds.
        patterns: array-like `(pattern, y, x)`: what it returned of them.
    """

    def __init__(self, path: pathlib.Path, record: Record, patterns: Patterns) -> None:
        self.path, self.record, self.shape, self.dtype = path, record, patterns.shape, patterns.dtype

    def __getitem__(self, which: typing.Any) -> np.ndarray:
        return np.asarray(self.record(self.path).patterns[which])


class Parts:
    """The files of a series, as they are added: one scan.

    Args:
        record: function of a path that returns what the file holds.
        name: str. What to call the scan.
    """

    def __init__(self, record: Record, name: str) -> None:
        self.record, self.name, self.room = record, name, HELD_BYTES
        self.first: Recording | None = None
        self.patterns: list[Patterns] = []
        self.positions: list[np.ndarray] = []

    def add(self, path: pathlib.Path) -> None:
        """Add a file; raise ValueError where it is damaged, holds no scan, or not one like the files before."""
        part = self.record(path)
        first = self.first or part
        self._check(part, first)
        size = math.prod(part.patterns.shape) * part.patterns.dtype.itemsize
        if size <= min(LARGE, self.room):
            self.patterns.append(np.array(part.patterns[:]))  # a copy: a mapped one would hold its file open
            self.room -= size
        else:
            self.patterns.append(Reopened(path, self.record, part.patterns))
        if part.positions is not None:
            self.positions.append(np.asarray(part.positions))
        self.first = first if self.first else dataclasses.replace(part, patterns=self.patterns[0])

    def joined(self, notes: tuple[str, ...] = ()) -> Recording:
        """Return what all files hold together; what is said once, the first file says."""
        assert self.first is not None
        files = len(self.patterns)
        note = f"The scan is of {files} files, in the order of the numbers in their names."
        return dataclasses.replace(
            self.first, patterns=Series(self.patterns, self.name), name=self.name,
            positions=np.concatenate(self.positions) if self.positions else None,
            flux=None, frame_indexes=None, position_indexes=None, notes=(*self.first.notes, note, *notes),
        )  # fmt: skip

    def _check(self, part: Recording, first: Recording) -> None:
        patterns, frame = part.patterns.shape[0], first.patterns.shape[1:]
        positions = None if part.positions is None else len(part.positions)
        if positions not in (None, patterns):
            raise ValueError(
                f"A part of a scan must hold one position a pattern. Received: {part.name} of {patterns} patterns, "
                f"{positions} positions. Write only the pairs that were measured."
            )
        alike = part.patterns.shape[1:] == frame and part.unit == first.unit
        if not alike or (part.positions is None) != (first.positions is None):
            raise ValueError(
                f"Parts of a scan must be alike, of patterns {tuple(frame)} and positions in {first.unit}. Received: "
                f"{part.name} of {tuple(part.patterns.shape[1:])} and {part.unit}. Give the files of one scan."
            )
