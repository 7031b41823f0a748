"""Geometry: what trials say of orientation, angle, factor and delay, as findings with their options."""

import dataclasses
from typing import Any

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.doctor.corrections import STRAIGHT, TRUE, angle_of, corrections, factor_of, product
from ptychopinn.doctor.findings import AMBIGUOUS, CLEAR, SAID, Finding, in_words
from ptychopinn.doctor.reading import Reading
from ptychopinn.doctor.scale import corrected
from ptychopinn.doctor.search import (
    LONG,
    delayed,
    downhill,
    from_afar,
    is_shift,
    lateness,
    mapped,
    stretches,
)
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.trials.comparing import explained
from ptychopinn.preparation.trials.hypothesis import SAME, Hypothesis, Matrix, as_matrix, axes_of
from ptychopinn.preparation.trials.orientation import Oriented, orientation_like, orientation_of
from ptychopinn.preparation.trials.passes import Outcome, tried
from ptychopinn.preparation.trials.place import FEW, MANY, Place

SHIFTED = "Whether frames are late is not told: along the lines of a raster, a delay moves all positions alike."


@dataclasses.dataclass(frozen=True, eq=False)
class Geometry:
    """What trials say of a scan.

    Args:
        findings: list of Finding.
        changes: dict of the options of the preparation that correct it.
        place: Place that trials were made at.
        best: Outcome of the best hypothesis; None where nothing is told.
    """

    findings: tuple[Finding, ...] = ()
    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    place: Place | None = None
    best: Outcome | None = None


def geometry_of(scan: Scan, reading: Reading, found: Oriented) -> Geometry:
    """Try delays, angles and factors of a scan, whose orientations were tried.

    Args:
        scan: Scan that was read, or made of it.
        reading: Reading that it is of.
        found: Oriented.
    """
    counted, wanted, before = scan.measurement == "counts", reading.preparation, SAME
    late = lateness(scan, found.best, counted)
    if late:
        scan = delayed(scan, late)
        found = orientation_of(scan)
    if found.best is None:
        before = from_afar(scan, found.place) or SAME
        found = orientation_of(mapped(scan, before), FEW if before != SAME else MANY)
    if found.best is None:
        return Geometry(place=found.place)
    scaled = corrected(found.place, found.best, counted, known=not scan.probe_made)
    best, doubted = scaled.believed, scaled.doubted
    if reading.of_any_scale or abs(factor_of(before) - 1) >= TRUE:
        wide = 0 if reading.of_any_scale else 1
        best = downhill(found.place, tried(found.place, best.hypothesis, LONG), stretches, LONG, first=wide)
        doubted = None
    whole = dataclasses.replace(best.hypothesis, matrix=product(best.hypothesis.matrix, before), late=late)
    axes = found.best.hypothesis
    ways = [like(whole, axes, one) for one in (axes, *found.equal)]
    simplest = min(ways, key=lambda one: len(dataclasses.replace(wanted, **corrections(wanted, one)).said()))
    ways = [simplest, *(one for one in ways if one is not simplest)]
    changes = corrections(wanted, simplest)
    twin = len({orientation_like(one) for one in (axes, *found.equal)}) > 1
    findings = [*_parts(simplest, changes), *_of_axes(ways, wanted, explained(best, found.neighbours), twin)]
    if doubted is not None:
        findings.append(_doubted(wanted, doubted, before))
    if not late and is_shift(found.place):
        findings.append(Finding("late", SHIFTED, AMBIGUOUS, equal=({"late": 1}, {"late": -1})))
    return Geometry(tuple(findings), changes, found.place, best)


def like(whole: Hypothesis, axes: Hypothesis, other: Hypothesis) -> Hypothesis:
    """Return a hypothesis whose axes are others that are as good: patterns turned instead of positions, or the twin.

    Args:
        whole: Hypothesis, of axes, and of an angle and a factor besides.
        axes: Hypothesis of its axes alone.
        other: Hypothesis of the other axes.
    """
    first, then = (axes_of(orientation_like(one)) for one in (axes, other))
    of_scan = then @ np.linalg.inv(first) @ axes_of(whole.orientation) @ np.array(whole.matrix)
    matrix = np.linalg.inv(axes_of(other.orientation)) @ of_scan
    return dataclasses.replace(whole, orientation=other.orientation, matrix=as_matrix(matrix))


def _parts(whole: Hypothesis, changes: dict[str, Any]) -> list[Finding]:
    """Say which delay, angle and factor were found, each with the option that corrects it."""
    findings = []
    if whole.late:
        words = f"Patterns come {whole.late} frames after the positions that the file pairs them with."
        findings.append(Finding("late", words, CLEAR, {"late": changes["late"]}))
    angle, factor = angle_of(whole.matrix), factor_of(whole.matrix)
    if abs(angle) >= STRAIGHT:
        words = f"Positions are turned against the patterns: {angle:.1f} degrees, from y towards x, mend it."
        findings.append(Finding("rotation", words, CLEAR, _some(changes, "rotate_scan", "affine")))
    if abs(factor - 1) >= TRUE:
        words = (
            f"Positions are too {'near to' if factor > 1 else 'far from'} one another, by a factor of "
            f"{max(factor, 1 / factor):.3g}: the distance, the energy, or a pixel is not what the file says."
        )
        findings.append(Finding("scale", words, CLEAR, _some(changes, "affine", "pixel_size")))
    return findings


def _doubted(wanted: Preparation, doubted: Outcome, before: Matrix) -> Finding:
    """Say which factor cannot be told from a probe out of focus."""
    matrix = product(doubted.hypothesis.matrix, before)
    options = _some(corrections(wanted, dataclasses.replace(doubted.hypothesis, matrix=matrix)), "affine", "pixel_size")
    words = (
        f"Positions {factor_of(matrix):.3g} times as far apart explain the patterns better, but so may a probe that is "
        f"out of focus: which of both it is is not told. {in_words(options)} is for the first."
    )
    return Finding("scale", words, AMBIGUOUS, equal=(options,))


def _of_axes(ways: list[Hypothesis], wanted: Preparation, part: float, twin: bool) -> list[Finding]:
    """Say which orientation, or which axes of the scan, it is, and what is as good: the first of ways, and others."""
    names = ("orient", "sign", "swap_xy")
    options, *as_good = [_some(corrections(wanted, one), *names) for one in ways]
    if not options:
        words = f"Orientation and axes are as they should be: they predict {part:.0%} of what neighbours do not."
        findings = [Finding("orientation", words, SAID)]
    else:
        same = "".join(f", as well as {in_words(one)}" for one in as_good)
        words = (
            f"Patterns are turned or mirrored against the positions: {in_words(options)} predicts {part:.0%} of what "
            f"neighbours do not{same}."
        )
        findings = [Finding("orientation", words, CLEAR, options, tuple(as_good))]
    if twin:
        words = (
            "Object and probe cannot be told from their conjugates turned by 180 degrees (the twin): no probe is known "
            "that is not symmetric."
        )
        findings.append(Finding("twin", words, AMBIGUOUS, equal=tuple(as_good)))
    return findings


def _some(changes: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: changes[name] for name in names if name in changes}
