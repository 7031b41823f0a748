"""How far a detector in the near field is: the distance at which passes predict photons held out best."""

import functools

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.engine.pace import better
from ptychopinn.physics.optics import optics_at
from ptychopinn.reconstruction.middle import Middle, least

PATTERNS, PASSES = 64, 30
"""Patterns of the middle of the scan, at most, and passes over them for each distance that is tried."""

STEP = 0.05
"""Part of the distance by which the first that are tried are nearer and farther."""

SURE = 6.0
"""Standard errors by which another distance must predict better: behind a smooth beam wrong ones do by up to five."""


def told_fresnel_number(scan: Scan, batch_size: int | None = None) -> float:
    """Return the Fresnel number of a pixel at which few passes predict a scan of the near field best.

    A rough beam that is known tells it. Behind a smooth one an object can be found for any distance: nothing is told.

    Args:
        scan: Scan of the near field, whose probe is not made of its patterns: that one fits any distance.
        batch_size: int. Patterns at a time, at most. Defaults to what suits the device.

    Returns:
        float. The scan's own, where no other is surely better.
    """
    assert scan.fresnel_number is not None
    told = 1 / scan.fresnel_number
    middle = Middle(scan, scan.probe, scan.optics, PATTERNS, batch_size)

    @functools.cache
    def deviances(farther: float) -> np.ndarray:
        there = optics_at(1 / (told * float(np.exp(farther))))
        return middle.judged(middle.probe, there, PASSES, moves_probe=True)

    best = least(lambda one: float(deviances(one).mean()), STEP)
    if not better(deviances(best), deviances(0.0), SURE):
        return scan.fresnel_number
    return float(f"{scan.fresnel_number * np.exp(-best):.4g}")
