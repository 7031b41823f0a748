"""Results, with pictures and a page beside them, which fail alone: what was computed is not lost because of them."""

import errno
import functools
import os
import pathlib

from ptychopinn.files import write_together


def write_results(folder, results, drawings, failed):
    """Write results together with drawings, all or none of the results; those of earlier ones that are not made go.

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
    results, known = {name: write for name, write in results.items() if write is not None}, [*results, *drawings]
    try:
        write_together(folder, results | writers, known)
    except OSError as error:
        write_together(folder, results, known)
        failed("pictures and no page", error)


def attempt(make, what, failed):
    """Return `make()`, or None where it cannot be made; `failed` is called with what it is, and the exception."""
    try:
        return make()
    except Exception as error:  # whatever is wrong in a drawing, it is no reason to lose the numbers
        failed(what, error)
        return None


def _made_for(path, make):
    """Return what is to be written to a path, where no folder is in its way."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return make()


def _write_bytes(content, path):
    path.write_bytes(content)
