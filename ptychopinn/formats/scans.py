"""Scans of any known format."""

import pathlib

from ptychopinn.data.recording import Recording
from ptychopinn.data.scan import Scan
from ptychopinn.formats import door, ptychopinn_npz, tike_npz
from ptychopinn.formats.detector_images import read_background, read_mask
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.parts import Parts
from ptychopinn.formats.places import is_place, place
from ptychopinn.formats.position_files import with_positions
from ptychopinn.formats.sources import bare_arrays
from ptychopinn.formats.sources.table import BEFORE_PTYCHOPINN, SOURCES, Source
from ptychopinn.preparation.detector import Asked
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.prepare import prepare
from ptychopinn.printable import printable

SCANS: tuple[Source, ...] = (*BEFORE_PTYCHOPINN, ptychopinn_npz, tike_npz, *SOURCES)
KNOWN = "PtychoPINN's NPZ (diff3d, xcoords, ycoords, probeGuess), or of another format of docs/files.md"
"""What a scan may be, in words."""


def read_scan(
    path: pathlib.Path | str | Opened,
    measurement: str = "auto",
    zero_frequency: str = "auto",
    photons: float | None = None,
    preparation: Preparation | None = None,
) -> Scan:
    """Read a scan of any known format: open the file, record what it holds, and prepare a scan of it.

    Args:
        path: str or path. A file of any known format, a folder that holds the files of one scan, `FOLDER/*` of files
            that each hold a part of one, or `FILE:/path` of bare patterns in HDF5, NPZ or MATLAB.
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
    return scan_of(recorded(path), measurement, zero_frequency, photons, preparation)


def scan_of(
    recording: Recording,
    measurement: str = "auto",
    zero_frequency: str = "auto",
    photons: float | None = None,
    preparation: Preparation | None = None,
) -> Scan:
    """Make a scan of what a file holds, with what other files say that a preparation names; see `read_scan`."""
    wanted = preparation or Preparation()
    if wanted.positions_from is not None:
        recording = with_positions(recording, wanted.positions_from)
    shape = tuple(recording.patterns.shape[1:])
    mask, background = read_mask(wanted.mask, shape), read_background(wanted.dark, shape)
    return prepare(recording, wanted, Asked(measurement, zero_frequency, photons, mask, background))


def recorded(path: pathlib.Path | str | Opened) -> Recording:
    """Return what a file, a folder or `FILE:/path` holds, in its own units; see `read_scan`."""
    opened = Opened.of(path)
    if not opened.path.exists() and is_place(opened.path):
        return _parts(opened.path) or door.record(door.Door(str(opened.path)))
    if not opened.path.exists():
        raise FileNotFoundError(
            f"A scan must be a file, or a folder of its files. Received: path={printable(opened.path)}, which is none. "
            "Check the path."
        )
    source = source_of(opened)
    if source is None:
        raise ValueError(
            f"{opened.name} must be {KNOWN}. Received: {opened.contents}. Rename its keys, or name its arrays: "
            "FILE:/path of the patterns, and --positions-from FILE:/path."
        )
    return source.record(opened)


def _parts(series: pathlib.Path) -> Recording | None:
    """Return what the files of a series that are scans hold together; None of a series of bare arrays, or of none."""
    at = place(str(series))
    files = at.files()
    known = filter(None, map(_source_or_none, files))
    if at.path != "/" or next(known, bare_arrays) is bare_arrays:
        return None
    parts, lost = Parts(recorded, at.name), []
    for file in files:
        try:
            parts.add(file)
        except ValueError as error:
            lost.append(str(error))
    if lost and not parts.positions:
        raise ValueError(lost[0])  # paired by their order, patterns would go with the positions of others
    return parts.joined(tuple(f"Left out: {error}" for error in lost))


def _source_or_none(path: pathlib.Path) -> Source | None:
    try:
        return source_of(Opened(path))
    except ValueError:  # it is damaged
        return None


def file_of(path: pathlib.Path | str) -> pathlib.Path:
    """Return the file that names a scan: the one of its patterns, where it is of several or a part of one."""
    path = pathlib.Path(path)
    if path.is_dir():
        return scan_files(path)[0]
    return path if path.exists() else place(str(path)).files()[0]


def holds_patterns(path: pathlib.Path | str | Opened) -> bool:
    """Tell whether a path is a file, or a folder of files, with diffraction patterns of any known format."""
    opened = Opened.of(path)
    return source_of(opened) is not None


def scan_files(folder: pathlib.Path | str) -> list[pathlib.Path]:
    """Return the files of a folder that hold a scan of any known format, in the order of their names.

    Of two files that are one scan, it is that of the patterns.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if a file is damaged.
    """
    known = sorted(path for path in pathlib.Path(folder).iterdir() if path.is_file() and _is_a_scan(Opened(path)))
    if not known:
        raise FileNotFoundError(
            f"A folder of scans must hold files that are each {KNOWN}. "
            f"Received: path={printable(folder)}, with none. Check the path."
        )
    return known


def _is_a_scan(opened: Opened) -> bool:
    source = source_of(opened)
    pair = getattr(source, "PAIR", None)
    return source is not None and (pair is None or pair.of_patterns(opened))


def source_of(opened: Opened) -> Source | None:
    """Return what reads a file or folder as a scan, or None if it is none, or holds none."""
    if not opened.path.exists():
        return None
    return next((source for source in SCANS if source.recognises(opened)), None)
