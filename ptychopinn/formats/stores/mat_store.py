"""A MATLAB file of version 5 as a `Store`; those of version 7.3 are HDF5."""

import pathlib
import subprocess
import sys
import tempfile

from ptychopinn.formats.archive import Archive
from ptychopinn.formats.stores import mat_unpacking
from ptychopinn.formats.stores.npz_store import NpzStore
from ptychopinn.formats.unpacking import damaged
from ptychopinn.printable import printable

START = b"MATLAB 5.0 MAT-file"
LONGEST_S = 120
"""Seconds that unpacking may take."""


class MatStore(NpzStore):
    """A MATLAB file, unpacked to an NPZ that vanishes with it; fields of a structure are paths, like `p/dx_spec`.

    Args:
        path: pathlib.Path.
        name: str. What to call it.

    Raises:
        ValueError: if the file is damaged, or a variable is too large for this format.
    """

    def __init__(self, path: pathlib.Path, name: str) -> None:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            unpacked = pathlib.Path(folder) / "unpacked.npz"
            unpack(path, unpacked, name)
            archive = Archive(unpacked)
        archive.name = name
        super().__init__(archive)

    @property
    def contents(self) -> str:
        """The variables, in words."""
        return f"MATLAB's {printable(', '.join(self.names()))[:140] or 'nothing'}"


def unpack(path: pathlib.Path, unpacked: pathlib.Path, name: str) -> None:
    """Unpack a MATLAB file in a process of its own, which alone falls where the file makes SciPy fall."""
    command = [sys.executable, mat_unpacking.__file__, str(path.resolve()), str(unpacked)]
    try:
        code = subprocess.run(command, capture_output=True, timeout=LONGEST_S, check=False).returncode
    except subprocess.TimeoutExpired:
        code = -1
    if code == mat_unpacking.TOO_LARGE:
        raise ValueError(
            f"{name} must hold variables of {mat_unpacking.MOST_BYTES >> 20} MiB at most in MATLAB's format 5. "
            "Received: a larger one. Save it with -v7.3, which is HDF5."
        )
    if code:
        raise damaged(name)
