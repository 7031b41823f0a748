"""From what trials found to the options of a preparation that correct it."""

from typing import Any

import numpy as np

from ptychopinn.preparation.orientation import FLIPS, oriented
from ptychopinn.preparation.params import METRES, SIGNS, Preparation
from ptychopinn.preparation.scan_positions import rotation, scan_matrix
from ptychopinn.preparation.trials.hypothesis import Hypothesis, Matrix, as_matrix

STRAIGHT, TRUE = 0.25, 0.005
"""Degrees, and a part of 1, below which positions are neither turned nor stretched."""


def corrections(wanted: Preparation, hypothesis: Hypothesis) -> dict[str, Any]:
    """Return the options that make a scan what a hypothesis says, where it was read by others: those that change.

    Args:
        wanted: Preparation that the scan was read by.
        hypothesis: Hypothesis about it.
    """
    matrix, found = np.array(hypothesis.matrix), dict[str, Any]()
    if wanted.pixel_size is not None and wanted.units in METRES:  # a factor of such positions is one of the pixel
        factor = factor_of(hypothesis.matrix)
        matrix, found = matrix / factor, {"pixel_size": float(f"{wanted.pixel_size / factor:.4g}")}
    matrix = matrix @ scan_matrix(wanted)
    found |= {
        "orient": composed(wanted.orient, hypothesis.orientation),
        "late": wanted.late + hypothesis.late,
        **_axes(matrix),
    }
    return {name: value for name, value in found.items() if value != getattr(wanted, name)}


def composed(first: str, then: str) -> str:
    """Return the orientation that does one after another."""
    probe = np.arange(64.0).reshape(8, 8)
    both = oriented(oriented(probe, first), then)
    return next(one for one in FLIPS if (oriented(probe, one) == both).all())


def factor_of(matrix: Matrix) -> float:
    """Return by how much a map of positions stretches them."""
    return float(np.sqrt(abs(np.linalg.det(np.array(matrix)))))


def angle_of(matrix: Matrix) -> float:
    """Return by how much a map of positions turns them besides exchanges and signs, degrees: -45 to 45."""
    return _nearest_axes(np.array(matrix))[2]


def product(then: Matrix, first: Matrix) -> Matrix:
    """Return the map that does one after another."""
    return as_matrix(np.array(then) @ np.array(first))


def _axes(matrix: np.ndarray) -> dict[str, Any]:
    """Return the options of a matrix of positions: sign, exchange, angle, and the map that is left."""
    sign, exchanged, angle = _nearest_axes(matrix)
    angle = round(angle, 1) if abs(angle) >= STRAIGHT else 0.0
    axes = scan_matrix(Preparation(sign=sign, swap_xy=exchanged))
    left = matrix @ np.linalg.inv(rotation(angle) @ axes)
    factor = float(np.sqrt(abs(np.linalg.det(left))))
    if np.abs(left / factor - np.eye(2)).max() < 2 * TRUE:
        left = np.eye(2) * (1.0 if abs(factor - 1) < TRUE else factor)
    affine = None if (left == np.eye(2)).all() else ",".join(f"{one:.4g}" for one in left.ravel())
    return {"sign": sign, "swap_xy": exchanged, "rotate_scan": angle, "affine": affine}


def _nearest_axes(matrix: np.ndarray) -> tuple[str, bool, float]:
    """Return the signs and the exchange after which a matrix turns least, and the angle by which it does."""
    found = []
    for sign in SIGNS:
        for exchanged in (False, True):
            left = matrix @ np.linalg.inv(scan_matrix(Preparation(sign=sign, swap_xy=exchanged)))
            if np.linalg.det(left) > 0:
                angle = float(np.degrees(np.arctan2(left[1, 0] - left[0, 1], left[0, 0] + left[1, 1])))
                found.append((abs(angle), sign, exchanged, angle))
    _, sign, exchanged, angle = min(found, key=lambda one: (round(one[0], 6), one[2], SIGNS.index(one[1])))
    return sign, exchanged, angle
