"""Positions out of a `Store`: finite, and laid as `(pattern, coordinate)` however the file has them."""

import numpy as np

from ptychopinn.formats.stores.store import Store
from ptychopinn.printable import printable

MOST_COORDINATES = 1 << 24
"""Numbers that positions may have."""


def coordinates(store: Store, path: str) -> np.ndarray:
    """Read one coordinate of all positions: finite float64 `(pattern,)`, of any shape in the file."""
    return _finite(store.array(path, most=MOST_COORDINATES).reshape(-1).astype(np.float64), store.name, path)


def points(store: Store, path: str, patterns: int | None = None) -> np.ndarray:
    """Read points, finite float64 `(pattern, coordinate)`, stored so or as `(coordinate, pattern)`.

    Args:
        store: Store.
        path: str.
        patterns: int. How many are expected: it tells which way an array of few points lies.
    """
    values = store.array(path, most=MOST_COORDINATES).astype(np.float64)
    if values.ndim == 3 and values.shape[-1] in (2, 3):
        values = values.reshape(-1, values.shape[-1])
    if values.ndim == 2 and _is_wide(values.shape, patterns):
        values = values.T
    if values.ndim != 2 or values.shape[1] not in (2, 3) or not len(values):
        raise ValueError(
            f"{store.name} must hold positions (pattern, 2) as {printable(path)}. Received: shape={values.shape}. "
            "Save one pair a pattern."
        )
    return _finite(values, store.name, path)


def _is_wide(shape: tuple[int, ...], patterns: int | None) -> bool:
    """Tell whether an array lies as `(coordinate, pattern)`; where both ways could be, as many patterns as expected."""
    rows, columns = shape
    if rows not in (2, 3):
        return False
    return columns not in (2, 3) or (columns == patterns != rows)


def _finite(values: np.ndarray, name: str, path: str) -> np.ndarray:
    if not np.isfinite(values).all():
        raise ValueError(
            f"{name} must hold finite positions as {printable(path)}. "
            f"Received: {int((~np.isfinite(values)).sum())} of {values.size} are NaN or infinite. "
            "Leave those patterns out."
        )
    return values
