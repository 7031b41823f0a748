"""A path, and what was opened of it on the way to its format."""

from __future__ import annotations

import functools
import pathlib

import h5py

from ptychopinn.formats.archive import BZ2, ZIP, Archive
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.hdf5_heaps import check_heaps
from ptychopinn.formats.stores.hdf5_store import Hdf5Store
from ptychopinn.formats.stores.mat_store import START as MAT
from ptychopinn.formats.stores.mat_store import MatStore
from ptychopinn.formats.stores.npz_store import NpyStore, NpzStore
from ptychopinn.formats.unpacking import damage_said
from ptychopinn.printable import printable

HDF5 = b"\x89HDF\r\n\x1a\n"
"""How most HDF5 files begin; some hold other bytes first."""

CACHE_BYTES = 1 << 27
"""Bytes of chunks that HDF5 keeps: with its own million, a chunk of many frames is unpacked again for each of them."""

LONGEST_START = 32
"""Bytes that tell the containers apart."""


class Opened:
    """A file that may hold a scan or a result. Each container is opened when it is first asked for, and once.

    Args:
        path: path of a file, or of a folder, in which no container is found.
        name: str. What to call it. Defaults to the file's own name, as far as it can be printed.
    """

    def __init__(self, path: pathlib.Path | str, name: str | None = None) -> None:
        self.path = pathlib.Path(path)
        self.name = printable(name or self.path.name)

    @classmethod
    def of(cls, path: pathlib.Path | str | Opened) -> Opened:
        """Return what was opened already as it is, and a path as a file to open."""
        return path if isinstance(path, Opened) else cls(path)

    @functools.cached_property
    def archive(self) -> Archive | None:
        """`Archive`, or None if the file begins otherwise than one; raises ValueError if it is damaged."""
        return Archive(self.path) if self._start.startswith((ZIP, BZ2)) else None

    @property
    def known_archive(self) -> Archive:
        """The `Archive` of a file that was recognised as one."""
        assert self.archive is not None
        return self.archive

    @functools.cached_property
    def hdf5(self) -> h5py.File | None:
        """`h5py.File`, or None if the file is none; raises ValueError if it is damaged.

        A file that grows is opened as well, if whoever writes it lets readers in (SWMR).
        """
        if not self._start.startswith(HDF5) and not h5py.is_hdf5(self.path):
            return None
        check_heaps(self.path, self.name)
        with damage_said(self.name):
            try:
                return h5py.File(self.path, rdcc_nbytes=CACHE_BYTES)
            except OSError:
                return h5py.File(self.path, rdcc_nbytes=CACHE_BYTES, swmr=True)

    @functools.cached_property
    def store(self) -> Store | None:
        """The arrays of the file by path, or None if it is no container of any; raises ValueError if it is damaged."""
        if self.archive is not None:
            return NpzStore(self.archive)
        if self.hdf5 is not None:
            return Hdf5Store(self.hdf5, self.name)
        if NpyStore.recognises(self._start):
            return NpyStore(self.path, self.name)
        return MatStore(self.path, self.name) if self._start.startswith(MAT) else None

    @property
    def known_store(self) -> Store:
        """The `Store` of a file that was recognised as one."""
        assert self.store is not None
        return self.store

    def close(self) -> None:
        """Let go of the file where it is HDF5, whose arrays cannot be read any more; others are closed with them."""
        if self.__dict__.get("hdf5") is not None:
            self.__dict__["hdf5"].close()

    def holds(self, *paths: str) -> bool:
        """Tell whether the file is a container with arrays under all of the paths."""
        return self.store is not None and self.store.has(*paths)

    @property
    def contents(self) -> str:
        """What the file holds, in words."""
        if self.archive is not None:
            return self.archive.contents
        return "another kind of file" if self.store is None else self.store.contents

    @functools.cached_property
    def _start(self) -> bytes:
        if self.path.is_dir():
            return b""
        with self.path.open("rb") as file:
            return file.read(LONGEST_START)
