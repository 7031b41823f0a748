"""Scans that lie in two files, one of patterns and one of positions: given either, the other is found beside it."""

import pathlib
import re
from collections.abc import Callable

from ptychopinn.formats.opened import Opened

MOST_LOOKED_AT = 500
"""Files of a folder that are opened to find one."""


def partner(opened: Opened, fits: Callable[[Opened], bool], words: str) -> Opened | None:
    """Find the one other file of the same folder that belongs to a file, or return None.

    Args:
        opened: Opened.
        fits: function that tells, from content, whether a file is of the kind that is looked for.
        words: regular expression of what the names of the two differ in.

    Raises:
        ValueError: if several fit, and no name tells which is meant.
    """
    others = [other for other in beside(opened.path.parent, fits) if other.path.name != opened.path.name]
    alike = [other for other in others if _stem(other, words) == _stem(opened, words)]
    if len(alike) == 1 or len(others) == 1:
        return (alike or others)[0]
    if not others:
        return None
    names = ", ".join(other.name for other in others[:4])
    raise ValueError(
        f"{opened.name} must have one file beside it that belongs to it. Received: {len(others)} that may: {names}. "
        "Name the two alike, or put them in a folder of their own."
    )


def beside(folder: pathlib.Path, fits: Callable[[Opened], bool]) -> list[Opened]:
    """List the files of a folder that are of a kind, in the order of their names; damaged ones are passed over."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    return [opened for path in paths[:MOST_LOOKED_AT] if _fits(opened := Opened(path), fits)]


def in_folder(opened: Opened, fits: Callable[[Opened], bool]) -> Opened:
    """Return a file as it is, and of a folder the one file that fits.

    Raises:
        ValueError: unless there is one.
    """
    if not opened.path.is_dir():
        return opened
    found = beside(opened.path, fits)
    if len(found) != 1:
        raise ValueError(
            f"{opened.name} must hold the patterns of one scan. Received: {len(found)} files of patterns. "
            "Give the one that is meant."
        )
    return found[0]


def _fits(opened: Opened, fits: Callable[[Opened], bool]) -> bool:
    try:
        return opened.store is not None and fits(opened)
    except (ValueError, OSError):
        return False


def _stem(opened: Opened, words: str) -> str:
    return re.sub(words, "", opened.path.name.split(".")[0], flags=re.IGNORECASE).strip("-_ ")
