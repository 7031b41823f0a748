"""Cubes: which axis counts the patterns, where there are as many as pixels a side."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.preparation.params import Preparation


def along_axis(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording whose patterns are counted by the axis that the user says, else by that which was told.

    Raises:
        ValueError: if an axis is said of an array whose shape tells it.
    """
    told, asked = recording.cube_axis, wanted.pattern_axis
    if told is None:
        if asked is not None:
            raise ValueError(
                f"pattern_axis is for as many patterns as pixels a side: the shape tells which axis of "
                f"{recording.name} counts them. Received: pattern_axis={asked}. Leave it out."
            )
        return recording
    if asked is None:
        note = (
            f"There are as many patterns as pixels a side: the {told} axis is taken to count them, along which the "
            "light varies least; --pattern-axis overrides."
        )
        return dataclasses.replace(recording, notes=(*recording.notes, note))
    note = f"Patterns are counted by the {asked} axis, as asked."
    patterns = recording.patterns if asked == told else _by_other_axis(np.asarray(recording.patterns[:]), told)
    return dataclasses.replace(recording, patterns=patterns, cube_axis=asked, notes=(*recording.notes, note))


def _by_other_axis(patterns: np.ndarray, told: str) -> np.ndarray:
    """Return patterns `(pattern, y, x)` as the other end of the stored array counts them, not that which was told."""
    turned = np.moveaxis(patterns, 0, -1) if told == "last" else np.moveaxis(patterns, -1, 0)
    return np.ascontiguousarray(turned)
