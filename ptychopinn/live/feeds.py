"""Where patterns come from while a scan runs: files that appear in a folder, one that grows, or a socket."""

import os
import pathlib
import typing

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.parts import Parts
from ptychopinn.formats.places import by_numbers
from ptychopinn.formats.scans import recorded


class Feed(typing.Protocol):
    """What is looked at again and again."""

    path: str
    """What `read_scan` reads the same patterns from."""

    @property
    def over(self) -> bool:
        """Whether it is known that no more come."""

    @property
    def said(self) -> tuple[str, ...]:
        """What was wrong so far, in sentences."""

    def look(self) -> Recording | None:
        """Return what is there now, or None while there is nothing; what the look before returned is closed.

        Raises:
            ValueError, OSError: while it cannot be read.
        """

    def close(self) -> None:
        """Let go of files."""


class Folder:
    """Files that appear in a folder, each with some of the patterns; each is read once it no longer changes.

    Args:
        folder: pathlib.Path.
    """

    over, said = False, ()

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.path = folder, str(folder / "*")
        self._parts = Parts(recorded, folder.name)
        self._read: set[str] = set()
        self._seen: dict[str, tuple[int, int]] = {}
        self._failed: dict[str, tuple[int, int]] = {}
        self._trouble: Exception | None = None

    def look(self) -> Recording | None:
        """Return what the files hold that are whole; one that cannot be read is tried again when it has changed."""
        before, self._seen = self._seen, self._states()
        for name in sorted(self._seen, key=lambda name: by_numbers(pathlib.Path(name))):
            state = self._seen[name]
            if state == before.get(name) and state != self._failed.get(name):
                self._add(name, state)
            if name not in self._read and self._in_order:
                break
        if self._parts.first is None and self._trouble is not None:
            raise self._trouble
        return None if self._parts.first is None else self._parts.joined()

    def close(self) -> None:
        """Let go of nothing: files are open while they are read alone."""

    @property
    def _in_order(self) -> bool:
        """Whether files must be read in their order: their positions, which come from elsewhere, are in it."""
        return self._parts.first is not None and self._parts.first.positions is None

    def _states(self) -> dict[str, tuple[int, int]]:
        """Return size and time of the last change, by name, of the files that were not read."""
        new = [entry for entry in os.scandir(self.folder) if entry.name not in self._read and entry.is_file()]
        stats = {entry.name: entry.stat() for entry in new if not entry.name.startswith(".")}
        return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in stats.items()}

    def _add(self, name: str, state: tuple[int, int]) -> None:
        """Read a file, or remember why it could not be."""
        try:
            self._parts.add(self.folder / name)
        except (ValueError, OSError) as error:
            self._failed[name], self._trouble = state, error
        else:
            self._read.add(name)


class Growing:
    """One file that grows, or is not there yet.

    Args:
        file: pathlib.Path.
    """

    over, said = False, ()

    def __init__(self, file: pathlib.Path) -> None:
        self.file, self.path = file, str(file)
        self._opened: Opened | None = None

    def look(self) -> Recording | None:
        """Return what the file holds, opened anew: HDF5 shows one reader no more than what was there when it came."""
        self.close()
        if not self.file.exists():
            return None
        self._opened = Opened(self.file)
        return recorded(self._opened)

    def close(self) -> None:
        """Let go of the file."""
        if self._opened is not None:
            self._opened.close()
        self._opened = None


def feed_of(path: pathlib.Path) -> Feed:
    """Return what is watched under a path; for what comes through a socket, see `Stream`."""
    return Folder(path) if path.is_dir() else Growing(path)
