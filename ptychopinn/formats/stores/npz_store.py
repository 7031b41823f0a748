"""An NPZ archive, and a lone NPY file, as a `Store`."""

import math
import pathlib

import numpy as np

from ptychopinn.data.checks import REAL
from ptychopinn.formats.archive import Archive
from ptychopinn.formats.member import Member
from ptychopinn.formats.numpy_header import MAGIC, read_header
from ptychopinn.formats.stores.store import MOST_IN_MEMORY, Lazy, Store
from ptychopinn.formats.unpacking import damaged

ALONE = "array"
"""What the one array of an NPY file is called."""


class NpzStore(Store):
    """An NPZ archive; a path is a key, with or without a slash before it.

    Args:
        archive: Archive.
    """

    def __init__(self, archive: Archive) -> None:
        super().__init__(archive.name)
        self.archive = archive

    @property
    def contents(self) -> str:
        """The keys in words."""
        return self.archive.contents

    def __contains__(self, path: str) -> bool:
        return path.removeprefix("/") in self.archive

    def names(self, path: str = "/") -> tuple[str, ...]:
        """List the keys."""
        return self.archive.keys if path == "/" else ()

    def find(self, path: str) -> Lazy | None:
        """Return a member, mapped or unpacked when it is indexed."""
        return self.archive.member(path.removeprefix("/")) if path in self else None

    def array(self, path: str, kinds: str = REAL, most: int = MOST_IN_MEMORY) -> np.ndarray:
        """Read a member to memory, and compare its checksum."""
        member = self.known(path)
        assert isinstance(member, Member)
        if math.prod(member.shape) <= most:
            member.verify()
        return super().array(path, kinds, most)


class NpyStore(Store):
    """An NPY file, whose one array has no name: it is found under any of `""`, `"/"` and `"array"`.

    Args:
        path: pathlib.Path.
        name: str. What to call the file.

    Raises:
        ValueError: unless the file holds numbers, and all of them.
    """

    def __init__(self, path: pathlib.Path, name: str) -> None:
        super().__init__(name)
        with path.open("rb") as file:
            header = read_header(file)
        if header is None:
            raise ValueError(
                f"{name} must hold an array of numbers. Received: pickled Python objects, text, records, or a damaged "
                "header. Save it again as numbers."
            )
        if path.stat().st_size < header.length + header.nbytes:
            raise damaged(name)
        order = "F" if header.fortran else "C"
        self.values = (
            np.memmap(path, header.dtype, "r", header.length, header.shape, order)  # type: ignore[call-overload]
            if header.nbytes and header.shape
            else np.zeros(header.shape, header.dtype)
        )

    @classmethod
    def recognises(cls, start: bytes) -> bool:
        """Tell whether a file begins as NumPy's arrays do."""
        return start.startswith(MAGIC)

    @property
    def contents(self) -> str:
        """Shape and type of the array, in words."""
        return f"an array of shape {self.values.shape} and dtype {self.values.dtype}"

    def __contains__(self, path: str) -> bool:
        return path.removeprefix("/") in ("", ALONE)

    def names(self, path: str = "/") -> tuple[str, ...]:
        """List the one name."""
        return (ALONE,)

    def find(self, path: str) -> Lazy | None:
        """Return the array, mapped."""
        return self.values if path in self else None
