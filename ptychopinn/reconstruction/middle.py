"""The middle of a scan: a few passes over it, from a flat object, tell what is one number."""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from ptychopinn.data.scan import Scan
from ptychopinn.engine.engine import Engine, Moves
from ptychopinn.engine.order import middle_of
from ptychopinn.engine.passes import go_for_trial
from ptychopinn.engine.photons import Photons
from ptychopinn.physics.optics import Optics
from ptychopinn.reconstruction.refinement import SEED, estimate_of, in_photons
from ptychopinn.reconstruction.starts import flat

MOST, FINE = 5, 3
"""Doublings of a step on the way to where a function is least, at most, and steps of Brent's method after that."""


class Middle:
    """Make passes over the patterns around the middle of a scan.

    Args:
        scan: Scan.
        probe: complex array `(mode, y, x)`.
        optics: Optics of the flat object that they start from.
        most: int. Patterns, at most.
        batch_size: int. Patterns at a time, at most. Defaults to what suits the device.
    """

    def __init__(self, scan: Scan, probe: np.ndarray, optics: Optics, most: int, batch_size: int | None = None) -> None:
        part, unit = in_photons(middle_of(scan, most))
        begun = dataclasses.replace(flat(part, probe), optics=optics)
        self._start, self._cover = estimate_of(begun, part, unit * probe)
        self._photons = Photons(part, self.probe, batch_size, SEED, optics.zero_first)

    @property
    def probe(self) -> np.ndarray:
        """The probe, as bright as the photons of the scan ask for: complex array `(mode, y, x)`."""
        return self._start.probe

    def judged(self, probe: np.ndarray, optics: Optics, passes: int, moves_probe: bool = False) -> np.ndarray:
        """Return the deviances `(pattern,)` of photons held out after the best of so many passes.

        Raises:
            KeyboardInterrupt: if one ended them.
        """
        start = dataclasses.replace(self._start, probe=probe)
        engine = Engine(start, self._photons, self._cover, Moves(probe=moves_probe), optics)
        engine.rest(go_for_trial(engine, passes, SEED).kept)
        return engine.judge()


def least(misfit: Callable[[float], float], step: float) -> float:
    """Return where a function is least: from 0 on downhill, in steps that double, and between the last of them.

    What is less than half a step from 0 is 0: passes mend it soon.
    """
    low, best = 0.0, min((0.0, step, -step), key=misfit)
    if best == 0:
        return best
    for _ in range(MOST):
        high = 2 * best
        if misfit(high) >= misfit(best):
            break
        low, best = best, high
    else:
        return best
    found = minimize_scalar(misfit, bracket=(low, best, high), method="brent", options={"maxiter": FINE})
    return float(found.x)
