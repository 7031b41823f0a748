"""Where an array lies: `FILE`, or `FILE:/path` in HDF5, NPZ or MATLAB; `*` in FILE's name is a series of files."""

import dataclasses
import glob
import pathlib
import re

from ptychopinn.data.selection import Patterns
from ptychopinn.formats.frames import Series
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.sources.reading import frames
from ptychopinn.formats.stores import Store
from ptychopinn.printable import printable

MOST_FILES = 20_000
"""Files of a series."""


@dataclasses.dataclass(frozen=True)
class Place:
    """An array in a file.

    Args:
        file: str. Path of the file, whose name may hold wildcards.
        path: str. Where in the file the array lies, `"/"` for its only one.
    """

    file: str
    path: str

    @property
    def name(self) -> str:
        """The file's own name, as far as it can be printed."""
        return printable(pathlib.Path(self.file).name)

    def files(self) -> list[pathlib.Path]:
        """List the files in the order of the numbers in their names; raise ValueError if there is none."""
        if pathlib.Path(self.file).is_file():
            return [pathlib.Path(self.file)]
        found = []
        if glob.has_magic(pathlib.Path(self.file).name) and not glob.has_magic(str(pathlib.Path(self.file).parent)):
            found = [pathlib.Path(path) for path in glob.iglob(self.file)]
        paths = sorted((path for path in found if path.is_file()), key=by_numbers)
        if not 1 <= len(paths) <= MOST_FILES:
            raise ValueError(
                f"{self.name} must be a file, or with * up to {MOST_FILES} files. "
                f"Received: path={printable(self.file)[:200]}, with {len(paths)} files. Check the path."
            )
        return paths

    def store(self) -> Store:
        """Open the one file; raise ValueError if it is no container of arrays."""
        (path, *others) = self.files()
        if others:
            raise ValueError(
                f"{self.name} must be one file. Received: {1 + len(others)} files. Only patterns may be a series."
            )
        return _store(path)

    def frames(self) -> Patterns:
        """Return patterns `(pattern, y, x)`, of all the files one after the other."""
        paths = self.files()
        if len(paths) == 1:
            store = _store(paths[0])
            return frames(store, self.path_in(store))
        return Series([Part(path, self.path) for path in paths], self.name)

    def path_in(self, store: Store) -> str:
        """Return the path as it is, or that of the only array of the file; raise ValueError where it has more."""
        if self.path != "/":
            return self.path
        arrays = list(store.arrays)
        if len(arrays) != 1:
            raise ValueError(
                f"{store.name} must hold one array, or the path of one be given like {store.name}:/path. "
                f"Received: {store.contents}. Name the array."
            )
        return arrays[0]


class Part:
    """Frames of one file of a series, which is opened when they are read: there may be more files than may be open.

    Args:
        file: pathlib.Path.
        path: str. Where in the file the frames lie.
    """

    def __init__(self, file: pathlib.Path, path: str) -> None:
        self.file, self.path = file, path
        opened = self._open()
        self.shape, self.dtype = opened.shape, opened.dtype

    def __getitem__(self, which: object) -> object:
        return self._open()[which]

    def _open(self) -> Patterns:
        return Place(str(self.file), self.path).frames()


def place(text: str, folder: pathlib.Path | None = None) -> Place:
    """Read `FILE` or `FILE:/path`; a relative FILE is meant from a folder, if one is given."""
    file, colon, path = text.rpartition(":/")
    if not colon or len(file) < 2 or pathlib.Path(text).is_file():  # a letter is a drive
        file, path = text, ""
    return Place(str(file if folder is None else folder / file), "/" + path.strip("/"))


def is_place(path: pathlib.Path | str) -> bool:
    """Tell whether a path names arrays in files that are there."""
    at = place(str(path))
    return pathlib.Path(at.file).is_file() or glob.has_magic(pathlib.Path(at.file).name)


def _store(path: pathlib.Path) -> Store:
    opened = Opened(path)
    if opened.store is None:
        raise ValueError(f"{opened.name} must be HDF5, NPZ, NPY or MATLAB. Received: another kind of file. Convert it.")
    return opened.store


def by_numbers(path: pathlib.Path) -> list[tuple[bool, int, str]]:
    """Return a key that sorts `a2` before `a10`."""
    parts = re.split(r"(\d+)", path.name)
    return [(not part.isdecimal(), int(part[:18]) if part.isdecimal() else 0, part) for part in parts]
