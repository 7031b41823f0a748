"""Evaluate reconstructions by all there is: the truth or another reconstruction, and the measured patterns."""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.against_patterns import Residual, residual, where_found
from ptychopinn.evaluation.against_truth import Score, score
from ptychopinn.evaluation.region import SMALLEST, Box, intersect, well_lit
from ptychopinn.printable import printable

ALIKE = 1e-3
"""Part by which Fresnel numbers may differ."""


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """What is known of how good a reconstruction is.

    Args:
        name: str. The reconstruction.
        score: Score. Against the truth, where there is one.
        residual: Residual. Against the patterns, where there are some and the reconstruction says where it lies.
        said: dict of what the reconstruction says of itself, see `said_by`.
    """

    name: str
    score: Score | None = None
    residual: Residual | None = None
    said: Mapping[str, float] = dataclasses.field(default_factory=dict)

    @property
    def figures(self) -> dict[str, float]:
        """All figures: dict from name to float."""
        figures = {} if self.score is None else dict(self.score.figures)
        if self.residual is not None:
            figures |= {name: getattr(self.residual, name) for name in ("r_factor", "deviance_per_photon")}
            if self.residual.noise_deviance:
                figures["deviance_over_noise"] = self.residual.deviance_per_photon / self.residual.noise_deviance
        return {**figures, **self.said}


def evaluate_one(
    reconstruction: Reconstruction,
    truth: Reconstruction | None = None,
    scan: Scan | None = None,
    region: str | Box = "auto",
    low_pass_px: float | None = None,
    name: str | None = None,
) -> Evaluation:
    """Evaluate one reconstruction; see `score` and `residual`.

    Returns:
        Evaluation.

    Raises:
        ValueError: where reconstruction and truth, or reconstruction and scan, do not belong together.
    """
    _check_read_alike(reconstruction, scan)
    found = None if truth is None else score(_on(scan, reconstruction), _on(scan, truth), region, low_pass_px)
    name = printable(name or reconstruction.name)
    return Evaluation(name, found, _residual(reconstruction, scan), said_by(reconstruction))


def said_by(reconstruction: Reconstruction) -> dict[str, float]:
    """Return what a reconstruction says of itself where it was well lit: medians of its maps, those that it has.

    Returns:
        dict of `error_bar`, of the complex object, and `local_resolution_px`, the full period of its finest detail.
    """
    maps = {"error_bar": reconstruction.uncertainty, "local_resolution_px": reconstruction.local_resolution}
    lit, said = well_lit(reconstruction), {}
    for name, values in maps.items():
        known = np.array([]) if values is None else np.asarray(values)[lit]
        if np.isfinite(known).any():
            said[name] = float(np.median(known[np.isfinite(known)]))
    return said


def evaluate_together(
    reconstructions: Mapping[str, Reconstruction],
    truth: Reconstruction,
    scan: Scan | None = None,
    region: str | Box = "auto",
    low_pass_px: float | None = None,
) -> list[Evaluation]:
    """Evaluate several reconstructions of one scan on the pixels that all of them share.

    Args:
        reconstructions: dict from name to Reconstruction.
        truth: Reconstruction: the truth, or the reconstruction that the others are compared with.
        scan, region, low_pass_px: as in `evaluate_one`.

    Returns:
        list of Evaluation.
    """
    alone = [
        evaluate_one(reconstruction, truth, scan, region, low_pass_px, name)
        for name, reconstruction in reconstructions.items()
    ]
    boxes = {one.score.region for one in alone if one.score is not None}
    if len(boxes) == 1:
        return alone
    box = intersect(*boxes)
    if box is None:
        raise ValueError(
            f"The reconstructions must share {SMALLEST} x {SMALLEST} pixels with {truth.name}. "
            f"Received: no overlap between {', '.join(reconstructions)}. Compare them one by one."
        )
    scores = [
        score(_on(scan, reconstruction), _on(scan, truth), box, low_pass_px)
        for reconstruction in reconstructions.values()
    ]
    return [dataclasses.replace(one, score=found) for one, found in zip(alone, scores)]


def _on(scan: Scan | None, reconstruction: Reconstruction) -> Reconstruction:
    """Give a reconstruction that says where it lies the positions of the scan."""
    if scan is None or reconstruction.origin is None:
        return reconstruction
    return dataclasses.replace(reconstruction, positions=scan.positions)


def _residual(reconstruction: Reconstruction, scan: Scan | None) -> Residual | None:
    if scan is None or reconstruction.origin is None:
        return None
    probe = scan.probe if reconstruction.probe is None else reconstruction.probe
    return residual(reconstruction, probe, where_found(scan, reconstruction))


def _check_read_alike(reconstruction: Reconstruction, scan: Scan | None) -> None:
    """Raise ValueError where a reconstruction is of patterns of another size, or field, than those it is judged by."""
    if scan is None or reconstruction.origin is None:
        return
    probe, number = reconstruction.probe, reconstruction.fresnel_number
    if number is not None and not math.isclose(number, scan.fresnel_number or 0.0, rel_tol=ALIKE):
        raise ValueError(
            f"{reconstruction.name} is of the near field, of Fresnel number {number:.4g}. Received: {scan.name}, with "
            f"fresnel_number={scan.fresnel_number}. Give the options, like --propagation near, that it was "
            "reconstructed with."
        )
    if probe is not None and probe.shape[1:] != (scan.size, scan.size):
        raise ValueError(
            f"The probe of {reconstruction.name} must have the size of the patterns of {scan.name}, "
            f"{scan.size} pixels. Received: probe.shape={probe.shape}. Give the options, like --pad, that it was "
            "reconstructed with; or is it of another scan?"
        )
