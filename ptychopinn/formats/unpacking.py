"""Unpacking to unnamed temporary files, never more than was agreed on."""

import bz2
import contextlib
import errno
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO

BLOCK_BYTES = 1 << 22

RATIO, SMALL = 1000, 1 << 26
"""A `.bz2` may unpack to so many times its size, or to so many bytes, whichever is more."""


class Damaged(ValueError):
    """A file that is not whole."""


@contextlib.contextmanager
def damage_said(name: str) -> Iterator[None]:
    """Turn whatever is raised on damaged bytes into `Damaged`; errors of the operating system pass."""
    try:
        yield
    except Damaged:
        raise
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # EINVAL: a place before the file's beginning
            raise
        raise damaged(name) from None
    except Exception:  # decompressors and parsers of archives raise what they like
        raise damaged(name) from None


def damaged(name: str) -> Damaged:
    """Return the error of a file that is not whole."""
    return Damaged(f"{name} must be a whole file. Received: a truncated or damaged one. Copy it again.")


def copy(stream: IO[bytes], size: int, name: str) -> IO[bytes]:
    """Copy a stream of a known size to a temporary file; raise Damaged where it holds more or less."""
    plain = tempfile.TemporaryFile()
    while block := stream.read(BLOCK_BYTES):
        plain.write(block)
        if plain.tell() > size:
            break
    if plain.tell() != size:
        raise damaged(name)
    plain.flush()
    return plain


def read_through(stream: IO[bytes]) -> None:
    """Read a member of an archive to its end, where its checksum is compared."""
    while stream.read(BLOCK_BYTES):
        pass


def check_space(size: int, name: str) -> None:
    """Raise ValueError unless the disk of temporary files has room for so many bytes."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ValueError(
            f"{name} unpacks to {size / 1e9:.2f} GB, which must be free in {folder}. Received: {free / 1e9:.2f} GB "
            "free. Set TMPDIR to a folder on a larger disk, or save the file uncompressed (numpy.savez)."
        )


def unpack_bz2(path: pathlib.Path, name: str, begins_with: bytes) -> IO[bytes] | None:
    """Unpack a `.bz2` to a temporary file, or return None if what is in it begins otherwise than it should."""
    plain, packed_size = tempfile.TemporaryFile(), path.stat().st_size
    limit = max(SMALL, RATIO * packed_size)
    with bz2.open(path) as packed:
        while block := _next_block(packed, name):
            if not plain.tell() and not block.startswith(begins_with):
                return None
            if plain.tell() + len(block) > limit:
                raise ValueError(
                    f"{name} must unpack to {limit / 1e9:.2f} GB at most, {RATIO} times its size. "
                    "Received: more. Unpack it yourself, and give the file that comes of it."
                )
            check_space(len(block), name)
            plain.write(block)
    plain.flush()
    return plain


def _next_block(packed: IO[bytes], name: str) -> bytes:
    with damage_said(name):
        return packed.read(BLOCK_BYTES)
