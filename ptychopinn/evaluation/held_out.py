"""The photons that passes did not see, dealt out again by their seed: what judged a reconstruction, in NumPy."""

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.data.thinning import HOLDOUT, thin
from ptychopinn.engine.order import evenly, judges_of
from ptychopinn.evaluation.against_patterns import experiment_of, where_found
from ptychopinn.physics.deviance import poisson_deviance


def held_out_deviance(reconstruction: Reconstruction, scan: Scan, seed: int = 0) -> float | None:
    """Return the Poisson deviance, per photon, of the photons that passes over the scan held out.

    It is the figure by which passes chose what they kept. Nothing is fitted to it: the brightness of the probe counts.

    Args:
        reconstruction: Reconstruction, with origin and probe, of these patterns.
        scan: Scan, at the positions that it was read with.
        seed: int. By which photons were dealt out. Defaults to that of `refine`.

    Returns:
        float; None of amplitudes, which have no photons to hold out.
    """
    if scan.measurement != "counts":
        return None
    at_found = where_found(scan, reconstruction)
    experiment = experiment_of(reconstruction, np.asarray(reconstruction.probe), at_found)
    detector, judging, deviance = experiment.detector(), judges_of(evenly(scan.positions)), 0.0
    for pattern in judging:
        _, held_out = thin(scan.amplitudes(np.array([pattern]))[0], HOLDOUT, (seed, int(pattern)))
        expected = detector.expected(experiment.light(at_found.positions, np.array([pattern])))[0]
        good = held_out >= 0
        deviance += poisson_deviance(expected, np.square(np.maximum(held_out, 0)))[good].sum(dtype=np.float64)
    return float(deviance / len(judging) / scan.mean_photons)
