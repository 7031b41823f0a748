"""Dose: how many photons fell on the pixels of an object, and whether a scan tells little of it."""

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.engine.order import are_apart, middle_of
from ptychopinn.engine.slow_phase import COVERED
from ptychopinn.physics.numpy_physics import nearest_corners
from ptychopinn.reconstruction.stitching import canvas_of

SCARCE = 1.0
"""Photons of the middling pixel, of those that are lit, below which they are scarce."""

PATTERNS = 256
"""Around the middle, that tell how many there are."""


def cover_of(scan: Scan, probe: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Add up the light of the probe, 1 where it is brightest, at the positions: float32 `(y, x)`, and its origin."""
    light = np.sum(np.abs(probe) ** 2, axis=0)
    light = (light / light.max()).astype(np.float32)
    origin, shape = canvas_of(scan.positions, scan.size)
    cover = np.zeros(shape, np.float32)
    for row, column in nearest_corners(scan.positions - origin, scan.size)[0]:
        cover[row : row + scan.size, column : column + scan.size] += light
    return cover, (int(origin[0]), int(origin[1]))


def dose_of(cover: np.ndarray, probe: np.ndarray) -> np.ndarray:
    """Return the photons that fell on the pixels of an object; `cover` is 1 where a pattern was brightest."""
    return (cover * np.sum(np.abs(probe) ** 2, axis=0).max()).astype(np.float32)


def little_told(scan: Scan, probe: np.ndarray) -> str:
    """Return why a scan tells so little that a network knows more than passes do; empty where it tells enough.

    Args:
        scan: Scan.
        probe: complex array `(mode, y, x)`: of counts, as bright as the scan.
    """
    if are_apart(scan.positions, probe):
        return "Patterns hardly overlap"
    if scan.measurement == "counts" and middling_dose(scan, probe) < SCARCE:
        return f"Most pixels received less than {SCARCE:g} photon"
    return ""


def middling_dose(scan: Scan, probe: np.ndarray) -> float:
    """Return the photons of the middling pixel of an object, of those that are lit, where a scan has its middle."""
    cover, _ = cover_of(middle_of(scan, PATTERNS), probe)
    return float(np.median(dose_of(cover[cover > COVERED * cover.max()], probe)))
