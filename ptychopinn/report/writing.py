"""Results, with pictures and a page beside them, which fail alone: what was computed is not lost because of them."""

import errno
import functools
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from ptychopinn.files import write_together

T = TypeVar("T")
Write: TypeAlias = Callable[[pathlib.Path], object]
Failed: TypeAlias = Callable[[str, Exception], object]


def write_results(
    folder: pathlib.Path | str,
    results: Mapping[str, Write | None],
    drawings: Mapping[str, Callable[[], bytes] | None],
    failed: Failed,
) -> None:
    """Write results after drawings, all or none of the results; those of earlier ones that are not made go.

    Args:
        folder: path.
        results: dict from a file's name to a function that writes to the path that it is given, or None: no such file.
        drawings: dict from a file's name to a function that returns bytes, or None.
        failed: function called with what could not be drawn or written, and the exception.
    """
    made = {
        name: attempt(functools.partial(_made_for, pathlib.Path(folder) / name, make), name, failed)
        for name, make in drawings.items()
        if make is not None
    }
    writers = {name: functools.partial(_write_bytes, content) for name, content in made.items() if content is not None}
    wanted, known = {name: write for name, write in results.items() if write is not None}, [*results, *drawings]
    try:
        write_together(folder, {**writers, **wanted}, known)
    except OSError as error:
        write_together(folder, wanted, known)
        failed("pictures and no page", error)


def attempt(make: Callable[[], T], what: str, failed: Failed) -> T | None:
    """Return `make()`, or None where it cannot be made; `failed` is called with what it is, and the exception."""
    try:
        return make()
    except Exception as error:  # whatever is wrong in a drawing, it is no reason to lose the numbers
        failed(what, error)
        return None


def _made_for(path: pathlib.Path, make: Callable[[], bytes]) -> bytes:
    """Return what is to be written to a path, where no folder is in its way."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return make()


def _write_bytes(content: bytes, path: pathlib.Path) -> None:
    path.write_bytes(content)
