"""Frames and positions: which belong together, where there are more of either, or several frames at one place."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.data.selection import Selection
from ptychopinn.preparation.bursts import Summed
from ptychopinn.preparation.params import Preparation


def paired(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording with one position a frame: those that the user says, where there are more of either.

    Where the file says which position belongs to which frame, these are paired, in the order of the positions.

    Raises:
        ValueError: if the file holds no positions, or another number of them than of frames, and nothing is said; if
            the first or the last are asked for where there is nothing to choose.
    """
    frames, positions = recording.patterns.shape[0], recording.positions
    if positions is None:
        raise ValueError(
            f"{recording.name} must hold positions of its {frames} patterns. Received: none. "
            "Give them by --positions-from, a file of columns x and y, or FILE:/path of an array (y, x)."
        )
    if _by_index(recording, wanted):
        return _paired_by_index(recording)
    count = len(positions)
    if frames == count:
        return _of_one_count(recording, wanted)
    fewer = min(frames, count)
    if wanted.pair is None or not fewer:
        raise ValueError(
            f"{recording.name} must hold one position (y, x) per pattern. Received: {frames} patterns, "
            f"{count} positions. Write only the pairs that were measured, or say --pair first or --pair last."
        )
    first = wanted.pair == "first"
    note = f"Of {frames} patterns and {count} positions, the {wanted.pair} {fewer} of each are paired, as asked."
    return _some(recording, _run(frames, fewer, first), _run(count, fewer, first), note)


def _of_one_count(recording: Recording, wanted: Preparation) -> Recording:
    """Pair as many frames as positions by their order, and say so where either of them has indexes."""
    indexes = {"frames": recording.frame_indexes, "positions": recording.position_indexes}
    known = [name for name, values in indexes.items() if values is not None]
    if len(known) == 2:
        note = "Patterns and positions are paired by their order, as asked, and not by their indexes."
    elif wanted.pair is not None:
        raise ValueError(
            f"--pair {wanted.pair} chooses where there are more frames than positions, or fewer. Received: "
            f"{recording.patterns.shape[0]} of each. Leave it out, or say --late for frames that come late."
        )
    elif not known:
        return recording
    else:
        (other,) = set(indexes) - set(known)
        note = f"Patterns and positions are paired by their order: the {known[0]} have indexes, and the {other} none."
    return dataclasses.replace(recording, notes=(*recording.notes, note))


def _by_index(recording: Recording, wanted: Preparation) -> bool:
    """Tell whether indexes pair frames and positions: where the file has both, unless the user says otherwise."""
    if wanted.pair == "by-index" and recording.position_indexes is None:
        raise ValueError(
            f"--pair by-index needs a file that says which frame each position belongs to. Received: "
            f"{recording.name}, which does not. Say --pair first or --pair last."
        )
    known = recording.frame_indexes is not None and recording.position_indexes is not None
    return wanted.pair == "by-index" or (known and wanted.pair is None)


def _paired_by_index(recording: Recording) -> Recording:
    """Return a recording with the positions whose index a frame has, and their frames in the same order."""
    frames, positions = recording.patterns.shape[0], len(np.asarray(recording.positions))
    wanted, said = np.asarray(recording.position_indexes), "by index"
    indexes = recording.frame_indexes
    if indexes is None:
        indexes, said = np.arange(frames), "by index, frames counted from 0"
    if len(indexes) != frames or len(wanted) != positions:
        raise ValueError(
            f"{recording.name} must hold one index a pattern and one a position. Received: {len(indexes)} indexes of "
            f"{frames} patterns, {len(wanted)} of {positions} positions. Save it again, or say --pair first."
        )
    order = np.argsort(indexes, kind="stable")
    rows = order[np.minimum(np.searchsorted(indexes[order], wanted), frames - 1)]
    kept = np.flatnonzero(indexes[rows] == wanted)
    if not len(kept):
        raise ValueError(
            f"{recording.name} must hold positions of its patterns. Received: no index that both hold. "
            "Give the two files of one scan, or say --pair first."
        )
    left_out = positions - len(kept), frames - len(np.unique(rows[kept]))
    note = f"Patterns and positions are paired {said}: {len(kept)} pairs"
    if any(left_out):
        note += f"; {left_out[0]} positions and {left_out[1]} patterns have no partner, and are left out"
    if len(kept) == positions == frames and np.array_equal(rows, np.arange(frames)):
        return dataclasses.replace(recording, notes=(*recording.notes, note + "."))
    return _some(recording, rows[kept], kept, note + ".")


