"""What a good fit of some patterns tells besides of the experiment: stray light, the beam, the probe."""

import dataclasses

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.doctor.findings import SAID, Finding
from ptychopinn.doctor.geometry import Geometry
from ptychopinn.doctor.scale import is_far_off
from ptychopinn.doctor.search import LESS, LONG
from ptychopinn.doctor.stray import Stray
from ptychopinn.preparation.trials.comparing import leaves_less
from ptychopinn.preparation.trials.passes import Outcome, tried
from ptychopinn.preparation.trials.place import Place, misfit

UNSTEADY = 0.12
"""Spread of the beam's brightness from which on it is worth finding."""


def of_experiment(geometry: Geometry, scan: Scan, stray: Stray | None) -> list[Finding]:
    """Say what else keeps patterns from being predicted, with the options of a reconstruction that allow for it.

    Args:
        geometry: Geometry, of which something is told.
        scan: Scan.
        stray: Stray: what pixels may count besides.
    """
    assert geometry.best is not None and geometry.place is not None
    place, counted = geometry.place, scan.measurement == "counts"
    hypothesis = dataclasses.replace(geometry.best.hypothesis, late=0)
    long = tried(place, hypothesis, LONG)
    without = stray is not None and _is_better_without(place, long, stray.level, counted)
    findings = [background(stray)] if stray is not None and without else _brightness(long)
    if not scan.probe_made and is_far_off(place, long):
        words = "The probe of the file explains patterns clearly worse than one that passes refine."
        findings.append(Finding("probe", words, SAID))
    return findings


def _is_better_without(place: Place, without: Outcome, level: float, counted: bool) -> bool:
    """Tell whether patterns less what pixels may count besides are explained better, with that added again."""
    good = place.amplitudes >= 0
    less = np.sqrt(np.maximum(np.square(place.amplitudes) - np.float32(level), 0))
    less = np.where(good, less, place.amplitudes)
    fitted = tried(dataclasses.replace(place, amplitudes=less), without.hypothesis, LONG)
    predicted = np.sqrt(fitted.predicted**2 + level)
    allowed = dataclasses.replace(without, predicted=predicted, misfits=misfit(predicted, without.measured))
    return leaves_less(allowed, without, counted, LESS)


def background(stray: Stray) -> Finding:
    """Say how much light pixels count besides."""
    words = f"Pixels count some {stray.level:.2g} photons besides the object's light, {stray.part:.0%} of all."
    return Finding("background", words, SAID, {"background": "find"})


def _brightness(outcome: Outcome) -> list[Finding]:
    """Say whether the beam was brighter in some patterns than in others."""
    good = outcome.measured >= 0
    data, model = (np.where(good, one, 0) for one in (outcome.measured, outcome.predicted))
    photons = np.square(data).sum(axis=(1, 2))
    ratio = photons / np.maximum(np.square(model).sum(axis=(1, 2)), 1e-12)
    spread = float(np.std(np.log(np.maximum(ratio, 1e-12))))
    if spread**2 < UNSTEADY**2 + 4 / photons.mean():
        return []
    words = f"The beam's brightness differs by {spread:.0%} from pattern to pattern, beyond what the object takes."
    return [Finding("brightness", words, SAID, {"flux": "find"})]
