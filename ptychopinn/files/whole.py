"""One file at a time, written whole or not at all."""

import contextlib
import hashlib
import os
import pathlib
import secrets
from collections.abc import Callable, Iterable, Mapping


def write_whole(path: pathlib.Path | str, write: Callable[[pathlib.Path], object]) -> None:
    """Write one file by `write(temporary path)` and move it into place."""
    write_all({pathlib.Path(path): write})


def write_all(writers: Mapping[pathlib.Path, Callable[[pathlib.Path], object]]) -> None:
    """Write files, each whole, and move them into place only when all of them are there.

    Args:
        writers: dict from a file's path to a function that writes to the path it is given.
    """
    aside = {path: path.with_name(f".{path.name}.{secrets.token_hex(4)}") for path in writers}
    try:
        for path, write in writers.items():
            write(aside[path])
            flush(aside[path])
        for path, temporary in aside.items():
            os.replace(temporary, path)
    finally:
        for temporary in aside.values():
            temporary.unlink(missing_ok=True)


def sweep(folder: pathlib.Path | str, names: Iterable[str]) -> None:
    """Remove what killed processes left of `write_whole`, of files that nobody but the caller writes now."""
    for name in names:
        for left in pathlib.Path(folder).glob(f".{name}.{8 * '[0-9a-f]'}"):
            left.unlink(missing_ok=True)


def checksum(path: pathlib.Path | str) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: pathlib.Path) -> None:
    """Bring a file to the disk, or a folder's list of files where the system can."""
    if not path.is_dir():
        with open(path, "rb") as file:
            os.fsync(file.fileno())
        return
    with contextlib.suppress(OSError):
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
