"""Values that stand for no data: the top of an integer type, -1, NaN, and the value that a full pixel stops at."""

import dataclasses

import numpy as np

from ptychopinn.preparation.sample import Sample

OFTEN = 0.01
"""A pixel without data in more than this part of the frames has none in all."""

TIES = 3
"""A largest value that is met so often is none that light happened to reach."""

BRIGHT = 64
"""Quanta below which the largest values of photon counts are often equal."""

NEAR, OFTEN_FULL, FAR_MORE = 0.9, 20, 4
"""Part of the value that pixels stop at from which others are near it; how often it is met, and over each of those."""

SPREAD = 0.2
"""Negative values in more than this part of the pixels are noise about a subtracted background."""


@dataclasses.dataclass(frozen=True)
class Sentinels:
    """What stands for no data.

    Args:
        sample: Sample without it.
        bad: bool array `(y, x)`: pixels that hold it often, or always.
        ceiling: float. Values from here up are none; None where there is no such value.
        negative: bool. Whether negative values are no data, and not noise about a subtracted background.
        notes: what was found, in sentences.
    """

    sample: Sample
    bad: np.ndarray
    ceiling: float | None
    negative: bool
    notes: tuple[str, ...]


def without_sentinels(sample: Sample, known_bad: np.ndarray | None = None) -> Sentinels:
    """Find values that stand for no data: at the top of the values, below zero, and what is no number.

    A largest value is one if it is met several times, and nothing lies between its half and itself; it is where pixels
    are full if it is met often, and far more often than any value a little below it.
    """
    notes, ceiling = [], None
    missing = np.isnan(sample.values)
    if known_bad is not None:
        missing &= ~known_bad
    if missing.any():
        notes.append(_said("NaN or infinity", missing))
    bad = missing.mean(axis=0) > OFTEN
    for _ in range(4):
        value = _sentinel(sample)
        if value is None:
            break
        here = sample.stored >= value
        bad |= here.mean(axis=0) > OFTEN
        notes.append(_said(f"{value:.10g}", here))
        ceiling, sample = value, sample.without(here)
    full = _full(sample)
    if full is not None:
        here = sample.values >= full
        notes.append(
            f"Pixels are full at {full:.6g}: they are left out of the frames where they reach it "
            f"({int(here.any(axis=0).sum())} pixels in the frames that were looked at); --faults keep overrides."
        )
        ceiling, sample = full, sample.without(here)
    negative, below = _negative(sample)
    if below is not None and negative:
        bad |= below.mean(axis=0) > OFTEN
        notes.append(_said("a negative value", below))
        sample = sample.without(below)
    elif below is not None:
        notes.append(
            "Negative values are noise about a background that was subtracted: values within twice the noise are read "
            "as 0 (no light)."
        )
    return Sentinels(sample, bad, ceiling, negative, tuple(notes))


def _sentinel(sample: Sample) -> float | None:
    """Return the largest value, if it stands for no data; None if light may have reached it."""
    top, often = _top(sample)
    if top is None or often > 0.5:
        return None
    values = sample.values
    kind = sample.stored.dtype
    if kind.kind in "iu" and kind.itemsize > 1 and top >= np.iinfo(kind).max:
        return top
    between = np.count_nonzero((values > top / 2) & (sample.stored < top))
    met = often * values.size
    return top if met >= TIES and not between and top >= BRIGHT * sample.quantum else None


def _full(sample: Sample) -> float | None:
    """Return the value that pixels stop at when they are full; None where light did not reach that far."""
    top, often = _top(sample)
    if top is None or often > 0.5:
        return None
    near = sample.values[(sample.values >= NEAR * top) & (sample.stored < top)]
    each = len(near) / max(len(np.unique(near)), 1)
    room, met = (1 - NEAR) * top > sample.quantum, often * sample.values.size
    return top if room and met >= OFTEN_FULL and met > FAR_MORE * each else None


def _top(sample: Sample) -> tuple[float | None, float]:
    """Return the largest value, exactly as it is stored, and in which part of all values it is met."""
    known = np.isfinite(sample.values)
    if not known.any():
        return None, 0.0
    stored = sample.stored[known]
    top = stored.max()
    return (float(top), float(np.count_nonzero(stored == top) / sample.values.size)) if top > 0 else (None, 0.0)


def _negative(sample: Sample) -> tuple[bool, np.ndarray | None]:
    """Tell whether negative values are no data, and where they are; None where there is none."""
    below = sample.values < 0
    if not below.any():
        return True, None
    pixels = below.any(axis=0)
    few = len(np.unique(sample.values[below])) <= TIES
    always = np.median(below.mean(axis=0)[pixels]) > 0.5
    return bool(few and (always or pixels.mean() < SPREAD)), below


def _said(what: str, here: np.ndarray) -> str:
    pixels = np.asarray(here.any(axis=0))
    often = np.asarray(here.mean(axis=0) > OFTEN)
    if often.any():
        return f"No data in {places(often)}, with {what}: masked; --faults keep overrides."
    return f"No data where {what} stands, in single frames of {places(pixels)}: left out there."


def places(pixels: np.ndarray) -> str:
    """Say how many pixels of a bool array `(y, x)` there are, and where a few of them lie."""
    where = np.argwhere(pixels)
    few = ", ".join(f"({y}, {x})" for y, x in where[:4])
    if len(where) == 1:
        return f"1 pixel {few}"
    return f"{len(where)} pixels ({few}{', ...' if len(where) > 4 else ''})"
