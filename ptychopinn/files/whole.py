"""One file at a time, written whole or not at all."""

import contextlib
import hashlib
import os
import pathlib
import secrets
from collections.abc import Callable, Iterable


def write_whole(path: pathlib.Path | str, write: Callable[[pathlib.Path], object]) -> None:
    """Write one file by `write(temporary path)` and move it into place."""
    path = pathlib.Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write(temporary)
        flush(temporary)
        os.replace(temporary, path)
    finally:
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
