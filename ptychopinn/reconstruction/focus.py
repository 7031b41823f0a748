r"""Focus a probe before passes move it: how far its guess is, along the beam, from where the scan was taken.

A defocus is how guesses of probes are mostly wrong, and what passes mend last: the object has made up for it by then,
and has to unlearn that. It is one number, and a few passes over a small part of the scan tell it.
"""

import functools

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.engine.pace import better
from ptychopinn.physics.numpy_physics import near_field
from ptychopinn.physics.optics import Optics
from ptychopinn.physics.probes import mean_square_frequency
from ptychopinn.reconstruction.middle import Middle, least

PATTERNS, PASSES, MOVING = 64, 4, 12
"""Patterns of the middle of the scan, at most; passes over them for each defocus that is tried, and those in which the
probe moves, with the best of them and with none: modes that are missed look like a defocus, and are none."""

STEP_RAD = 0.5
"""First defocus that is tried, as the phase that it turns at the rms of the probe's frequencies."""


def focused(probe: np.ndarray, scan: Scan, optics: Optics, batch_size: int | None = None) -> tuple[np.ndarray, float]:
    """Return a probe as it is where it explains the scan best along the beam, and how far it was propagated.

    Args:
        probe: complex array `(mode, y, x)`.
        scan: Scan.
        optics: Optics.
        batch_size: int. Patterns at a time, at most. Defaults to what suits the device.

    Returns:
        `(probe, distance)`: complex64 array `(mode, y, x)`, and wavelength times distance in squared pixels of the
        object (see `near_field`), 0 where passes that move the probe do no better from there by more than chance.
    """
    middle = Middle(scan, probe, scan.optics, PATTERNS, batch_size)

    @functools.cache
    def deviances(distance: float, moves: bool = False) -> np.ndarray:
        there = near_field(middle.probe, distance)
        return middle.judged(there, optics, MOVING if moves else PASSES, moves)

    best = least(lambda one: float(deviances(one).mean()), STEP_RAD / (np.pi * mean_square_frequency(probe)))
    if not best or not better(deviances(best, moves=True), deviances(0.0, moves=True)):
        return probe, 0.0
    return near_field(probe, best).astype(np.complex64), round(best, 3)
