"""The middle of a scan: a few passes over it, from a flat object, tell what is one number."""

import dataclasses

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.engine.engine import Engine, Moves
from ptychopinn.engine.order import around_the_middle
from ptychopinn.engine.passes import go_for_trial
from ptychopinn.engine.photons import Photons
from ptychopinn.physics.optics import Optics
from ptychopinn.reconstruction.refinement import SEED, estimate_of, in_photons
from ptychopinn.reconstruction.starts import flat


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


def middle_of(scan: Scan, most: int) -> Scan:
    """Return the scan of the patterns nearest to the middle one, so many at most."""
    return scan.subset(around_the_middle(scan.positions, most))
