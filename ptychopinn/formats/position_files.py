"""Positions from a file of their own: text of two columns, an array by its path, or a product of ptychodus."""

import dataclasses
import pathlib
import re

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.places import Place, place
from ptychopinn.formats.quantities import position_unit
from ptychopinn.formats.sources import ptychodus_words
from ptychopinn.formats.sources.reading import columns, indexes, whole_numbers
from ptychopinn.formats.stores.points import points

LARGEST_TEXT, MOST_LINES = 1 << 24, 300_000
"""Bytes and lines of a text of positions."""

ORDERS = ("xy", "yx")
COLUMN = re.compile(
    r"""["']?(?P<axis>[xy])(?:[ _]?pos(?:ition)?)?[ _]*[\[(]?(?P<unit>px|pixels?|nm|um|µm|μm|mm|m)?[\])]?["']?"""
)
"""What a column of positions may be called, with its unit or without."""

INDEX = re.compile(r"""["']?(index|frame|trigger)["']?""")
"""What a column may be called that says which frame a position belongs to."""


@dataclasses.dataclass(frozen=True, eq=False)
class Positions:
    """Positions of the probe.

    Args:
        values: float64 array `(pattern, 2)`, `(y, x)`.
        unit: str, or None where nothing tells it; see `Recording`.
        notes: what was assumed, in sentences.
        indexes: int array `(pattern,)`: which frame each belongs to, where the file says it.
    """

    values: np.ndarray
    unit: str | None
    notes: tuple[str, ...]
    indexes: np.ndarray | None = None


def with_positions(
    recording: Recording, where: str | pathlib.Path, unit: str | None = None, order: str | None = None
) -> Recording:
    """Return a recording with the positions of another file in place of its own.

    Args:
        recording: Recording.
        where: str or path. `FILE`, or `FILE:/path`; see `read_positions`.
        unit: str. Defaults to what the file says.
        order: `"xy"` or `"yx"`. Defaults to what the file says.
    """
    positions = read_positions(where, unit, order)
    return dataclasses.replace(
        recording, positions=positions.values, unit=positions.unit, flux=None, position_indexes=positions.indexes,
        notes=(*recording.notes, *positions.notes),
    )  # fmt: skip


def read_positions(
    where: str | pathlib.Path,
    unit: str | None = None,
    order: str | None = None,
    folder: pathlib.Path | None = None,
) -> Positions:
    """Read positions from a file of their own.

    Args:
        where: str or path. Text of columns x and y (comma, semicolon, tab or space between them; a header may name
            them, and their unit), an NPY, `FILE:/path` of an array `(pattern, 2)` or `(2, pattern)` in HDF5, NPZ or
            MATLAB, or a product of ptychodus.
        unit: str. Their unit, where the file does not say it, or is wrong.
        order: `"xy"` or `"yx"`: of the columns. Defaults to the header's, else `"xy"` in text and `"yx"` in arrays.
        folder: pathlib.Path. Where a relative path begins.

    Raises:
        ValueError: if the file holds no finite positions, or their unit is unknown.
    """
    if order not in (None, *ORDERS):
        raise ValueError(
            f"The order of positions must be one of xy, yx. Received: order={str(order)[:20]!r}. Choose one."
        )
    at = place(str(where), folder)
    (file, *_) = at.files()
    opened = Opened(file)
    if opened.store is None:
        found = _of_text(file, opened.name, order)
    elif at.path == "/" and ptychodus_words.holds_positions(opened.store):
        note = f"Positions are those of ptychodus's product {opened.name}."
        values = columns(opened.store, *ptychodus_words.POSITIONS)
        found = Positions(values, "m", (note,), indexes(opened.store, "probe_position_indexes"))
    else:
        found = _of_array(at, order)
    return found if unit is None else dataclasses.replace(found, unit=position_unit(unit, opened.name))


def _of_array(at: Place, order: str | None) -> Positions:
    store = at.store()
    path = at.path_in(store)
    values, said = points(store, path)[:, :2], store.units(path)
    order = order or "yx"
    note = f"Positions are {at.name}:{path}, read as ({order[0]}, {order[1]})."
    unit = None if said is None else position_unit(said, store.name)
    return Positions(values[:, ::-1] if order == "xy" else values, unit, (note,))


