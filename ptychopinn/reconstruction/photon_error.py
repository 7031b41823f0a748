r"""The error that the photons leave: what they know of each pixel of an object, by the curvature of their likelihood.

A change $\delta$ of a pixel changes the waves of all patterns that lit it by $\sum_j |P_j|^2 |\delta|^2$ photons, their
dose $d$; half of it is along the waves' phases, where counts tell it. So the likelihood falls as $e^{-d |\delta|^2}$,
and the standard error of the complex pixel is $1 / \sqrt d$: of an object without a prior, known probe and positions.
"""

import dataclasses

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.physics.ramp import NO_PHASE
from ptychopinn.reconstruction.dose import cover_of, dose_of


def with_photon_error(reconstruction: Reconstruction, scan: Scan) -> Reconstruction:
    """Return a reconstruction with the standard errors that the dose of each pixel leaves; none for amplitudes.

    Args:
        reconstruction: Reconstruction, with its probe, that passes over the scan refined.
        scan: Scan.
    """
    if scan.measurement != "counts":
        return dataclasses.replace(reconstruction, uncertainty=None)
    probe = np.asarray(reconstruction.probe)
    cover, _ = cover_of(scan, probe)
    error = error_of_dose(cover, probe)
    with np.errstate(divide="ignore"):
        along = error / np.sqrt(2)
        phase = np.minimum(along / np.abs(reconstruction.object), NO_PHASE)
    return dataclasses.replace(
        reconstruction, uncertainty=error, amplitude_uncertainty=along, phase_uncertainty=phase.astype(np.float32),
        record={**reconstruction.record, "uncertainty": "dose"},
    )  # fmt: skip


def error_of_dose(cover: np.ndarray, probe: np.ndarray) -> np.ndarray:
    """Return the standard errors `(y, x)` that the dose of each pixel leaves, infinite in the dark; see `dose_of`."""
    with np.errstate(divide="ignore"):
        return 1 / np.sqrt(dose_of(cover, probe))
