"""What came through a socket, kept in a file as it comes: HDF5 that others may read meanwhile, also after a kill."""

import contextlib
import dataclasses
import pathlib
from collections.abc import Container, Iterator, Sequence

import h5py
import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.files import write_whole
from ptychopinn.formats.sources import received as kept
from ptychopinn.formats.stores.hdf5_store import Hdf5Store
from ptychopinn.live.messages import MOST_NUMBER, Header, Sent
from ptychopinn.live.received_file import copy_whole, make, numbers_in


class Received:
    """The file of a scan that comes through a socket; the scan of an earlier file goes on.

    Patterns are written before their numbers, and numbers count: what a kill cut short is as if it had not come.

    Args:
        path: pathlib.Path: where it is, or is made when a header comes.

    Raises:
        ValueError: if there is a file of something else.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path, self.series, self.figures = path, "", kept.Figures()
        self._file: h5py.File | None = None
        self._frames: set[int] = set()
        self._places: dict[int, int] = {}
        self._paired: list[int] = []
        """Rows of positions whose pattern is there, in the order in which either came last."""
        if path.exists():
            self._go_on()

    @property
    def shape(self) -> tuple[int, int]:
        """`(y, x)` of a pattern."""
        assert self._file is not None
        return self._file[kept.PATTERNS].shape[1:]

    @property
    def dtype(self) -> np.dtype:
        """Of a pattern."""
        assert self._file is not None
        return self._file[kept.PATTERNS].dtype

    @property
    def count(self) -> int:
        """Patterns that came."""
        return len(self._frames)

    @property
    def most(self) -> int:
        """Number that no pattern reaches."""
        return MOST_NUMBER if self.figures.announced < 0 else self.figures.announced

    def begin(self, header: Header) -> None:
        """Make the file of a scan."""
        write_whole(self.path, lambda path: make(path, header))
        self._open()
        self.series = header.series
        self.figures.announced = -1 if header.frames is None else header.frames

    def add(self, sent: Sequence[Sent]) -> None:
        """Take patterns and positions; of those that came before under their number, the first are kept."""
        known, known_places = len(self._frames), len(self._places)
        patterns = [(one, one.patterns) for one in sent if one.patterns is not None]
        positions = [(one, one.positions) for one in sent if one.positions is not None]
        frames = self._write(known, self._frames, (kept.PATTERNS, kept.FRAMES), patterns)
        places = self._write(known_places, self._places, (kept.POSITIONS, kept.PLACES), positions)
        self._frames.update(frames)
        self._places |= {number: known_places + row for row, number in enumerate(places)}
        came = [number for number in dict.fromkeys((*frames, *places)) if number in self._frames]
        self._pair(came)

    def flush(self) -> None:
        """Write how the sending went."""
        if self._file is not None:
            self._file[kept.FIGURES][:] = dataclasses.astuple(self.figures)
            self._file.flush()

    def recording(self) -> Recording | None:
        """Return what is there, pairs in the order in which they were complete; None while there is no pattern."""
        if self._file is None or not self._frames:
            return None
        found = kept.as_it_came(Hdf5Store(self._file, self.path.name))
        if found.positions is None or found.position_indexes is None:
            return found
        rows = np.arange(len(found.positions))
        order = np.concatenate([np.array(self._paired, int), np.setdiff1d(rows, self._paired)])
        return dataclasses.replace(
            found, positions=found.positions[order], position_indexes=found.position_indexes[order]
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self.flush()
            self._file.close()
        self._file = None

    def _pair(self, numbers: list[int]) -> None:
        self._paired += [self._places[number] for number in numbers if number in self._places]

    def _write(
        self, first: int, known: Container[int], paths: tuple[str, str], sent: Sequence[tuple[Sent, np.ndarray]]
    ) -> list[int]:  # fmt: skip
        """Write values that are new, from a row on, and then their numbers, which are returned.

        Each is on its way to the disk before the next.
        """
        assert self._file is not None
        taken: dict[int, None] = {}
        new_values = []
        for one, values in sent:
            new = [row for row, number in enumerate(one.frames.tolist()) if number not in known and number not in taken]
            taken |= dict.fromkeys(one.frames[new].tolist())
            new_values.append(values[new])
            if values is one.patterns or one.patterns is None:
                self.figures.doubled += len(values) - len(new)
        for path, rows in zip(paths, (new_values, [np.array(list(taken), np.int64)]) if taken else ()):
            self._file[path].resize(first + len(taken), axis=0)
            self._file[path][first:] = np.concatenate(rows)
            self._file[path].flush()
        return list(taken)

    def _go_on(self) -> None:
        """Open the file of an earlier run; where that was killed, a copy of what is whole is made."""
        try:
            h5py.File(self.path, "r+", libver="latest").close()
        except OSError:  # it was not closed, or is none
            with _its_own(self.path), h5py.File(self.path, "r", swmr=True) as file:
                write_whole(self.path, lambda path: copy_whole(file, path))
        self._open()
        assert self._file is not None
        with _its_own(self.path):
            self.series = str(self._file[kept.GROUP].attrs["series"])
        self.figures = kept.figures_of(Hdf5Store(self._file, self.path.name))
        self._frames = set(numbers_in(self._file[kept.FRAMES]))
        self._places = {number: row for row, number in enumerate(numbers_in(self._file[kept.PLACES]))}
        self._pair(sorted(self._frames))

    def _open(self) -> None:
        self._file = h5py.File(self.path, "r+", libver="latest")
        self._file.swmr_mode = True  # from here on nothing is added but rows


@contextlib.contextmanager
def _its_own(path: pathlib.Path) -> Iterator[None]:
    """Say that a file is none of ours where it lacks what ours has."""
    try:
        yield
    except (OSError, KeyError) as error:
        raise ValueError(
            f"{path.name} must be what ptycho watch keeps of a socket. Received: path={path}, of something else. Move "
            "it away, or give another --output-dir."
        ) from error
