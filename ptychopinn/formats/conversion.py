"""Convert a scan or a result of any format that is read to one that is written."""

import dataclasses
import functools
import os
import pathlib
from collections.abc import Callable

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.files import write_all
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.results import read_reconstruction
from ptychopinn.formats.scans import holds_patterns, read_scan
from ptychopinn.formats.writers.of_scan import result_of
from ptychopinn.formats.writers.table import Format, check_writable_as, format_of, told
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
) -> Conversion:
    """Convert a scan or a reconstruction; what is written is whole, or is not written at all.

    A scan is written with its patterns, a few megabytes at a time, where the format holds patterns; else its known
    object is.

    Args:
        path: str or path. A scan, or a reconstruction of whatever program.
        out: str or path. The file to write; for ptychodus's pair of a scan, its folder or the name of either.
        name: str. Format, among `writers.table.FORMATS`. Defaults to what the suffix of `out` says.
        measurement, zero_frequency: str. How a scan is read; see `read_scan`.

    Returns:
        Conversion.

    Raises:
        ValueError: if the file cannot be read, or the format cannot hold it, or the file would overwrite itself.
    """
    out = pathlib.Path(out)
    form, opened = format_of(out, name), Opened(path)
    if not holds_patterns(opened):
        result = read_reconstruction(opened)
        return _written(opened, _of_result(form, result, out), told(form.results, result), _in_words(result))
    scan = read_scan(opened, measurement, zero_frequency)
    if form.scans is None:
        result = _object_of(scan, form)
        writers = _of_result(form, result, out)
        notes = (f"{form.results.NAME} holds no patterns: the scan's object is written.", *told(form.results, result))
        return _written(opened, writers, scan.notes + notes, _in_words(result))
    check_writable_as(form.scans, scan)
    writers = form.scans.writers(scan, out)
    _refuse_overwriting(opened.path, tuple(writers))
    scan.check()
    content = f"{len(scan)} patterns of {scan.size} x {scan.size} pixels"
    return _written(opened, writers, scan.notes + told(form.scans, scan), content)


def _of_result(form: Format, result: Reconstruction, out: pathlib.Path) -> dict:
    """Return what writes a reconstruction to its one file."""
    check_writable_as(form.results, result)
    if out.is_dir() or not out.suffix:
        raise ValueError(
            f"OUT must be the name of a file for a reconstruction. Received: {printable(out)}. "
            f"Give a name, like {form.file}."
        )
    return {out: functools.partial(form.results.write, result)}


def _object_of(scan: Scan, form: Format) -> Reconstruction:
    if scan.object is None:
        raise ValueError(
            f"{form.results.NAME} must hold an object. Received: {scan.name}, a scan without one. "
            "Reconstruct it first, and convert the result."
        )
    return result_of(scan)


def _written(
    opened: Opened,
    writers: dict[pathlib.Path, Callable[[pathlib.Path], object]],
    notes: tuple[str, ...],
    content: str,
) -> Conversion:
    _refuse_overwriting(opened.path, tuple(writers))
    for file in writers:
        file.parent.mkdir(parents=True, exist_ok=True)
    write_all(writers)
    return Conversion(tuple(writers), content, notes)


def _refuse_overwriting(source: pathlib.Path, files: tuple[pathlib.Path, ...]) -> None:
    """Raise ValueError where a file to write is the one that is read, or stands in the folder that is read."""
    for file in files:
        inside = source.is_dir() and file.exists() and source.resolve() in file.resolve().parents
        if inside or (file.exists() and os.path.samefile(file, source)):
            raise ValueError(
                f"A conversion must not overwrite what it reads. Received: {printable(file)}, which is read. "
                "Give OUT another name or folder."
            )


def _in_words(result: Reconstruction) -> str:
    return f"an object of {result.object.shape[0]} x {result.object.shape[1]} pixels"
