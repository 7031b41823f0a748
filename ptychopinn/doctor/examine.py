"""Examine a scan: read it, measure it, try what its file may have wrong, and say what corrects it."""

import dataclasses
import pathlib
from typing import Any

from ptychopinn.data.scan import Scan
from ptychopinn.doctor.experiment import background, of_experiment
from ptychopinn.doctor.findings import UNTOLD, Diagnosis, Finding
from ptychopinn.doctor.geometry import Geometry, geometry_of
from ptychopinn.doctor.measures import measures
from ptychopinn.doctor.reading import Reading, readable
from ptychopinn.doctor.stray import Stray, stray_of, without_stray
from ptychopinn.preparation.params import Preparation

FEWEST_PATTERNS = 16
"""Patterns below which nothing is tried."""

LEAST_OVERLAP, FEWEST_PHOTONS = 0.5, 1000
"""Mean overlap of neighbours, of the probe's diameter, and photons of a pattern: with less, trials may tell nothing."""


def examine(
    path: pathlib.Path | str, preparation: Preparation | None = None, trials: bool = True, **reading_as: str
) -> Diagnosis:
    """Say what a scan is, what is wrong with it, and which options correct it.

    Orientations, signs, exchange, angle, factor and delay of the positions are tried by a few passes over neighbouring
    patterns, and judged by patterns that took no part. No network is needed, and no backend.

    Args:
        path: of any scan that `read_scan` reads.
        preparation: Preparation: what is said of it. Defaults to what the file tells.
        trials: bool. Whether geometry is tried. Defaults to `True`; else figures alone are told.
        reading_as: `measurement` and `zero_frequency`, as of `read_scan`.

    Returns:
        Diagnosis.

    Raises:
        ValueError: where the file cannot be read, whatever the unit of its positions.
    """
    wanted = preparation or Preparation()
    if wanted.orient == "auto":
        wanted = dataclasses.replace(wanted, orient="identity")
    reading = readable(path, wanted, reading_as)
    figures = measures(reading.scan)
    geometry = _tried(reading.scan, reading.preparation, figures) if trials else Geometry()
    stray, more = stray_of(reading.scan, figures), list[Finding]()
    if geometry.best is not None:
        more = of_experiment(geometry, reading.scan, stray)
    elif stray is not None and geometry.place is not None:
        geometry, more = _without(stray, reading, geometry)
    besides: dict[str, Any] = {name: value for one in more for name, value in one.options.items()}
    corrected = dataclasses.replace(reading.preparation, **geometry.changes)
    findings = (*reading.findings, *geometry.findings, *more)
    return Diagnosis(str(path), reading.scan, figures, findings, corrected, besides)


def _without(stray: Stray, reading: Reading, untold: Geometry) -> tuple[Geometry, list[Finding]]:
    """Try again without light that all pixels count besides, where a scan tells nothing with it."""
    geometry = geometry_of(without_stray(reading.scan, stray.level), reading.preparation)
    return (untold, []) if geometry.best is None else (geometry, [background(stray)])


def _tried(scan: Scan, wanted: Preparation, figures: dict) -> Geometry:
    """Try the geometry of a scan, and say why where that tells nothing."""
    if scan.fresnel_number is not None:
        finding = Finding("geometry", "Nothing was tried: trials know the far field alone.", UNTOLD)
        return Geometry(findings=(finding,))
    if len(scan) < FEWEST_PATTERNS:
        geometry, why = Geometry(), f"{len(scan)} patterns are too few to try anything"
    else:
        geometry, why = geometry_of(scan, wanted), "no trial predicts patterns better than their neighbours do"
    if geometry.best is not None:
        return geometry
    if figures["overlap_mean"] is not None and figures["overlap_mean"] < LEAST_OVERLAP:
        why += f": they overlap by {figures['overlap_mean']:.0%} of the probe's diameter alone"
    elif scan.mean_photons < FEWEST_PHOTONS:
        why += f": there are {scan.mean_photons:.0f} photons a pattern alone"
    else:
        why += ": the object is too weak, or they are not of a far field, or more is wrong than was tried"
    finding = Finding("geometry", f"Orientation and scale are not told: {why}.", UNTOLD)
    return dataclasses.replace(geometry, findings=(finding,))
