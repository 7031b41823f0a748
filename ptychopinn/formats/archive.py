"""NPZ archives, read member by member without loading large arrays into memory."""

import bz2
import shutil
import tempfile
import zipfile
import zlib

import numpy as np

COPY_BYTES = 1 << 22
NUMBERS = "biufc"
"""Kinds of dtype that are read: anything else would have to be unpickled, or is no measurement."""

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


class Archive:
    """An `.npz` or `.npz.bz2` file: small members as arrays, large ones as memory maps.

    A compressed member is unpacked to an unnamed temporary file, which vanishes with the map.

    Args:
        path: pathlib.Path.

    Raises:
        ValueError: if the file is not an NPZ archive, or is damaged.
    """

    def __init__(self, path):
        self.path = path
        self._file = self._unpack_bz2() if path.suffix == ".bz2" else path.open("rb")
        try:
            self._zip = zipfile.ZipFile(self._file)
        except DAMAGED:
            self._file.seek(0)
            known = self._file.read(4).startswith(b"PK")
            raise ValueError(self._damaged() if known else self._foreign()) from None
        self.keys = tuple(name[: -len(".npy")] for name in self._zip.namelist() if name.endswith(".npy"))

    def __contains__(self, key):
        return key in self.keys

    def array(self, key):
        """Read one member into memory."""
        return np.array(self.lazy(key))

    def lazy(self, key):
        """Map one member: an array that is read from disk as it is indexed."""
        if key not in self.keys:
            raise ValueError(
                f"{self.path.name} must hold the key {key}. Received: keys {', '.join(self.keys)}. "
                "Add it, or rename the key that holds it."
            )
        try:
            with self._zip.open(f"{key}.npy") as member:
                plain = self._copy(member)
        except DAMAGED:
            raise ValueError(self._damaged()) from None
        try:
            return self._map(plain)
        except ValueError:
            raise ValueError(
                f"{self.path.name}: key {key} must be an array of numbers. Received: pickled Python objects, text, "
                "records, or a damaged header. Save it again as numbers."
            ) from None

    def _map(self, plain):
        version = np.lib.format.read_magic(plain)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read_header(plain)
        if dtype.kind not in NUMBERS:
            raise ValueError
        if 0 in shape:
            return np.zeros(shape, dtype)
        return np.memmap(plain, dtype, "r", plain.tell(), shape, "F" if fortran else "C")

    def _copy(self, member):
        plain = tempfile.TemporaryFile()
        shutil.copyfileobj(member, plain, COPY_BYTES)
        plain.seek(0)
        return plain

    def _unpack_bz2(self):
        try:
            with bz2.open(self.path) as packed:
                return self._copy(packed)
        except EOFError:
            raise ValueError(self._damaged()) from None
        except OSError as error:
            if error.errno is not None:
                raise
            with self.path.open("rb") as file:
                known = file.read(3) == b"BZh"
            raise ValueError(self._damaged() if known else self._foreign()) from None

    def _damaged(self):
        return f"{self.path.name} must be a whole file. Received: a truncated or damaged archive. Copy it again."

    def _foreign(self):
        return (
            f"{self.path.name} must be a scan in a NumPy archive (.npz, .npz.bz2). "
            "Received: another kind of file. Convert it to PtychoPINN's or tike's NPZ."
        )
