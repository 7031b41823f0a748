"""An HDF5 file as a `Store`."""

import collections
import functools
import itertools
import pathlib
import typing

import h5py
import numpy as np

from ptychopinn.formats.stores.hdf5_array import Hdf5Array
from ptychopinn.formats.stores.hdf5_links import resolve
from ptychopinn.formats.stores.store import Lazy, Store
from ptychopinn.formats.unpacking import damage_said
from ptychopinn.printable import printable

MOST_KEYS, MOST_OBJECTS, DEEPEST = 20_000, 5_000, 10
"""Names of a group that are listed, objects that are looked at, and groups that one may lie in."""

LONGEST_TEXT = 1 << 16
"""Bytes of a text."""


class Hdf5Store(Store):
    """An HDF5 file, whose external links are followed to the files that they name.

    Args:
        file: h5py.File.
        name: str. What to call it.
    """

    def __init__(self, file: h5py.File, name: str) -> None:
        super().__init__(name)
        self.file = file

    @property
    def contents(self) -> str:
        """The names at the root, in words."""
        return f"HDF5 with {printable(', '.join(self.names()[:20]))[:140] or 'nothing'}"

    def __contains__(self, path: str) -> bool:
        return self._dataset(path) is not None

    def names(self, path: str = "/") -> tuple[str, ...]:
        """List the names in a group, as far as one looks."""
        with damage_said(self.name):
            group = self._resolve(path)
            return tuple(itertools.islice(group, MOST_KEYS)) if isinstance(group, h5py.Group) else ()

    def find(self, path: str) -> Hdf5Array | None:
        """Return a dataset of numbers; what PtyPy wrote for None counts as not there."""
        dataset = self._dataset(path)
        return None if dataset is None else Hdf5Array(dataset, self.name)

    def known(self, path: str) -> Lazy:
        """Return a dataset that can be read; raise ValueError where there is none, or it cannot."""
        array = super().known(path)
        assert isinstance(array, Hdf5Array)
        array.check()
        return array

    @functools.cached_property
    def arrays(self) -> dict[str, Lazy]:
        """All datasets of numbers that lie in the file itself, by path, each once."""
        found: dict[str, Lazy] = {}
        waiting, seen = collections.deque([("", 0)]), set[typing.Any]()
        while waiting and len(seen) < MOST_OBJECTS:
            path, depth = waiting.popleft()
            for key in self.names(path or "/"):
                child = f"{path}/{key}"
                node = self._or_nothing(child)
                if node is None or (identity := self._identity(node)) in seen:
                    continue
                seen.add(identity)
                if isinstance(node, h5py.Group):
                    if depth < DEEPEST:
                        waiting.append((child, depth + 1))
                elif (array := self._or_none(child)) is not None:
                    found[child] = array
        return found

    def attribute(self, path: str, key: str) -> typing.Any:
        """Return an attribute, a text as str, or None."""
        with damage_said(self.name):
            node = self._resolve(path)
            value = None if node is None or key not in node.attrs else node.attrs[key]
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(-1)[0]
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def text(self, path: str) -> str | None:
        """Return a short text, or None."""
        dataset = self._dataset(path)
        with damage_said(self.name):
            if dataset is None or dataset.size != 1 or h5py.check_string_dtype(dataset.dtype) is None:
                return None
            value = np.asarray(dataset[()]).reshape(-1)[0]
        return (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))[:LONGEST_TEXT]

    def _dataset(self, path: str) -> h5py.Dataset | None:
        with damage_said(self.name):
            node = self._resolve(path)
            if not isinstance(node, h5py.Dataset) or node.shape is None:
                return None
            return None if _is_none(node) else node

    def _resolve(self, path: str) -> h5py.Group | h5py.Dataset | None:
        return resolve(self.file["/"], path, self.name)

    def location(self, path: str) -> tuple[pathlib.Path, str]:
        """Return the file that a dataset lies in, and its path there, behind all links."""
        dataset = self._dataset(path)
        if dataset is None:
            raise ValueError(
                f"{self.name} must hold an array as {printable(path)}. Received: a link to none. "
                "Copy the file that it leads to again."
            )
        return pathlib.Path(dataset.file.filename), dataset.name

    def _or_nothing(self, path: str) -> h5py.Group | h5py.Dataset | None:
        """Return what lies under a path in this file itself, or None, also where a link stands there."""
        try:
            with damage_said(self.name):
                return resolve(self.file["/"], path, self.name, links=0)
        except (ValueError, OSError):
            return None

    def _identity(self, node: h5py.Group | h5py.Dataset) -> tuple[int, int]:
        """Return what tells a group or dataset from all others, under whatever path it is found."""
        with damage_said(self.name):
            about = h5py.h5o.get_info(node.id)
        return about.fileno, about.addr


def _is_none(dataset: h5py.Dataset) -> bool:
    """Tell whether a dataset stands for Python's None, as PtyPy writes it."""
    if dataset.size != 1 or "type" not in dataset.attrs:
        return False
    return dataset.attrs["type"] in ("None", b"None")