def _of_text(file: pathlib.Path, name: str, order: str | None) -> Positions:
    """Read columns of numbers; the header, if there is one, says which are x and y, and in what unit."""
    lines = [line for line in _lines(file, name) if line.strip() and not line.lstrip().startswith(("%", "//"))]
    rows = [line for line in lines if _is_data(line)]
    header = [line.lstrip("# ") for line in lines[:20] if not _is_data(line)]
    line, named = next(((line, found) for line in header[::-1] if (found := _named(_cells(line)))), ("", None))
    values = _table(rows, name)
    if named is None and values.shape[1] != 2:
        raise ValueError(
            f"{name} must hold two columns x and y, or a header that names them. "
            f"Received: {values.shape[1]} columns without names. Write a first line like x_um,y_um."
        )
    y, x, unit = named or ((1, 0, None) if order in (None, "xy") else (0, 1, None))
    if max(y, x) >= values.shape[1]:
        raise ValueError(
            f"{name} must hold as many columns as its header names. Received: {values.shape[1]} columns. Correct it."
        )
    said = f"columns {x + 1} (x) and {y + 1} (y)"
    return Positions(values[:, [y, x]], unit, (f"Positions are {said} of {name}.",), _indexes(line, values))


def _indexes(header: str, values: np.ndarray) -> np.ndarray | None:
    """Return the column of whole numbers that a header names as that of the frames, or None."""
    found = [place for place, cell in enumerate(_cells(header)) if INDEX.fullmatch(cell.lower())]
    return whole_numbers(values[:, found[0]]) if len(found) == 1 and found[0] < values.shape[1] else None


def _lines(file: pathlib.Path, name: str) -> list[str]:
    """Read the lines of a text; raise ValueError if it is too long to be one of positions."""
    size = file.stat().st_size
    content = file.read_bytes() if size <= LARGEST_TEXT else b""
    count = content.count(b"\n")
    if size > LARGEST_TEXT or count > MOST_LINES:
        raise ValueError(
            f"{name} must be a text of {LARGEST_TEXT >> 20} MiB and {MOST_LINES} lines at most. "
            f"Received: {size / 1e6:.1f} MB, {count} lines. Is it the right file? Large scans want HDF5."
        )
    return content.decode("utf-8", "replace").splitlines()


def _table(rows: list[str], name: str) -> np.ndarray:
    """Return lines of numbers as float64 `(line, column)`."""
    try:
        values = np.loadtxt((" ".join(_cells(row)) for row in rows), ndmin=2) if rows else np.zeros((0, 2))
    except ValueError:
        values = np.zeros((0, 2))
    if not len(values) or not np.isfinite(values).all():
        raise ValueError(
            f"{name} must hold lines of finite numbers, as many in each: positions x and y. "
            f"Received: {len(rows)} lines of numbers, some of another kind. Correct them."
        )
    return values


def _cells(line: str) -> list[str]:
    """Split a line at its commas, semicolons or tabs, and where it has none, at its spaces."""
    between = r"[,;\t]" if re.search(r"[,;\t]", line) else r"\s+"
    return [cell.strip() for cell in re.split(between, line.strip()) if cell.strip()]


def _is_data(line: str) -> bool:
    try:
        float(_cells(line)[0])
    except (ValueError, IndexError):
        return False
    return True


def _named(cells: list[str]) -> tuple[int, int, str | None] | None:
    """Return which columns are y and x, and their unit if both names have one; None unless both are named."""
    found = {match["axis"]: (place, match["unit"]) for place, cell in enumerate(cells)
             if (match := COLUMN.fullmatch(cell.lower()))}  # fmt: skip
    if set(found) != {"x", "y"}:
        return None
    (y, unit_y), (x, unit_x) = found["y"], found["x"]
    return y, x, position_unit(unit_y, "the header") if unit_y and unit_y == unit_x else None
