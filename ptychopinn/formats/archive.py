"""NPZ archives, whose directory is read when they are opened, and members when they are indexed."""

import os
import pathlib
import typing
import zipfile

import numpy as np

from ptychopinn.data.checks import NUMBERS
from ptychopinn.formats.member import Member
from ptychopinn.formats.numpy_header import read_header
from ptychopinn.formats.unpacking import damage_said, damaged, read_through, unpack_bz2
from ptychopinn.printable import printable

ZIP, BZ2 = b"PK", b"BZh"
"""How archives begin."""

MOST_IN_MEMORY = 1 << 29
"""Bytes of a member that is read to memory: an object of 8192 x 8192 pixels."""

END, END_BYTES, UNTOLD = b"PK\5\6", 22, 0xFFFF
"""How the record at an archive's end begins, its length, and a count of members that is told elsewhere."""

ENCRYPTED = 1
"""Bit of a member's flags."""


class Archive:
    """An `.npz` or `.npz.bz2` file.

    Args:
        path: pathlib.Path.

    Raises:
        ValueError: if the file is not an NPZ archive, or is damaged.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path, self.name = path, printable(path.name)
        packed = path.open("rb")
        start = packed.read(len(BZ2))
        file: typing.IO[bytes] | None = packed
        if start == BZ2:
            packed.close()
            file = unpack_bz2(path, self.name, ZIP)
        if file is None or not start.startswith((ZIP, BZ2)):
            raise ValueError(
                f"{self.name} must be a NumPy archive (.npz, .npz.bz2). Received: another kind of file. "
                "Convert it to PtychoPINN's or tike's NPZ."
            )
        self.file = file
        with damage_said(self.name):
            self.zip = zipfile.ZipFile(self.file)
            for info in self.zip.infolist():
                if _is_packed_as_numpy_does(info):
                    self.zip.open(info).close()  # its name there must be that of the directory
        if not self._lists_all_members():
            raise damaged(self.name)
        members = [name.removesuffix(".npy") for name in self.zip.namelist() if name.endswith(".npy")]
        self.keys = tuple(members)
        if len(set(members)) < len(members):
            raise damaged(self.name)

    def __contains__(self, key: str) -> bool:
        return key in self.keys

    @property
    def contents(self) -> str:
        """The keys in words, shortened where there are many."""
        few = ", ".join(printable(key)[:30] for key in self.keys[:8]) or "none"
        return f"keys {few}" + (f" and {len(self.keys) - 8} more" if len(self.keys) > 8 else "")

    def member(self, key: str) -> Member:
        """Return a member as an array-like that is opened when it is first indexed."""
        if key not in self.keys:
            raise ValueError(
                f"{self.name} must hold the key {key}. Received: {self.contents}. "
                "Add it, or rename the key that holds it."
            )
        info = self.zip.getinfo(f"{key}.npy")
        self._check_packing(key, info)
        with damage_said(self.name), self.zip.open(info) as stream:
            header = read_header(stream)
            if header is None:
                read_through(stream)
        if header is None:
            raise ValueError(
                f"{self.name}: key {key} must be an array of numbers. Received: pickled Python objects, text, "
                "records, or a damaged header. Save it again as numbers."
            )
        if header.length + header.nbytes != info.file_size:
            raise damaged(self.name)
        return Member(self, info, header)

    def array(self, key: str, kinds: str = NUMBERS) -> np.ndarray:
        """Read one member into memory; raise ValueError unless its dtype is of the kinds that are asked for."""
        member = self.member(key)
        if member.dtype.kind not in kinds:
            raise ValueError(
                f"{self.name}: key {key} must be real numbers. Received: dtype={member.dtype}. Save its real part."
            )
        if member.header.nbytes > MOST_IN_MEMORY:
            raise ValueError(
                f"{self.name}: key {key} must be {MOST_IN_MEMORY >> 20} MiB at most. "
                f"Received: shape={member.shape}, {member.header.nbytes >> 20} MiB. Is it the right array?"
            )
        return member.in_memory()

    def _lists_all_members(self) -> bool:
        """Tell whether the directory has as many members as the record at its end says; it is read by its length."""
        assert self.file is not None
        self.file.seek(-END_BYTES - len(self.zip.comment), os.SEEK_END)
        record = self.file.read(END_BYTES)
        count = int.from_bytes(record[10:12], "little")
        return not record.startswith(END) or count in (len(self.zip.infolist()), UNTOLD)

    def _check_packing(self, key: str, info: zipfile.ZipInfo) -> None:
        if not _is_packed_as_numpy_does(info):
            found = "encryption" if info.flag_bits & ENCRYPTED else f"compression method {info.compress_type}"
            raise ValueError(
                f"{self.name}: key {key} must be packed as NumPy does. Received: {found}. "
                "Save it again with numpy.savez or numpy.savez_compressed."
            )
        if info.compress_type == zipfile.ZIP_STORED and info.compress_size != info.file_size:
            raise damaged(self.name)


def _is_packed_as_numpy_does(info: zipfile.ZipInfo) -> bool:
    return not info.flag_bits & ENCRYPTED and info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
