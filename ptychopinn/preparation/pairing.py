"""Frames and positions: which belong together, where there are more of either, or several frames at one place."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.data.selection import Selection
from ptychopinn.preparation.bursts import Summed
from ptychopinn.preparation.params import Preparation


def paired(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording with one position a frame: those that the user says, where there are more of either.

    Raises:
        ValueError: if the file holds no positions, or another number of them than of frames, and nothing is said.
    """
    frames, positions = recording.patterns.shape[0], recording.positions
    if positions is None:
        raise ValueError(
            f"{recording.name} must hold positions of its {frames} patterns. Received: none. "
            "Give them by --positions-from, a file of columns x and y, or FILE:/path of an array (y, x)."
        )
    count = len(positions)
    if frames == count:
        return recording
    fewer = min(frames, count)
    if wanted.pair is None or not fewer:
        raise ValueError(
            f"{recording.name} must hold one position (y, x) per pattern. Received: {frames} patterns, "
            f"{count} positions. Write only the pairs that were measured, or say --pair first or --pair last."
        )
    if wanted.pair == "by-index":
        raise ValueError(
            f"--pair by-index needs a file that says which frame each position belongs to. Received: "
            f"{recording.name}, which does not. Say --pair first or --pair last."
        )
    first = wanted.pair == "first"
    note = f"Of {frames} patterns and {count} positions, the {wanted.pair} {fewer} of each are paired, as asked."
    return _some(recording, _run(frames, fewer, first), _run(count, fewer, first), note)


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
    flux = recording.flux
    if flux is not None and len(flux) == recording.patterns.shape[0]:
        flux = np.asarray(flux)[frames]
    return dataclasses.replace(
        recording, patterns=Selection(recording.patterns, frames), positions=np.asarray(recording.positions)[positions],
        flux=flux, notes=(*recording.notes, note),
    )  # fmt: skip