def delayed(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording whose frames go with the positions that were recorded so many frames before them."""
    if not wanted.late:
        return recording
    count = recording.patterns.shape[0]
    if abs(wanted.late) >= count:
        raise ValueError(
            f"late must be less than the {count} patterns of {recording.name}. Received: late={wanted.late} frames. "
            "Give a few frames."
        )
    frames, positions = pairs_late(count, wanted.late)
    note = f"Patterns go with the positions of {wanted.late} frames before, as asked; {abs(wanted.late)} are left out."
    return _some(recording, frames, positions, note)


def pairs_late(count: int, late: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which frames, and which positions, of a count of each are pairs if frames come so many late."""
    kept = count - abs(late)
    return _run(count, kept, first=late < 0), _run(count, kept, first=late > 0)


def without_lost_positions(recording: Recording) -> Recording:
    """Return a recording without the frames whose position is not a number, which are named."""
    known = np.isfinite(np.asarray(recording.positions)).all(axis=1)
    if known.all() or not known.any():  # none at all: refused where positions are checked
        return recording
    lost = np.flatnonzero(~known)
    note = f"Left out: {named(lost)}, whose position is NaN or infinite."
    return without(recording, lost, note)


def without(recording: Recording, lost: np.ndarray, note: str) -> Recording:
    """Return a recording without some of its frames `(pattern,)` and their positions, and a note that says so."""
    kept = np.setdiff1d(np.arange(recording.patterns.shape[0]), lost)
    return _some(recording, kept, kept, note)


def bursts_summed(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording whose frames, where several follow one another at one position, are added up to one.

    Amplitudes cannot be added: their squares are (see `Summed`).
    """
    positions = np.asarray(recording.positions)
    moved = np.any(np.diff(positions, axis=0) != 0, axis=1)
    firsts = np.flatnonzero(np.concatenate([[True], moved]))
    if len(firsts) == len(positions) or len(firsts) < 2 or wanted.bursts == "keep":
        return recording
    lengths = np.diff(np.append(firsts, len(positions)))
    often = f"{lengths.max()}" if lengths.min() == lengths.max() else f"up to {lengths.max()}"
    note = (
        f"Frames at one position, {often} each, are added up: {len(positions)} frames become {len(firsts)} patterns; "
        "--bursts keep overrides."
    )
    flux = None if recording.flux is None else np.add.reduceat(np.asarray(recording.flux, float), firsts)
    return dataclasses.replace(
        recording, patterns=Summed(recording.patterns, firsts, recording.measurement == "amplitude"),
        positions=positions[firsts], flux=flux, notes=(*recording.notes, note),
    )  # fmt: skip


def named(frames: np.ndarray) -> str:
    """Return numbers of patterns in words, a few of them where there are many."""
    few = ", ".join(map(str, frames[:6]))
    if len(frames) == 1:
        return f"pattern {few}"
    return f"{len(frames)} patterns ({few}{', ...' if len(frames) > 6 else ''})"


def _run(whole: int, count: int, first: bool) -> np.ndarray:
    """Return the first, or the last, `count` of a whole."""
    return np.arange(count) if first else np.arange(whole - count, whole)


def _some(recording: Recording, frames: np.ndarray, positions: np.ndarray, note: str) -> Recording:
    flux = None if recording.flux is None else np.asarray(recording.flux)[positions]
    return dataclasses.replace(
        recording, patterns=Selection(recording.patterns, frames), positions=np.asarray(recording.positions)[positions],
        flux=flux, frame_indexes=None, position_indexes=None, notes=(*recording.notes, note),
    )  # fmt: skip
