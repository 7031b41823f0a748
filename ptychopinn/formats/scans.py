"""Scans of any known format."""

import pathlib
import typing

from ptychopinn.data.recording import Recording
from ptychopinn.data.scan import Scan
from ptychopinn.formats import ptychopinn_npz, tike_npz
from ptychopinn.formats.detector_images import read_background, read_mask
from ptychopinn.formats.opened import Opened
from ptychopinn.preparation.detector import Asked
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.prepare import prepare
from ptychopinn.printable import printable


class ScanSource(typing.Protocol):
    """What a module that reads scans of one format offers."""

    NAME: str
    """The format in words, with its keys."""

    def recognises(self, opened: Opened) -> bool:
        """Tell whether the file is of this format, from its directory alone."""

    def record(self, opened: Opened) -> Recording:
        """Return what the file holds, in its own units; patterns are not read."""


SCANS: tuple[ScanSource, ...] = (ptychopinn_npz, tike_npz)


def read_scan(
    path: pathlib.Path | str | Opened,
    measurement: str = "auto",
    zero_frequency: str = "auto",
    photons: float | None = None,
    preparation: Preparation | None = None,
) -> Scan:
    """Read a scan of any known format: open the file, record what it holds, and prepare a scan of it.

    Args:
        path: str or path. An `.npz` or `.npz.bz2` file.
        measurement: `"counts"`, `"intensity"`, `"amplitude"`, or `"auto"`: integers and whole numbers are counts.
        zero_frequency: `"centre"`, `"corner"`, or `"auto"`: where the light of the patterns is.
        photons: float. Mean photons of a pattern, for amplitudes and intensities of arbitrary unit.
        preparation: Preparation: geometry, detector, frames and probe. Defaults to what the file tells.

    Returns:
        Scan. Its `notes` say what was found and assumed. Headers are read, and some patterns, spread evenly over the
        scan, that tell what the file does not say.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is of no known format, or its content cannot be a scan.
    """
    opened = Opened.of(path)
    if not opened.path.is_file():
        raise FileNotFoundError(
            f"A scan must be a file. Received: path={printable(opened.path)}, which is none. Check the path."
        )
    source = _source_of(opened)
    if source is None:
        raise ValueError(
            f"{opened.name} must be one of: {_names()}. Received: {opened.contents}. Rename its keys, or convert it."
        )
    recording = source.record(opened)
    wanted = preparation or Preparation()
    shape = tuple(recording.patterns.shape[1:])
    mask, background = read_mask(wanted.mask, shape), read_background(wanted.background, shape)
    return prepare(recording, wanted, Asked(measurement, zero_frequency, photons, mask, background))


def holds_patterns(path: pathlib.Path | str | Opened) -> bool:
    """Tell whether a path is a file with diffraction patterns of any known format."""
    opened = Opened.of(path)
    return opened.path.is_file() and _source_of(opened) is not None


def scan_files(folder: pathlib.Path | str) -> list[pathlib.Path]:
    """Return the files of a folder that hold a scan of any known format, in the order of their names.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if a file is damaged.
    """
    known = sorted(path for path in pathlib.Path(folder).iterdir() if holds_patterns(path))
    if not known:
        raise FileNotFoundError(
            f"A folder of scans must hold files of {_names()}. "
            f"Received: path={printable(folder)}, with none. Check the path."
        )
    return known


def _source_of(opened: Opened) -> ScanSource | None:
    return next((source for source in SCANS if source.recognises(opened)), None)


def _names() -> str:
    return ", ".join(source.NAME for source in SCANS)
