"""One array of an NPZ archive, read when it is indexed."""

from __future__ import annotations

import functools
import struct
import typing
import zipfile
from collections.abc import Callable

import numpy as np

from ptychopinn.formats.numpy_header import Header
from ptychopinn.formats.unpacking import BLOCK_BYTES, check_space, copy, damage_said, read_through

if typing.TYPE_CHECKING:
    from ptychopinn.formats.archive import Archive

LOCAL_HEADER = 30
"""Bytes before a member's name."""

LENGTHS_AT, LENGTHS = 26, struct.Struct("<HH")
"""Where they tell how long the name and the extra field after it are."""


class Member:
    """An array-like in an archive: mapped where it lies if it is stored plainly, else unpacked to a temporary file.

    The temporary file has no name and vanishes with the array.

    Args:
        archive: Archive.
        info: zipfile.ZipInfo.
        header: Header.
        view: function of the array that gives a view of it, like a transposition. Defaults to the array itself.
    """

    def __init__(
        self,
        archive: Archive,
        info: zipfile.ZipInfo,
        header: Header,
        view: Callable[[np.ndarray], np.ndarray] = np.asarray,
    ) -> None:
        self.archive, self.info, self.header, self.view = archive, info, header, view
        self.dtype = header.dtype
        self.shape = view(np.broadcast_to(np.zeros((), self.dtype), header.shape)).shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, which: typing.Any) -> np.ndarray:
        return self._array[which]

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._array, dtype=dtype)

    def viewed(self, view: Callable[[np.ndarray], np.ndarray]) -> Member:
        """Return the member as a function of its array shows it."""
        return Member(self.archive, self.info, self.header, view)

    def verify(self) -> None:
        """Raise ValueError unless the checksum of the member is right; what was unpacked was checked then."""
        if self._is_plain:
            with damage_said(self.archive.name), self.archive.zip.open(self.info) as stream:
                read_through(stream)

    def in_memory(self) -> np.ndarray:
        """Read the array as it is stored into memory, and check it."""
        values = bytearray(self.header.nbytes)
        with damage_said(self.archive.name), self.archive.zip.open(self.info) as stream:
            stream.read(self.header.length)
            for start in range(0, len(values), BLOCK_BYTES):
                memoryview(values)[start : start + BLOCK_BYTES] = stream.read(BLOCK_BYTES)
        return np.ndarray(self.header.shape, self.dtype, values, order=self._order)

    @functools.cached_property
    def _array(self) -> np.ndarray:
        header = self.header
        if self._is_plain:
            file, start = self.archive.file, self._start()
        else:
            check_space(self.info.file_size, self.archive.name)
            with damage_said(self.archive.name), self.archive.zip.open(self.info) as stream:
                file, start = copy(stream, self.info.file_size, self.archive.name), 0
        if not header.nbytes:
            return self.view(np.zeros(header.shape, header.dtype))
        return self.view(np.memmap(file, header.dtype, "r", start + header.length, header.shape, self._order))

    @property
    def _is_plain(self) -> bool:
        return self.info.compress_type == zipfile.ZIP_STORED

    @property
    def _order(self) -> typing.Literal["C", "F"]:
        return "F" if self.header.fortran else "C"

    def _start(self) -> int:
        """Return where the member's bytes begin in the file."""
        self.archive.file.seek(self.info.header_offset)
        name, extra = LENGTHS.unpack_from(self.archive.file.read(LOCAL_HEADER), LENGTHS_AT)
        return self.info.header_offset + LOCAL_HEADER + name + extra
