"""How far the slices of a thick object are apart, where nothing says it: what explains some patterns best."""

import dataclasses

import numpy as np
from scipy.optimize import minimize_scalar

from ptychopinn.data.scan import Scan
from ptychopinn.physics.optics import Optics
from ptychopinn.reconstruction.middle import Middle

PATTERNS, PASSES = 80, 8
"""Patterns of the middle of the scan, at most, and passes over them for each spacing that is tried."""

LEAST, TRIED, CLOSE = 0.5, 12, 0.1
"""Shortest spacing that is tried, a Fresnel distance in pixels; how many are, at most; octaves that are near enough."""


def with_spacing(optics: Optics, probe: np.ndarray, scan: Scan, batch_size: int | None = None) -> Optics:
    """Return optics of slices with the spacing with which a few passes predict some patterns best.

    The probe stands still: one that moves makes up for a spacing that is wrong by half.

    Args:
        optics: Optics, of two slices or more.
        probe: complex array `(mode, y, x)`.
        scan: Scan.
        batch_size: int. Patterns at a time, at most. Defaults to what suits the device.
    """
    middle = Middle(scan, probe, optics, PATTERNS, batch_size)

    def misfit(octave: float) -> float:
        there = dataclasses.replace(optics, spacing=2.0**octave)
        return float(middle.judged(middle.probe, there, PASSES).mean())

    bounds = np.log2([LEAST, scan.size])
    found = minimize_scalar(misfit, bounds=bounds, method="bounded", options={"maxiter": TRIED, "xatol": CLOSE})
    return dataclasses.replace(optics, spacing=round(float(2.0**found.x), 3))
