"""One writer a folder."""

import contextlib
import errno
import os
import pathlib
import platform
from collections.abc import Iterator

LOCK = ".ptychopinn-lock"
"""File that the writer of a folder has locked, and removes when it ends."""

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


@contextlib.contextmanager
def writing(folder: pathlib.Path | str) -> Iterator[pathlib.Path]:
    """Hold a folder as its only writer; what is called meanwhile, in the same thread, may hold it again.

    The folder is made if it does not exist, with its parents, and removed if it was and stayed empty. The lock is the
    operating system's, so a killed process lets go of it. Where the file system knows no locks, nobody is refused.

    Args:
        folder: path.

    Returns:
        context manager that gives the folder's path, absolute and without links.

    Raises:
        ValueError: if another process, or another thread, is writing there.
        OSError: if the folder cannot be made or written.
    """
    import filelock  # its import takes as long as that of the command line

    folder = pathlib.Path(folder).resolve()
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    locked = folder / LOCK
    lock = filelock.FileLock(locked, timeout=0, is_singleton=True, fallback_to_soft=False)
    if lock.is_locked:
        yield folder
        return
    try:
        lock.acquire()
    except filelock.Timeout:
        raise ValueError(
            f"An output folder has one writer at a time. Received: {folder}, which {_holder(locked)} is writing to. "
            "Wait for it to end, or give another --output-dir."
        ) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        locked.write_text(f"process {os.getpid()} on {platform.node()}")
        yield folder
    finally:
        locked.unlink(missing_ok=True)  # while it is locked: whoever opened it before finds it without a name
        lock.release()
        with contextlib.suppress(OSError):  # there is something in it
            for path in made:
                path.rmdir()


def _holder(path: pathlib.Path) -> str:
    try:
        return path.read_text() or "another process"
    except OSError:  # it has just ended, or the system locks readers out too
        return "another process"
