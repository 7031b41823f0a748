"""Diffraction patterns of any layout on disk, as an array-like `(pattern, y, x)` that is read as it is indexed."""

from __future__ import annotations

import math
import typing
from collections.abc import Callable, Sequence

import numpy as np

from ptychopinn.data.checks import LARGEST_FRAME, REAL, SMALLEST_FRAME
from ptychopinn.data.selection import Patterns, ReadAsIndexed, verify
from ptychopinn.printable import printable

MOST_FRAMES = 1 << 31
MOST_IN_A_FRAME = 1 << 25
"""Pixels of a frame, twice those of the largest detectors: some are held in memory together."""


class Stack(ReadAsIndexed):
    """Frames that lie in one array of three axes or more.

    Args:
        array: array-like of any number of axes, read by slices: `(..., y, x)`, or `(y, x, pattern)`.
        last: bool. Whether the last axis counts the patterns.
        turned: bool. Whether the two axes of a frame are exchanged, as MATLAB's are in HDF5.
        name: str. What to call the array in errors.

    Raises:
        ValueError: unless the array can hold frames of real numbers.
    """

    def __init__(self, array: typing.Any, name: str, last: bool = False, turned: bool = False) -> None:
        check_frames(array, name, last)
        self.array, self.name, self.last, self.turned, self.dtype = array, name, last, turned, array.dtype
        shape = tuple(array.shape)
        self.scan_shape = shape[-1:] if last else shape[:-2]
        frame = shape[:2] if last else shape[-2:]
        self.shape = (math.prod(self.scan_shape), *(frame[::-1] if turned else frame))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: typing.Any) -> np.ndarray:
        return read_in_runs(which, self.shape, self.dtype, self.scan_shape[-1], self._run)

    def verify(self) -> None:
        """Raise ValueError if the file of the frames is damaged, where it has checksums to tell."""
        verify(self.array)

    def _run(self, start: int, stop: int) -> np.ndarray:
        """Read frames that lie side by side in the last of the scan's axes."""
        if self.last:
            frames = np.moveaxis(np.asarray(self.array[:, :, start:stop]), -1, 0)
        else:
            *row, first = (int(place) for place in np.unravel_index(start, self.scan_shape))
            frames = np.asarray(self.array[(*row, slice(first, first + stop - start))])
        return frames.swapaxes(-1, -2) if self.turned else frames


class Series(ReadAsIndexed):
    """Frames of several array-likes, one after the other, as detectors write them to files of a series.

    Args:
        parts: array-likes `(pattern, y, x)` of one frame size.
        name: str. What to call them in errors.
    """

    def __init__(self, parts: Sequence[Patterns], name: str) -> None:
        frames = {tuple(part.shape[1:]) for part in parts}
        if len(frames) != 1:
            raise ValueError(
                f"{name} must hold parts of one frame size. Received: "
                f"{len(parts)} parts, of sizes {sorted(frames)[:4]}. Give those of one scan."
            )
        self.parts = list(parts)
        self.dtype = np.result_type(*(part.dtype for part in parts))
        self.ends = np.cumsum([part.shape[0] for part in parts])
        self.shape = (int(self.ends[-1]), *frames.pop())

    def __len__(self) -> int:
        return self.shape[0]

    def verify(self) -> None:
        """Raise ValueError if a file of the series is damaged, where it has checksums to tell."""
        for part in self.parts:
            verify(part)

    def __getitem__(self, which: typing.Any) -> np.ndarray:
        indices = indices_of(which, self.shape[0])
        flat = indices.reshape(-1)
        part_of = np.searchsorted(self.ends, flat, side="right")
        frames = np.empty((len(flat), *self.shape[1:]), self.dtype)
        for part in np.unique(part_of):
            begins = self.ends[part] - self.parts[part].shape[0]
            frames[part_of == part] = self.parts[part][flat[part_of == part] - begins]
        return frames.reshape(*indices.shape, *self.shape[1:])


def read_in_runs(
    which: typing.Any,
    shape: tuple[int, ...],
    dtype: np.dtype,
    row: int,
    read: Callable[[int, int], np.ndarray],
) -> np.ndarray:
    """Read frames of any indices, in any order, by runs of neighbours that do not leave a row of the scan.

    Args:
        which: int, slice, or int or bool array.
        shape: `(pattern, y, x)` of all frames.
        dtype: of the result.
        row: int. How many frames lie side by side.
        read: function of the first frame of a run and the first behind it, that returns `(frame, y, x)`.
    """
    indices = indices_of(which, shape[0])
    flat, places = np.unique(indices, return_inverse=True)
    frames = np.empty((len(flat), *shape[1:]), dtype)
    breaks = np.flatnonzero((np.diff(flat) != 1) | (flat[1:] % row == 0)) + 1
    for start, stop in zip([0, *breaks], [*breaks, len(flat)]):
        if stop > start:
            frames[start:stop] = read(int(flat[start]), int(flat[stop - 1]) + 1)
    if len(flat) == indices.size and np.array_equal(flat, indices.reshape(-1)):
        return frames.reshape(*indices.shape, *shape[1:])
    return frames[places.reshape(-1)].reshape(*indices.shape, *shape[1:])


def indices_of(which: typing.Any, count: int) -> np.ndarray:
    """Return an index of any kind as an int array of frames from 0 to `count`; raise IndexError outside."""
    if isinstance(which, slice):
        return np.arange(*which.indices(count))
    indices = np.asarray(which)
    if indices.dtype == bool:
        return np.flatnonzero(indices)
    if indices.size and (indices.min() < -count or indices.max() >= count):
        raise IndexError(f"index {indices.min()} to {indices.max()} of {count} frames")
    return np.where(indices < 0, indices + count, indices).astype(np.int64)


def check_frames(array: typing.Any, name: str, last: bool = False) -> None:
    """Raise ValueError unless an array-like can hold frames of real numbers."""
    shape = tuple(array.shape)
    if array.dtype.kind not in REAL:
        raise ValueError(
            f"{printable(name)} must hold patterns of real numbers. Received: dtype={array.dtype}. "
            "Save counts or amplitudes."
        )
    if len(shape) < 3 or (last and len(shape) != 3):
        raise ValueError(
            f"{printable(name)} must hold patterns (pattern, y, x). Received: shape={shape}. Is this the right dataset?"
        )
    frames = math.prod(shape[-1:] if last else shape[:-2])
    frame = shape[:2] if last else shape[-2:]
    if not 1 <= frames <= MOST_FRAMES:
        raise ValueError(
            f"{printable(name)} must hold one pattern or more. Received: shape={shape}. Is this the right dataset?"
        )
    if min(frame) < SMALLEST_FRAME or max(frame) > LARGEST_FRAME or math.prod(frame) > MOST_IN_A_FRAME:
        raise ValueError(
            f"{printable(name)} must hold patterns of {SMALLEST_FRAME} to {LARGEST_FRAME} pixels a side, "
            f"{MOST_IN_A_FRAME} at most. Received: shape={shape}. Is this the right dataset, and its axes "
            "(pattern, y, x)?"
        )
