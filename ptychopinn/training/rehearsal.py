"""Rehearsal: drawn scans in place of those that a model was trained on, so that others do not make it forget them."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from keras import ops

from ptychopinn.data.grouping import spacing
from ptychopinn.data.scan import Scan
from ptychopinn.model import PtychoModel
from ptychopinn.simulation.objects import OBJECTS, transmission
from ptychopinn.simulation.positions import jittered_raster
from ptychopinn.simulation.scans import simulate

KINDS = ("lines", "dead_leaves", "grf", "points")
"""Drawings that each object is put together of, one a quarter."""

FEWEST_ALONG = 8
"""Positions along a side of a drawn scan, at least."""

JITTER = 0.25
"""Largest displacement of a position, in steps."""


def rehearsals(model: PtychoModel, scans: Sequence[Scan], seed: int = 0) -> list[Scan]:
    """Draw a scan for each one that a model was trained on: through its probe, as bright as it was.

    All of them together have about as many patterns as the new scans, as far from one another.

    Args:
        model: PtychoModel, which keeps the probe of each scan that it was trained on. Networks that see an estimate see
            no probe: theirs are those of the new scans.
        scans: list of Scan: the new ones.
        seed: int. Of drawings, positions and photons.

    Returns:
        list of Scan.

    Raises:
        ValueError: if the new patterns are of another size than the probes that were kept.
    """
    size, step = scans[0].size, spacing(scans[0].positions)
    beams = [(scan.probe, scan.mean_photons) for scan in scans] if sees_no_probe(model) else beams_of(model, size)
    along = max(FEWEST_ALONG, round(math.sqrt(sum(map(len, scans)) / len(beams))))
    side = size + math.ceil((along - 1 + 2 * JITTER) * step)
    found = []
    for number, (probe, photons) in enumerate(beams):
        positions = jittered_raster((side, side), size, step, JITTER, seed + number)
        scan = simulate(drawn(side, seed + number), probe, positions, photons, seed + number)
        found.append(dataclasses.replace(scan, name=f"rehearsal {number + 1}"))
    return found


def sees_no_probe(model: PtychoModel) -> bool:
    """Tell whether the networks of a model see an estimate, whatever probe it was made with."""
    return model.params.input == "estimate"


def beams_of(model: PtychoModel, size: int) -> list[tuple[np.ndarray, float]]:
    """Return the probe `(mode, y, x)` of each scan that a model was trained on, and the photons of a pattern."""
    if size != model.params.size:
        raise ValueError(
            f"Rehearsal takes the probes that a bundle was trained with, of {model.params.size} x {model.params.size} "
            f"pixels. Received: patterns of {size} x {size} pixels. Leave --rehearse out."
        )
    photons = ops.convert_to_numpy(model.diffraction.mean_photons).astype(float)
    return [(model.diffraction.probe_for(mean, index), mean) for index, mean in enumerate(photons)]


def drawn(side: int, seed: int) -> np.ndarray:
    """Draw a transmission `(y, x)`, complex64, of four kinds of drawings, one a quarter."""
    half = math.ceil(side / 2)
    one, other, third, fourth = (transmission(OBJECTS[kind](half, seed)) for kind in KINDS)
    return np.block([[one, other], [third, fourth]])[:side, :side]
