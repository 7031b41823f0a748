"""Enough? What a scan will resolve as it is, and with more photons, told before a long run by few of its patterns.

The patterns around the middle are reconstructed as the whole scan would be, in few passes; then again, and from either
half of their photons, with the probe that they found: the whole scan knows it better than few patterns do, and far
better than halves of them. At their edge patterns have fewer neighbours than in the scan, and of a dense scan
everywhere: what they resolve is brought to the light that the whole scan sends there (see `forecast`).
`benchmarks/enough.py` compares with what whole scans then resolve.
"""

import dataclasses

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.engine.order import middle_of
from ptychopinn.evaluation.error_bars import with_error_bars
from ptychopinn.evaluation.forecast import DOSES, Forecast, forecast
from ptychopinn.evaluation.foretold import Foretold
from ptychopinn.evaluation.region import Box
from ptychopinn.evaluation.registration.fine import crop
from ptychopinn.evaluation.resolution import resolution
from ptychopinn.reconstruction.dose import cover_of
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.reconstruct import reconstruct

PATTERNS, PASSES = 100, 60
"""Patterns around the middle, and passes over them, at most."""


def enough(scan: Scan, params: ReconstructionParams | None = None, doses: tuple[float, ...] = DOSES) -> Foretold:
    """Foretell resolution and error of a scan, by few patterns around its middle.

    Args:
        scan: Scan, of counts.
        params: ReconstructionParams that the whole scan would be reconstructed with.
        doses: tuple of floats. Times the photons of the scan that are foretold, too. Defaults to twice, and four times.

    Returns:
        Foretold.

    Raises:
        ValueError: of amplitudes, or where these patterns light less than 16 x 16 pixels well.
    """
    if scan.measurement != "counts":
        raise ValueError(
            f"A forecast deals out photons, and needs counts. Received: forecast of {scan.name}, of amplitudes. "
            "Leave it out, or give --measurement counts if they are."
        )
    params, part = dataclasses.replace(params or ReconstructionParams(), passes=PASSES), middle_of(scan.lit(), PATTERNS)
    if params.refine_probe:
        part = dataclasses.replace(part, probe_guess=np.asarray(reconstruct(part, params=params).probe))
    known = dataclasses.replace(params, refine_probe=False, focus=None, opr=0, resolution=True)
    found = reconstruct(part, params=known)
    judged = resolution(found)
    now = dose_of_whole(scan, part, judged.region)
    doses = (1.0, *doses)
    foretold = forecast(judged, tuple(now * dose for dose in doses))
    if not foretold:
        return Foretold(len(part), (), None, scan.pixel_size_m)
    bars, as_it_is = crop(np.asarray(with_error_bars(found).uncertainty), judged.region), foretold[0].error
    error = as_it_is * float(np.sqrt(np.mean(bars[np.isfinite(bars)] ** 2)))
    forecasts = (Forecast(dose, one.frc50, one.error / as_it_is) for dose, one in zip(doses, foretold))
    return Foretold(len(part), tuple(forecasts), error, scan.pixel_size_m)


def dose_of_whole(scan: Scan, part: Scan, region: Box) -> float:
    """Return how much more light all patterns of a scan send to a region than some of them do: 1 or more.

    Args:
        scan, part: Scan.
        region: `(top, bottom, left, right)`, in pixels of the canvas of the part.
    """
    low, high = part.positions.min(axis=0) - scan.size, part.positions.max(axis=0) + scan.size
    near = scan.subset(np.flatnonzero(((scan.positions >= low) & (scan.positions <= high)).all(axis=1)))
    (ours, origin), (all_of_it, there) = (cover_of(one, scan.probe) for one in (part, near))
    shift = np.repeat(np.subtract(origin, there), 2)
    lit, whole = crop(ours, region), crop(all_of_it, tuple(np.add(region, shift)))
    return float(whole.mean() / lit.mean())
