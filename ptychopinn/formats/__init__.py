"""File formats: each a module with `NAME`, `recognises(archive)` and `read(archive, **assumptions)` -> Scan."""

import pathlib
import typing

from ptychopinn.data.scan import Scan
from ptychopinn.formats import ptychopinn_npz, tike_npz
from ptychopinn.formats.archive import Archive


class Format(typing.Protocol):
    """What a module of this folder offers."""

    NAME: str

    def recognises(self, archive: Archive) -> bool:
        """Tell from the keys whether the archive is of this format."""

    def read(self, archive: Archive, measurement: str, zero_frequency: str) -> Scan:
        """Make a scan of the archive."""


FORMATS = (ptychopinn_npz, tike_npz)


def read_scan(path, measurement="auto", zero_frequency="auto", photons=None):
    """Read a scan of any known format.

    Args:
        path: str or path. An `.npz` or `.npz.bz2` file.
        measurement: `"counts"`, `"amplitude"`, or `"auto"`: integers and whole numbers are counts.
        zero_frequency: `"centre"`, `"corner"`, or `"auto"`: where the light of the patterns is.
        photons: float. Mean photons of a pattern, for amplitudes of arbitrary unit.

    Returns:
        Scan. Its `notes` say what was assumed.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is of no known format, or its content cannot be a scan.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"A scan must be a file. Received: path={path}, which is none. Check the path.")
    archive = Archive(path)
    for form in FORMATS:
        if form.recognises(archive):
            scan = form.read(archive, measurement, zero_frequency)
            return scan if photons is None else scan.with_photons(photons)
    raise ValueError(
        f"{path.name} must hold the keys of one of: {', '.join(form.NAME for form in FORMATS)}. "
        f"Received: keys {', '.join(archive.keys) or 'none'}. Rename them, or convert the file."
    )


def scan_files(folder):
    """Return the files of a folder that hold a scan of any known format, in the order of their names.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if an `.npz` or `.npz.bz2` file is damaged.
    """
    files = sorted(path for path in pathlib.Path(folder).iterdir() if path.name.endswith((".npz", ".npz.bz2")))
    known = [path for path in files if any(form.recognises(Archive(path)) for form in FORMATS)]
    if not known:
        raise FileNotFoundError(
            f"A folder of scans must hold files of {', '.join(form.NAME for form in FORMATS)}. "
            f"Received: path={folder}, with none. Check the path."
        )
    return known
