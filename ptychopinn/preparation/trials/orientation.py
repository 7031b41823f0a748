"""Which of eight orientations of the detector against the scan it is, by trials."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.preparation.orientation import FLIPS
from ptychopinn.preparation.trials.comparing import explained, is_clear, predicts
from ptychopinn.preparation.trials.hypothesis import SAME, TWINS, Hypothesis, as_matrix, axes_of
from ptychopinn.preparation.trials.passes import Outcome, all_tried
from ptychopinn.preparation.trials.place import FEW, MANY, Place, place_of


@dataclasses.dataclass(frozen=True, eq=False)
class Oriented:
    """What trials of the orientations say.

    Args:
        place: Place.
        neighbours: float array `(judge,)`: what the mean pattern misses.
        outcomes: list of Outcome: of all that were tried, the best first.
        best: Outcome: of what predicts best, as recorded if that is as good; None where it is not told.
        equal: hypotheses that predict as well.
    """

    place: Place
    neighbours: np.ndarray
    outcomes: list[Outcome]
    best: Outcome | None = None
    equal: tuple[Hypothesis, ...] = ()


def told_orientation(scan: Scan) -> tuple[str, str]:
    """Return how patterns must be turned to agree with the positions, one of `FLIPS`, and what is said of it."""
    found = orientation_of(scan, FEW)
    if found.best is None and len(scan) > FEW:
        found = orientation_of(scan, MANY)
    if found.best is None:
        return "identity", (
            "Patterns are read as they are stored: trials of their eight orientations tell nothing (too few photons, "
            "too little overlap, too weak an object, or more that is wrong); --orient overrides."
        )
    best, ways = found.best.hypothesis, [found.best.hypothesis, *found.equal]
    orientation = orientation_like(best)
    twin = next(one for one in pair_of(best) if one != orientation)
    which = f" as well as {twin}," if any(orientation_like(one) == twin for one in ways) else ""
    done = "are read as they are stored" if orientation == "identity" else f"are turned by {orientation}"
    return orientation, (
        f"Patterns {done}:{which} it predicts {explained(found.best, found.neighbours):.0%} of what neighbours do not, "
        "more than other orientations do; --orient overrides."
    )


def orientation_of(scan: Scan, count: int = FEW) -> Oriented:
    """Try the eight orientations on a place of so many patterns.

    Turned by 180 degrees, patterns are those of the conjugate object and probe (the twin): only a probe that is known
    tells them apart. Patterns that are turned are those of a scan that is turned: only a probe that is known, and not
    symmetric, tells which of both was.
    """
    known = not scan.probe_made
    place = place_of(scan, count)
    found = Oriented(place, place.by_neighbours(), _sorted(all_tried((place, Hypothesis(one)) for one in FLIPS)))
    twins = _clear_pair(found)
    if twins is None and known:  # of a scan that is mirrored, a probe that is not symmetric agrees with none
        others = all_tried((place, of_scan(one)) for one in FLIPS if one != "identity")
        found = dataclasses.replace(found, outcomes=_sorted([*found.outcomes, *others]))
        twins = _clear_pair(found)
    return found if twins is None else _with_equals(found, twins, known)


def of_scan(orientation: str) -> Hypothesis:
    """Return the hypothesis that the scan is turned, where patterns that are turned so would agree with it as well."""
    return Hypothesis(matrix=as_matrix(axes_of(orientation)))


def orientation_like(hypothesis: Hypothesis) -> str:
    """Return the orientation of patterns that is as good as a hypothesis of orientation or of axes."""
    if hypothesis.matrix == SAME:
        return hypothesis.orientation
    return next(one for one in FLIPS if of_scan(one).matrix == hypothesis.matrix)


def pair_of(hypothesis: Hypothesis) -> tuple[str, str]:
    """Return the two orientations, twins, that are as good as a hypothesis but for the probe."""
    return next(pair for pair in TWINS if orientation_like(hypothesis) in pair)


def _sorted(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda one: one.misfit)


def _clear_pair(found: Oriented) -> tuple[str, str] | None:
    """Return the pair of twins that predicts more than neighbours do, and clearly more than all others; else None."""
    best = found.outcomes[0]
    twins = pair_of(best.hypothesis)
    rival = next(one for one in found.outcomes if pair_of(one.hypothesis) != twins)
    clear = predicts(best, found.neighbours) and is_clear(best.misfits, rival.misfits, found.neighbours)
    return twins if clear else None


def _with_equals(found: Oriented, twins: tuple[str, str], known: bool) -> Oriented:
    """Return which of two orientations it is, or which axes of the scan, and what predicts as well."""
    ways = [one for one in found.outcomes if pair_of(one.hypothesis) == twins]
    tried_before = [one.hypothesis for one in ways]
    missing = [of_scan(one) for one in twins if of_scan(one) not in tried_before]
    ways = _sorted([*ways, *all_tried((found.place, one) for one in missing)])
    best = ways[0]
    equal = [one for one in ways if not (known and is_clear(best.misfits, one.misfits, found.neighbours))]
    preferred = next((one for one in equal if one.hypothesis == Hypothesis()), best)
    others = tuple(one.hypothesis for one in equal if one is not preferred)
    return dataclasses.replace(found, best=preferred, equal=others)
