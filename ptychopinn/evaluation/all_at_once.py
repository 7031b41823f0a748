"""All that may be is allowed for at once: of few patterns first, then of more with what these found something of."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from ptychopinn.evaluation.experiment_trials import Belief, Trials
from ptychopinn.evaluation.physics_sizes import found_in
from ptychopinn.evaluation.tried import Tried
from ptychopinn.reconstruction.modes import in_order, powers
from ptychopinn.reconstruction.params import ReconstructionParams

LITTLE_LIGHT = 0.01
"""Part of the light below which a mode is next to nothing."""


def begun_with_all(trials: Trials, together: Mapping[str, Any], note: Callable[[Tried], object]) -> Belief:
    """Make passes with many things at once, and again without those that next to nothing is found of.

    Modes are left out last: passes that have some to spare find positions the better. Where a probe varies, passes that
    begin once are far from the end.

    Args:
        trials: Trials.
        together: from the names of options to the values that are allowed for.
        note: called with each thing that is left out.
    """
    params = dataclasses.replace(trials.params, **together)
    for some in (trials.of_few(), trials):
        belief = some.begin(params)
        for name, found in found_in(belief.estimate, some.told).items():
            plain = getattr(trials.params, name)
            if getattr(params, name) != plain and found.is_little:
                note(Tried(name, together[name], found=found.words))
                params = dataclasses.replace(params, **{name: plain})
    fewest = trials.params.modes or 1
    params = _without_dark_modes(params, belief, fewest, note)
    if params.opr:
        belief = trials.begin_again(belief, params)
        params = _without_dark_modes(params, belief, fewest, note)
    return belief if params == belief.params else trials.go_on(belief, params)


def _without_dark_modes(
    params: ReconstructionParams, belief: Belief, fewest: int, note: Callable[[Tried], object]
) -> ReconstructionParams:
    """Return options without the weakest modes, those that next to no light is in."""
    lights = powers(in_order(belief.estimate.probe))
    while len(lights) > fewest and lights[-1] < LITTLE_LIGHT:
        note(Tried("modes", len(lights), found=f"{lights.pop():.1%} of the light is in it"))
        params = dataclasses.replace(params, modes=len(lights))
    return params
