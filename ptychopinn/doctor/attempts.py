"""Attempts: a scan as it is read, without stray light, and with a probe made anew, until one tells something."""

import dataclasses
from typing import Any

from ptychopinn.data.scan import Scan
from ptychopinn.doctor.experiment import background, of_experiment
from ptychopinn.doctor.findings import CLEAR, UNTOLD, Finding
from ptychopinn.doctor.geometry import Geometry, geometry_of
from ptychopinn.doctor.reading import Reading
from ptychopinn.doctor.stray import Stray, stray_of, without_stray
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.trials.orientation import orientation_of

FEWEST_PATTERNS = 16
"""Patterns below which nothing is tried."""

AXES = ("orient", "sign", "swap_xy")
"""Options of axes alone: with any other, a scan may tell nothing as it is read for another reason than stray light."""

LEAST_OVERLAP, FEWEST_PHOTONS = 0.5, 1000
"""Mean overlap of neighbours, of the probe's diameter, and photons of a pattern: with less, trials may tell nothing."""


@dataclasses.dataclass(frozen=True)
class Attempt:
    """What was tried, and what it says.

    Args:
        preparation: Preparation that the scan was read by.
        geometry: Geometry.
        findings: list of Finding that the preparation corrects, or that say why nothing is told.
        besides: list of Finding, whose options are those of a reconstruction.
    """

    preparation: Preparation
    geometry: Geometry = dataclasses.field(default_factory=Geometry)
    findings: tuple[Finding, ...] = ()
    besides: tuple[Finding, ...] = ()


def attempted(reading: Reading, figures: dict[str, Any]) -> Attempt:
    """Try the geometry of a scan as it is read, else without stray light, else with a probe made of the patterns.

    Args:
        reading: Reading.
        figures: dict of the scan's `measures`.
    """
    scan = reading.scan
    if scan.fresnel_number is not None:
        return _untold(reading, "Trials know the far field; of the near one reconstruct --auto tries the distance.")
    if len(scan) < FEWEST_PATTERNS:
        return _untold(reading, _nothing_told(f"{len(scan)} patterns are too few to try anything"))
    attempt = _with_its_probe(reading, stray_of(scan, figures))
    if attempt is None and not scan.probe_made:
        attempt = _with_another_probe(reading)
    return attempt or _untold(reading, _nothing_told(_why_nothing(scan, figures)))


def _with_its_probe(reading: Reading, stray: Stray | None) -> Attempt | None:
    """Try a scan with the probe it has, without stray light where that keeps its orientation from being told."""
    scan, without = reading.scan, None
    found = orientation_of(scan)
    if found.best is None and stray is not None:
        without = _without_light(reading, stray)
        if without is not None and set(without.geometry.changes) <= set(AXES):
            return without
    geometry = geometry_of(scan, reading, found)
    if geometry.best is None:
        return without
    return Attempt(reading.preparation, geometry, besides=tuple(of_experiment(geometry, scan, stray)))


def _without_light(reading: Reading, stray: Stray) -> Attempt | None:
    """Try a scan without light that all pixels count besides."""
    scan = without_stray(reading.scan, stray.level)
    found = orientation_of(scan)
    if found.best is None:
        return None
    return Attempt(reading.preparation, geometry_of(scan, reading, found), besides=(background(stray),))


def _with_another_probe(reading: Reading) -> Attempt | None:
    """Try a scan with a probe that is made of its patterns: nothing is told with that of the file."""
    made = reading.with_made_probe()
    found = orientation_of(made.scan)
    if found.best is None:
        return None
    words = "The probe of the file explains patterns clearly worse than one that is made of them."
    finding = Finding("probe", words, CLEAR, {"make_probe": True})
    return Attempt(made.preparation, geometry_of(made.scan, made, found), (finding,))


def _untold(reading: Reading, words: str) -> Attempt:
    return Attempt(reading.preparation, findings=(Finding("geometry", words, UNTOLD),))


def _nothing_told(why: str) -> str:
    return f"Orientation and scale are not told: {why}."


def _why_nothing(scan: Scan, figures: dict[str, Any]) -> str:
    """Say what may keep trials from telling anything."""
    why = "no trial predicts patterns better than their neighbours do"
    if figures["overlap_mean"] is not None and figures["overlap_mean"] < LEAST_OVERLAP:
        overlap = f"they overlap by {figures['overlap_mean']:.0%} of the probe's diameter alone"
        return f"{why}: {overlap}, or are not of a far field"
    if scan.mean_photons < FEWEST_PHOTONS:
        return f"{why}: there are {scan.mean_photons:.0f} photons a pattern alone"
    probe = "" if scan.probe_made else "the probe of the file is wrong, "
    return f"{why}: {probe}the object is too weak, or they are not of a far field, or more is wrong than was tried"
