"""Which axis of an array counts the patterns: the first, or the last, as older files have it."""

import typing

import numpy as np

from ptychopinn.data.checks import REAL

SLICES = 16
"""Slices of a cube that tell its axes apart."""


def pattern_axis_is_last(array: typing.Any, positions: int, first_is_usual: bool = True) -> bool:
    """Tell whether patterns lie as `(y, x, pattern)`: there is a position for each, and frames are mostly square.

    Args:
        array: array-like of three axes, read by slices where its shape does not tell.
        positions: int. How many there are.
        first_is_usual: bool. What is believed where nothing else tells.
    """
    shape = tuple(array.shape)
    if is_cube(shape):
        return light_tells(array)
    if len(shape) != 3 or shape[2] != positions:
        return False
    if shape[0] != positions:
        return True
    square_if_last, square_if_first = shape[0] == shape[1], shape[1] == shape[2]
    return not first_is_usual if square_if_last == square_if_first else square_if_last


def is_cube(shape: tuple[int, ...]) -> bool:
    """Tell whether there are as many patterns as pixels a side."""
    return len(shape) == 3 and len(set(shape)) == 1


def cube_axis(array: typing.Any, last: bool) -> str | None:
    """Return which axis of a cube was taken to count the patterns, `"first"` or `"last"`; None of other arrays."""
    if not is_cube(tuple(array.shape)):
        return None
    return "last" if last else "first"


def light_tells(array: typing.Any) -> bool:
    """Tell whether the last axis of a cube counts the patterns.

    From pattern to pattern the light varies little, and from row to row, or column to column, much.
    """
    if array.dtype.kind not in REAL:
        return False
    some = np.asarray(array[:: max(1, array.shape[0] // SLICES)]).astype(np.float64)
    light = np.maximum(np.nan_to_num(some, posinf=0.0, neginf=0.0), 0)
    return bool(_spread(light.sum(axis=(0, 1))) < _spread(light.sum(axis=(1, 2))))


def _spread(light: np.ndarray) -> float:
    return float(light.std() / max(light.mean(), 1e-300))
