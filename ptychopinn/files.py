"""Files that are written whole or not at all."""

import hashlib
import os
import pathlib
import shutil

NEW = ".new"
"""Folder in which files that belong together wait until all of them are written."""


def write_together(folder, writers, last):
    """Write files that belong together: after a crash at any moment, all of them are the old ones, or the new ones.

    The files are written beside the old ones, `last` after the others, and then moved into place. `settle` finishes a
    move that was cut short.

    Args:
        folder: path. Made if it does not exist.
        writers: dict from file name to a function that writes to the path it is given.
        last: str. The name whose presence says that the others are complete.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    settle(folder, last)
    new = folder / NEW
    new.mkdir()
    try:
        for name in sorted(writers, key=lambda name: name == last):
            write_whole(new / name, writers[name])  # a `last` that is only half there must not look complete
    except BaseException:
        shutil.rmtree(new)
        raise
    settle(folder, last)


def settle(folder, last):
    """Finish, or undo, a `write_together` that was cut short."""
    new = pathlib.Path(folder) / NEW
    if (new / last).exists():
        for file in sorted(new.iterdir(), key=lambda file: file.name == last):
            os.replace(file, new.parent / file.name)
    if new.exists():
        shutil.rmtree(new)


def write_whole(path, write):
    """Write one file by `write(temporary path)` and move it into place."""
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}")
    try:
        write(temporary)
        _flush(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def checksum(path):
    """Return the SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())
