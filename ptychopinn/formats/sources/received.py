"""What came through a socket while a scan ran, as `ptycho watch` keeps it: patterns and positions as they came."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.data.selection import Selection
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, GEOMETRY, position_unit
from ptychopinn.formats.sources.reading import frames, good_pixels, indexes, is_not_zero, known_probe
from ptychopinn.formats.stores import Store

NAME = "what ptycho watch keeps of a socket (received/patterns, received/frames)"
GROUP = "received/"
PATTERNS, FRAMES = GROUP + "patterns", GROUP + "frames"
POSITIONS, PLACES = GROUP + "positions", GROUP + "position_frames"
PROBE, MASK, FIGURES = GROUP + "probe", GROUP + "mask", GROUP + "figures"
UNWRITTEN = -1
"""Number of a row whose writing was cut short."""


@dataclasses.dataclass
class Figures:
    """How the sending went.

    Args:
        announced: int. Patterns of the scan, as its sender says; -1 where it does not.
        ended: int. 1 after the sender said that it was over.
        doubled: int. Patterns and positions that came again under a number that was there.
        refused: int. Messages that were not believed.
    """

    announced: int = -1
    ended: int = 0
    doubled: int = 0
    refused: int = 0

    def words(self, came: int) -> tuple[str, ...]:
        """Say, in sentences, what was wrong so far, where so many patterns came."""
        lost = f"Of {self.announced} patterns that were announced, {came} came."
        doubled = f"{self.doubled} came again under a number that was there: the first of each is kept."
        refused = f"{self.refused} messages could not be believed, and are left out."
        wrong = (self.ended and came < self.announced, self.doubled, self.refused)
        return tuple(words for is_wrong, words in zip(wrong, (lost, doubled, refused)) if is_wrong)


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with what came through a socket."""
    return opened.hdf5 is not None and opened.known_store.has(PATTERNS, FRAMES, POSITIONS)


def record(opened: Opened) -> Recording:
    """Say what the file holds, in the order of the numbers of the patterns, in whatever order they came."""
    found = as_it_came(opened.known_store)
    if found.positions is None or found.position_indexes is None:
        return found
    order = np.argsort(found.position_indexes, kind="stable")
    return dataclasses.replace(
        found, positions=found.positions[order], position_indexes=found.position_indexes[order]
    )  # fmt: skip


def as_it_came(store: Store) -> Recording:
    """Say what a file holds, in the order in which it came."""
    patterns = frames(store, PATTERNS)
    rows, numbers = _written(store, FRAMES, patterns.shape[0])
    positions, places = _positions(store)
    unit = store.attribute(GROUP, "unit")
    measurement = store.attribute(GROUP, "measurement")
    corner = store.attribute(GROUP, "zero_frequency")
    side = store.number(GROUP + "detector_pixel_m", DETECTOR_PIXEL)
    probe, probe_notes = known_probe(store, PROBE)
    return Recording(
        patterns=patterns if len(rows) == patterns.shape[0] else Selection(patterns, rows),
        positions=positions,
        unit=None if unit is None else position_unit(str(unit), store.name),
        probe=probe,
        mask=good_pixels(store, MASK, patterns.shape[1:], is_not_zero),
        frame_indexes=numbers,
        position_indexes=places,
        measurement=measurement if measurement in ("counts", "amplitude") else None,
        corner=None if corner is None else corner == "corner",
        detector_pixel_m=None if side is None else (side, side),
        **{key: store.number(GROUP + key, quantity) for key, quantity in GEOMETRY.items()},  # type: ignore[arg-type]
        electrons=bool(store.attribute(GROUP, "electrons")),
        name=store.name,
        notes=(*probe_notes, *figures_of(store).words(len(rows))),
    )


def figures_of(store: Store) -> Figures:
    """Read how the sending went."""
    values = indexes(store, FIGURES)
    known = values is not None and len(values) == len(dataclasses.fields(Figures))
    return Figures(*(int(value) for value in values)) if known and values is not None else Figures()


def _written(store: Store, path: str, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows of an array, of so many, were written to their end, and their numbers."""
    numbers = indexes(store, path)
    assert numbers is not None
    rows = np.flatnonzero(numbers[:most] > UNWRITTEN)
    return rows, numbers[rows]


def _positions(store: Store) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return positions and their numbers: float `(position, 2)` and int `(position,)`, or None where there are none."""
    if not store.has(PLACES):
        return None, None
    stored = store.array(POSITIONS)
    if stored.ndim != 2 or stored.shape[1] != 2:
        raise ValueError(
            f"{store.name} must hold positions (position, 2) as {POSITIONS}. Received: shape={stored.shape}. "
            "Receive it again, or give --positions-from."
        )
    rows, places = _written(store, PLACES, len(stored))
    return (stored[rows].astype(float), places) if len(rows) else (None, None)
