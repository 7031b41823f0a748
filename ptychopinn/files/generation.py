"""Files that belong together: a folder holds one generation of them, or the next."""

import contextlib
import errno
import json
import os
import pathlib
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from ptychopinn.files.exchange import exchange
from ptychopinn.files.lock import LOCK, writing
from ptychopinn.files.whole import flush

T = TypeVar("T")

NEW = ".ptychopinn-new"
"""Folder in which a generation is written."""

WHOLE = ".ptychopinn-whole"
"""Its name once it is complete, where its files have to be moved one by one."""

GONE = ".gone"
"""File in it: names of earlier files that this generation does without."""


def write_together(
    folder: pathlib.Path | str, writers: Mapping[str, Callable[[pathlib.Path], object]], known: Iterable[str] = ()
) -> None:
    """Write files that belong together: a kill at any moment leaves all of the old ones, or all of the new ones.

    They are written aside. A folder that has all of them, and links to whatever else the old one holds, then takes
    the old one's place in one step. Where that cannot be (the system or the file system cannot; the folder is a
    mount point or the current directory, which would be lost under its users; it holds folders, which cannot be
    linked), they are moved one by one: readers find them by `read_standing`, and the next writer ends a move that was
    cut short.

    Args:
        folder: path. Made if it does not exist, and held meanwhile (see `writing`).
        writers: dict from file name to a function that writes to the path it is given, called in this order: each
            finds the files of those before it beside its own.
        known: names of files that belong to a generation, written or not: those of earlier ones are removed.
    """
    with writing(folder) as folder:
        settle(folder)
        refuse_folders(folder, writers)
        try:
            gone = {name for name in known if not (folder / name).is_dir()}  # a folder is somebody else's
            stage(folder / NEW, writers, sorted(gone - set(writers)))
            if not put_in_place(folder):
                os.rename(folder / NEW, folder / WHOLE)
                flush(folder)
        finally:
            settle(folder)


def read_standing(folder: pathlib.Path | str, name: str, read: Callable[[pathlib.Path], T]) -> T:
    """Return `read(path)` of a file of the generation that a folder holds, wherever it is; nothing is changed."""
    for path in (pathlib.Path(folder) / WHOLE / name, pathlib.Path(folder) / name):
        if path.exists():
            with contextlib.suppress(FileNotFoundError):  # moved meanwhile: to the next
                return read(path)
    return read(pathlib.Path(folder) / name)


def is_standing(folder: pathlib.Path | str, name: str) -> bool:
    """Return whether the generation that a folder holds has a file of that name."""
    try:
        return stat.S_ISREG(read_standing(folder, name, os.stat).st_mode)
    except OSError:
        return False


def refuse_folders(folder: pathlib.Path, names: Iterable[str]) -> None:
    """Raise IsADirectoryError where a folder has the name of a file that is to be written."""
    for name in names:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder / name))


def stage(new: pathlib.Path, writers: Mapping[str, Callable[[pathlib.Path], object]], gone: list[str]) -> None:
    """Write a generation to a folder of its own."""
    new.mkdir()
    for name, write in writers.items():
        write(new / name)
        flush(new / name)
    (new / GONE).write_text(json.dumps(gone))
    flush(new / GONE)
    flush(new)


def put_in_place(folder: pathlib.Path) -> bool:
    """Exchange a folder for one with the generation that waits in it; return whether that could be."""
    ours, beside = names_of(folder / NEW), beside_of(folder)
    others = [entry for entry in os.scandir(folder) if entry.name not in {NEW, *ours}]
    if folder == pathlib.Path.cwd() or any(entry.is_dir(follow_symlinks=False) for entry in others):
        return False
    try:
        beside.mkdir()
        shutil.copystat(folder, beside)
        os.chown(beside, folder.stat().st_uid, folder.stat().st_gid)
        for entry in (*others, *(file for file in os.scandir(folder / NEW) if file.name != GONE)):
            os.link(entry, beside / entry.name, follow_symlinks=False)
        flush(beside)
        exchange(beside, folder)
    except (OSError, NotImplementedError, AttributeError):  # the last two: not on this system
        shutil.rmtree(beside, ignore_errors=True)
        return False
    flush(folder.parent)
    return True


def settle(folder: pathlib.Path) -> None:
    """Clear away what a generation left on its way, and end a move; the caller holds the folder."""
    beside = beside_of(folder)
    if (beside / NEW).exists():
        clear(beside, folder)
    elif beside.is_dir():
        shutil.rmtree(beside)  # links alone
    if (folder / WHOLE).exists():
        move(folder / WHOLE, folder)
    if (folder / NEW).exists():
        shutil.rmtree(folder / NEW)


def clear(old: pathlib.Path, folder: pathlib.Path) -> None:
    """Remove a folder that was exchanged for another, but not what somebody wrote to it meanwhile."""
    ours = names_of(old / NEW)
    for entry in [old / name for name in os.listdir(old) if name != NEW]:
        here = folder / entry.name
        came_late = not os.path.lexists(here) or entry.lstat().st_mtime_ns > here.lstat().st_mtime_ns
        if came_late and entry.name not in {LOCK, *ours}:
            os.replace(entry, here)
        else:
            entry.unlink()
    os.rename(old / NEW, folder / NEW)  # which tells this folder from one that was not exchanged yet
    old.rmdir()


def move(whole: pathlib.Path, folder: pathlib.Path) -> None:
    """Move the files of a complete generation into their folder, one by one."""
    names = names_of(whole)
    for name in names:
        if (whole / name).exists():
            os.replace(whole / name, folder / name)
    for name in json.loads((whole / GONE).read_text()):
        (folder / name).unlink(missing_ok=True)
    os.rename(whole, folder / NEW)


def names_of(new: pathlib.Path) -> set[str]:
    """Return the names of files that a generation brings or does without."""
    return {*os.listdir(new), *json.loads((new / GONE).read_text())} - {GONE}


def beside_of(folder: pathlib.Path) -> pathlib.Path:
    """Return the name that a folder has for a moment while it is exchanged."""
    return folder.with_name(f".{folder.name}.ptychopinn")
