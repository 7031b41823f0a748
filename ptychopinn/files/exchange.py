"""Two names of one file system exchanged in one step, which Python does not offer."""

import ctypes
import errno
import os
import pathlib
import sys
import typing

HERE = -100
"""AT_FDCWD of Linux: relative names are those of the current directory."""

SWAP = 2
"""RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS."""


def exchange(one: pathlib.Path, other: pathlib.Path) -> None:
    """Exchange two paths: at every moment each of the names is there, and is one or the other.

    Raises:
        OSError: if the system or the file system cannot, or one of them is a mount point.
    """
    paths = os.fsencode(one), os.fsencode(other)
    system: typing.Any = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
    try:
        if sys.platform == "darwin":
            failed = system.renamex_np(*paths, ctypes.c_uint(SWAP))
        else:
            failed = system.renameat2(HERE, paths[0], HERE, paths[1], ctypes.c_uint(SWAP))
    except AttributeError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), os.fspath(one)) from None
    if failed:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), os.fspath(one))
