"""Scans that lie in two files, one of patterns and one of positions: given either, the other is found beside it."""

import dataclasses
import pathlib
import re
from collections.abc import Callable

from ptychopinn.formats.opened import Opened

MOST_LOOKED_AT = 500
"""Files of a folder that are opened to find one."""


@dataclasses.dataclass(frozen=True)
class Pair:
    """What the two files of a scan are known by, from their content.

    Args:
        of_patterns, of_positions: functions that tell whether a file is the one with the patterns, or the other one.
        names_differ: str. Regular expression of what the names of the two differ in.
    """

    of_patterns: Callable[[Opened], bool]
    of_positions: Callable[[Opened], bool]
    names_differ: str

    def recognises(self, opened: Opened) -> bool:
        """Tell whether this is a file of patterns, one of positions with such a file beside it, or a folder of both."""
        if opened.path.is_dir():
            return bool(_beside(opened.path, self.of_patterns) and _beside(opened.path, self.of_positions))
        if opened.store is None:
            return False
        return self.of_patterns(opened) or (self.of_positions(opened) and self.patterns_of(opened) is not None)

    def files(self, opened: Opened) -> tuple[Opened, Opened | None]:
        """Return the file of patterns and that of positions, if there is one, of either or of their folder."""
        chosen = _in_folder(opened, self.of_patterns)
        if not self.of_patterns(chosen):
            given = self.patterns_of(chosen)
            assert given is not None
            return given, chosen
        return chosen, chosen if self.of_positions(chosen) else self.positions_of(chosen)

    def patterns_of(self, opened: Opened) -> Opened | None:
        """Return the file of patterns beside one of positions, or None; see `files`."""
        return _partner(opened, self.of_patterns, self.names_differ)

    def positions_of(self, opened: Opened) -> Opened | None:
        """Return the file of positions beside one of patterns, or None; see `files`."""
        return _partner(opened, self.of_positions, self.names_differ)


def _partner(opened: Opened, fits: Callable[[Opened], bool], words: str) -> Opened | None:
    """Find the one other file of the same folder that belongs to a file, or return None.

    Raises:
        ValueError: if several fit, and no name tells which is meant.
    """
    others = [other for other in _beside(opened.path.parent, fits) if other.path.name != opened.path.name]
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


def _beside(folder: pathlib.Path, fits: Callable[[Opened], bool]) -> list[Opened]:
    """List the files of a folder that are of a kind, in the order of their names; damaged ones are passed over."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    return [opened for path in paths[:MOST_LOOKED_AT] if _fits(opened := Opened(path), fits)]


def _in_folder(opened: Opened, fits: Callable[[Opened], bool]) -> Opened:
    """Return a file as it is, and of a folder the one file that fits; raise ValueError unless there is one."""
    if not opened.path.is_dir():
        return opened
    found = _beside(opened.path, fits)
    if len(found) != 1:
        names = ", ".join(str(one.path.name) for one in found[:4])
        raise ValueError(
            f"{opened.name} must hold the patterns of one scan. Received: {len(found)} files of patterns: {names}. "
            "Give the one that is meant, instead of the folder."
        )
    return found[0]


def _fits(opened: Opened, fits: Callable[[Opened], bool]) -> bool:
    try:
        return opened.store is not None and fits(opened)
    except (ValueError, OSError):
        return False


def _stem(opened: Opened, words: str) -> str:
    return re.sub(words, "", opened.path.name.split(".")[0], flags=re.IGNORECASE).strip("-_ ")
