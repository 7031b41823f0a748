"""How positions are turned and stretched against the patterns, and by how many frames they are late, by trials."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import Selection
from ptychopinn.preparation.orientation import FLIPS
from ptychopinn.preparation.pairing import pairs_late
from ptychopinn.preparation.trials.comparing import is_clear, leaves_less, predicts
from ptychopinn.preparation.trials.hypothesis import Hypothesis, Matrix
from ptychopinn.preparation.trials.orientation import of_scan
from ptychopinn.preparation.trials.passes import Effort, Outcome, all_tried, tried
from ptychopinn.preparation.trials.place import Place, place_of

Step: TypeAlias = tuple[float, float]
Steps: TypeAlias = Callable[[int], tuple[Step, Step]]

FEWEST = 28
"""Patterns of a trial that finds angles and factors from afar: the fewer, the smaller are the errors of positions."""

ANGLES = range(0, 360, 12)
FACTORS = (0.25, 0.33, 0.43, 0.56, 0.75, 1.3, 1.7, 2.3, 3.0, 4.0)
LATE = (-1, 1, -2, 2)
"""What is tried: degrees, factors of the positions, frames."""

ANGLE_STEPS, FACTOR_STEPS = (12.0, 4.0, 1.0), (1.25, 1.08, 1.02)
"""Steps on the way from a good hypothesis to the best."""

FARTHEST = 8
"""Steps of one length, at most."""

LESS = 0.67
"""Part of what is missed, the noise of photons left out, that another angle, factor or delay must leave to be found."""

STANDS_OUT = 0.8
"""Part of what another delay misses that one may miss, to be believed where nothing is told as recorded."""

ALIKE, NEARLY_ALL = 0.1, 0.9
"""Part of a step by which moves differ that are alike, and part of the positions."""

PROMISING = 0.9
"""The same, after which it is worth the longer passes."""

QUICK, SHORT, LONG = Effort(passes=8), Effort(), Effort(passes=30, batch=5, believed=0)
"""To look around; to compare; and after which a probe is not to blame for what a wrong angle or factor explains."""


def from_afar(scan: Scan, place: Place) -> Matrix | None:
    """Look for an angle, or a factor of the positions, where no orientation alone explains anything.

    Where the probe is not known, no factor is looked for: a probe made for it would explain a wrong one as well. Nor is
    a mirrored scan tried besides mirrored patterns: only a probe that is known tells them apart.

    Returns:
        the map of positions that surely predicts more than neighbours do, and more than the file; None if none does.
    """
    near = place_of(scan, FEWEST)
    mirrored = [Hypothesis("fliplr")] if scan.probe_made else [Hypothesis("fliplr"), of_scan("fliplr")]
    turned = [one.turned(float(angle)) for one in (Hypothesis(), *mirrored) for angle in ANGLES]
    found = _best(turned, near, place, turns)
    if found is None and not scan.probe_made:
        stretched = [Hypothesis(one).turned(0.0, factor) for one in FLIPS for factor in FACTORS]
        found = _best(stretched, near, place, stretches)
    return None if found is None else found.hypothesis.matrix


def _best(kind: Sequence[Hypothesis], near: Place, place: Place, finer: Steps) -> Outcome | None:
    """Return the best hypothesis of a kind, refined on all patterns of the place, if it surely predicts something."""
    neighbours = place.by_neighbours()
    promising = sorted(all_tried(((near, one) for one in kind), QUICK), key=lambda one: one.misfit)[:3]
    best = min(all_tried((place, one.hypothesis) for one in promising), key=lambda one: one.misfit)
    if best.misfit > neighbours.mean():
        return None
    best = downhill(place, best, finer)
    clear = predicts(best, neighbours) and is_clear(best.misfits, tried(place).misfits, neighbours)
    return best if clear else None


def turns(step: int) -> tuple[Step, Step]:
    """Return the two ways in which positions may be turned a little more, steps that are shorter with their number."""
    return (-ANGLE_STEPS[step], 1.0), (ANGLE_STEPS[step], 1.0)


def stretches(step: int) -> tuple[Step, Step]:
    """Return the two ways in which positions may be stretched a little more."""
    return (0.0, 1 / FACTOR_STEPS[step]), (0.0, FACTOR_STEPS[step])


def downhill(place: Place, outcome: Outcome, ways: Steps, effort: Effort = SHORT, first: int = 0) -> Outcome:
    """Return the best of what steps of a kind, one after another and ever shorter, lead to from an outcome.

    Args:
        place: Place.
        outcome: Outcome to begin with.
        ways: function from the number of a step to the two ways that it may go.
        effort: Effort of each trial.
        first: int. The step to begin with: where shorter trials have been there, long ones need no wide steps.
    """
    for turn, stretch in (way for step in range(first, len(ANGLE_STEPS)) for way in ways(step)):
        for _ in range(FARTHEST):
            further = tried(place, outcome.hypothesis.turned(turn, stretch), effort)
            if further.misfit >= outcome.misfit:
                break
            outcome = further
    return outcome


def confirmed(place: Place, told: Outcome, other: Outcome, counted: bool) -> Outcome | None:
    """Return what longer passes, which mend the probe as well, make of another angle or factor; None if not better."""
    if not leaves_less(other, told, counted, PROMISING):
        return None
    before, after = tried(place, told.hypothesis, LONG), tried(place, other.hypothesis, LONG)
    return after if misses_less(place, after, before, counted) else None


def misses_less(place: Place, one: Outcome, other: Outcome, counted: bool) -> bool:
    """Tell whether one outcome of a place is clearly better than another.

    It leaves much less of what is missed; or, where more is missed than geometry explains, much less of what neighbours
    miss.
    """
    return leaves_less(one, other, counted, LESS) or is_clear(one.misfits, other.misfits, place.by_neighbours())


def lateness(scan: Scan, told: Outcome | None, counted: bool) -> int:
    """Return by how many frames patterns surely come after their positions; 0 where nothing says so.

    Args:
        scan: Scan.
        told: Outcome: of the same place as recorded, where that predicts something.
        counted: bool. Whether patterns are counts of photons.
    """
    if told is not None:
        place = place_of(scan)
        if is_shift(place):
            return 0
        delays = all_tried((place, dataclasses.replace(told.hypothesis, late=frames)) for frames in LATE)
        best = min(delays, key=lambda one: one.misfit)
        return best.hypothesis.late if confirmed(place, told, best, counted) else 0
    places = {frames: place_of(delayed(scan, frames)) for frames in (0, *LATE)}
    outcomes = dict(zip(places, all_tried((place, Hypothesis()) for place in places.values())))
    missed = {frames: outcomes[frames].misfit / float(places[frames].by_neighbours().mean()) for frames in places}
    first, second = sorted(missed, key=lambda frames: missed[frames])[:2]
    stands_out = missed[first] <= STANDS_OUT * missed[second]
    return first if stands_out and predicts(outcomes[first], places[first].by_neighbours()) else 0


def is_shift(place: Place) -> bool:
    """Tell whether a delay of one frame moves nearly all positions of a place alike, as on the lines of a raster."""
    before, after = (place.positions[np.clip(place.frames - late, 0, len(place.positions) - 1)] for late in (0, 1))
    moved = after - before
    apart = np.linalg.norm(moved - np.median(moved, axis=0), axis=1)
    return bool(np.mean(apart < ALIKE * np.linalg.norm(np.median(moved, axis=0))) >= NEARLY_ALL)


def delayed(scan: Scan, late: int) -> Scan:
    """Return a scan whose patterns go with the positions that were recorded so many frames before them."""
    frames, positions = pairs_late(len(scan), late)
    patterns = Selection(scan.patterns, frames)
    return dataclasses.replace(scan, patterns=patterns, positions=scan.positions[positions], whole=None)


def mapped(scan: Scan, matrix: Matrix) -> Scan:
    """Return a scan with positions mapped about their middle."""
    middle = scan.positions.mean(axis=0)
    return scan.moved_to((scan.positions - middle) @ np.array(matrix).T + middle)
