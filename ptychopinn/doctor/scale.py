"""The angle and the factor that positions are wrong by, told from a probe that is wrong: each can explain the other."""

import dataclasses

import numpy as np

from ptychopinn.doctor.search import LONG, confirmed, downhill, misses_less, stretches, turns
from ptychopinn.physics.numpy_physics import near_field
from ptychopinn.physics.probes import mean_square_frequency
from ptychopinn.preparation.trials.comparing import is_clear
from ptychopinn.preparation.trials.passes import Outcome, all_tried, tried
from ptychopinn.preparation.trials.place import Place

WORSE = 0.15
"""Part of what neighbours leave unexplained, that a probe must miss more than a refined one to be worth a word."""

DEFOCUS_RAD = (-4.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 4.0)
"""How far a probe is propagated, as the phase that it turns at the rms of its frequencies."""


@dataclasses.dataclass(frozen=True, eq=False)
class Scaled:
    """What trials say of angle and factor.

    Args:
        believed: Outcome.
        doubted: Outcome with a factor that predicts better, but not clearly better than a probe brought into focus.
    """

    believed: Outcome
    doubted: Outcome | None = None


def corrected(place: Place, told: Outcome, counted: bool, known: bool) -> Scaled:
    """Return an outcome with the angle, and the factor, that surely are better than its own; see `confirmed`.

    Each is believed by itself, after passes that mend the probe as well: a wrong factor makes up for a wrong defocus.
    Where the probe is not known, a small factor is not believed at all.
    """
    turned = downhill(place, told, turns)
    best = turned if confirmed(place, told, turned, counted) else told
    return stretched(place, best, counted) if known else Scaled(best)


def stretched(place: Place, told: Outcome, counted: bool) -> Scaled:
    """Return an outcome with the factor that surely is better, also than a probe that is only brought into focus."""
    after = confirmed(place, told, downhill(place, told, stretches), counted)
    found = stretched_with_probe(place, told) if after is None else downhill(place, after, stretches, LONG, first=1)
    if found is told:
        return Scaled(told)
    if misses_less(place, found, in_focus(place, told), counted):
        return Scaled(found)
    return Scaled(told, doubted=found)


def stretched_with_probe(place: Place, told: Outcome) -> Outcome:
    """Return an outcome with the factor that is clearly better once passes have mended a probe that is far off.

    So it is where the pixel of the object is another than the file says: its probe is as wrong as its positions are.
    """
    neighbours = place.by_neighbours()
    before = tried(place, told.hypothesis, LONG)
    if not is_far_off(place, before):
        return told
    after = downhill(place, before, stretches, LONG)
    return after if is_clear(after.misfits, before.misfits, neighbours) else told


def is_far_off(place: Place, refined: Outcome) -> bool:
    """Tell whether the probe of a place explains clearly less than the one that passes refined."""
    believed = tried(place, dataclasses.replace(refined.hypothesis, probe_moves=False), LONG)
    return is_clear(refined.misfits, believed.misfits, place.by_neighbours(), WORSE)


def in_focus(place: Place, told: Outcome) -> Outcome:
    """Return an outcome with the probe propagated to where passes, which mend it besides, predict best."""
    turned = np.pi * mean_square_frequency(place.probe)
    probes = [near_field(place.probe, phase / turned).astype(np.complex64) for phase in DEFOCUS_RAD]
    places = [dataclasses.replace(place, probe=probe) for probe in probes]
    return min(all_tried(((one, told.hypothesis) for one in places), LONG), key=lambda one: one.misfit)
