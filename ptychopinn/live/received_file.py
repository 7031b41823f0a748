"""The file of what came through a socket: how it is made, and what is saved of one whose writer was killed."""

import dataclasses
import math
import pathlib

import h5py
import numpy as np

from ptychopinn.formats.sources import received as kept
from ptychopinn.live.messages import Header

NUMBERS_TOGETHER = 4096
"""Rows of a chunk of numbers and positions."""

MOST_BYTES = 1 << 26
"""Bytes of patterns that are copied together."""


def make(path: pathlib.Path, header: Header) -> None:
    """Make the file of a scan of which nothing came but its header."""
    with h5py.File(path, "w", libver="latest") as file:
        group, (height, width) = file.create_group(kept.GROUP), header.shape
        group.attrs.update({"series": header.series, **header.words})
        _add_empty(file, kept.PATTERNS, (height, width), header.dtype, 1)
        _add_empty(file, kept.FRAMES, (), np.dtype(np.int64), NUMBERS_TOGETHER)
        _add_empty(file, kept.POSITIONS, (2,), np.dtype(np.float64), NUMBERS_TOGETHER)
        _add_empty(file, kept.PLACES, (), np.dtype(np.int64), NUMBERS_TOGETHER)
        file[kept.FIGURES] = dataclasses.astuple(kept.Figures())
        for name, values in (*header.numbers.items(), *header.arrays.items()):
            group[name] = np.asarray(values).astype(np.uint8) if name == "mask" else values


def _add_empty(file: h5py.File, path: str, row: tuple[int, ...], dtype: np.dtype, rows: int) -> None:
    fill = 0 if row else kept.UNWRITTEN
    file.create_dataset(path, (0, *row), dtype, maxshape=(None, *row), chunks=(rows, *row), fillvalue=fill)


def numbers_in(numbers: h5py.Dataset) -> list[int]:
    """Return the numbers of rows that were written; others follow them."""
    values = numbers[:]
    return values[values > kept.UNWRITTEN].tolist()


def copy_whole(file: h5py.File, path: pathlib.Path) -> None:
    """Copy what is whole of a file."""
    with h5py.File(path, "w", libver="latest") as copy:
        group, rows_of = copy.create_group(kept.GROUP), (kept.PATTERNS, kept.FRAMES, kept.POSITIONS, kept.PLACES)
        group.attrs.update(file[kept.GROUP].attrs)
        for name in file[kept.GROUP]:
            if kept.GROUP + name not in rows_of:
                file.copy(kept.GROUP + name, group)
        for values, numbers in (rows_of[:2], rows_of[2:]):
            count = min(len(file[values]), len(numbers_in(file[numbers])))
            _copy_rows(file[values], copy, count)
            _copy_rows(file[numbers], copy, count)


def _copy_rows(stored: h5py.Dataset, copy: h5py.File, count: int) -> None:
    _add_empty(copy, stored.name, stored.shape[1:], stored.dtype, 1 if stored.ndim == 3 else NUMBERS_TOGETHER)
    copy[stored.name].resize(count, axis=0)
    together = max(1, MOST_BYTES // (stored.dtype.itemsize * math.prod(stored.shape[1:])))
    for first in range(0, count, together):
        last = min(first + together, count)
        copy[stored.name][first:last] = stored[first:last]
