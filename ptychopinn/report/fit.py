"""How well an object explains the patterns that it was made from, and which of them it explains worst."""

import dataclasses

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.against_patterns import Residual, predict, residual

AT_MOST = 2000
"""Patterns that are compared: more would cost more than they would tell."""

WORST = 4
"""Patterns that are shown."""


@dataclasses.dataclass(frozen=True)
class Fit:
    """Patterns of a scan beside those that an object and a probe predict.

    Args:
        residual: Residual of the compared patterns.
        compared: int array `(pattern,)`: their indices in the scan; `total` could have been compared.
        positions: float array `(pattern, 2)`: their positions, pixels.
        worst: int array: the worst of them, as places in `compared`, worst first.
        measured, predicted: float arrays `(worst, y, x)`: photons; NaN where the detector has no data.
        total: int.
    """

    residual: Residual
    compared: np.ndarray
    positions: np.ndarray
    worst: np.ndarray
    measured: np.ndarray
    predicted: np.ndarray
    total: int


def fit(reconstruction: Reconstruction, scan: Scan, indices: np.ndarray | None = None, at_most: int = AT_MOST) -> Fit:
    """Compare an object with at most so many patterns of a scan, evenly drawn.

    Args:
        reconstruction: Reconstruction, with origin and probe.
        scan: Scan.
        indices: int array `(pattern,)`, rising: the patterns to draw from, of which the reconstruction is. Defaults to
            all.
        at_most: int. Defaults to 2000.

    Returns:
        Fit.
    """
    indices = np.arange(len(scan)) if indices is None else indices
    drawn = np.linspace(0, len(indices) - 1, min(at_most, len(indices))).round().astype(int)
    compared = indices[drawn]
    some = scan.subset(compared)
    probe = np.asarray(reconstruction.probe)
    reconstruction = reconstruction.of_patterns(drawn)
    left = residual(reconstruction, probe, some)
    worst = np.argsort(left.by_pattern)[::-1][:WORST]
    measured = some.amplitudes(worst)
    return Fit(
        residual=left,
        compared=compared,
        positions=some.positions,
        worst=worst,
        measured=np.where(measured < 0, np.nan, np.square(measured)),
        predicted=predict(reconstruction, probe, some, worst, left.scale),
        total=len(indices),
    )
