"""Convert a scan or a result of any format that is read to one that is written."""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Iterable
from typing import Any

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.files import write_all
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.results import read_reconstruction
from ptychopinn.formats.scans import scan_of, source_of
from ptychopinn.formats.writers.of_scan import result_of
from ptychopinn.formats.writers.table import Format, check_writable_as, format_of, told
from ptychopinn.preparation.params import Preparation
from ptychopinn.printable import printable


@dataclasses.dataclass(frozen=True)
class Conversion:
    """What was written.

    Args:
        files: paths.
        content: str. What is in them, in words.
        notes: what the reader assumed, what was left out, and what stands for what is not known, in sentences.
    """

    files: tuple[pathlib.Path, ...]
    content: str
    notes: tuple[str, ...]


def convert(
    path: pathlib.Path | str,
    out: pathlib.Path | str,
    name: str | None = None,
    measurement: str = "auto",
    zero_frequency: str = "auto",
    preparation: Preparation | None = None,
) -> Conversion:
    """Convert a scan or a reconstruction; what is written is whole, or is not written at all.

    A scan is written with its patterns, a few megabytes at a time, where the format holds patterns; else its known
    object is.

    Args:
        path: str or path. A scan, or a reconstruction of whatever program.
        out: str or path. The file to write; for ptychodus's pair of a scan, its folder or the name of either.
        name: str. Format, among `writers.table.FORMATS`. Defaults to what the suffix of `out` says.
        measurement, zero_frequency, preparation: how a scan is read; see `read_scan`.

    Returns:
        Conversion.

    Raises:
        ValueError: if the file cannot be read, or the format cannot hold it, or the file would overwrite itself.
    """
    out = pathlib.Path(out)
    form, opened = format_of(out, name), Opened(path)
    source = source_of(opened)
    if source is not None:
        scan = scan_of(source.record(opened), measurement, zero_frequency, preparation=preparation).lit()
        known, notes = _fitting(scan, form)
    elif preparation not in (None, Preparation()):
        raise ValueError(
            f"Only a scan can be prepared. Received: {opened.name}, a reconstruction. Leave those options out."
        )
    else:
        known, notes = read_reconstruction(opened), ()
    if isinstance(known, Scan):
        assert form.scans is not None
        writer: Any = form.scans
        check_writable_as(writer, known)
        writers = form.scans.writers(known, out)
    else:
        writer = form.results
        check_writable_as(writer, known)
        writers = {_named(out, form): functools.partial(form.results.write, known)}
    _refuse_overwriting(opened.path, writers)
    if isinstance(known, Scan):
        known.check()  # damage is found before the first file is begun
    for file in writers:
        file.parent.mkdir(parents=True, exist_ok=True)
    write_all(writers)
    return Conversion(tuple(writers), _in_words(known), notes + told(writer, known))


def _fitting(scan: Scan, form: Format) -> tuple[Scan | Reconstruction, tuple[str, ...]]:
    """Return what a format can hold of a scan: all of it, or else its object; and what was assumed."""
    if form.scans is not None:
        return scan, scan.notes
    if scan.object is None:
        raise ValueError(
            f"{form.results.NAME} must hold an object. Received: {scan.name}, a scan without one. "
            "Reconstruct it first, and convert the result."
        )
    return result_of(scan), (*scan.notes, f"{form.results.NAME} holds no patterns: the scan's object is written.")


def _named(out: pathlib.Path, form: Format) -> pathlib.Path:
    """Return the name of the one file of a reconstruction; raise ValueError where it is that of a folder."""
    if out.is_dir() or not out.suffix:
        raise ValueError(
            f"OUT must be the name of a file for a reconstruction. Received: {printable(out)}. "
            f"Give a name, like {form.file}."
        )
    return out


def _refuse_overwriting(source: pathlib.Path, files: Iterable[pathlib.Path]) -> None:
    """Raise ValueError where a file to write is the one that is read, or stands in the folder that is read."""
    for file in files:
        inside = source.is_dir() and file.exists() and source.resolve() in file.resolve().parents
        if inside or (file.exists() and os.path.samefile(file, source)):
            raise ValueError(
                f"A conversion must not overwrite what it reads. Received: {printable(file)}, which is read. "
                "Give OUT another name or folder."
            )


def _in_words(known: Scan | Reconstruction) -> str:
    if isinstance(known, Scan):
        return f"{len(known)} patterns of {known.size} x {known.size} pixels"
    return f"an object of {known.object.shape[0]} x {known.object.shape[1]} pixels"
