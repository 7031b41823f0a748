"""The search for the physics of a scan: what each thing brings, and whether it is missed without it at the end.

What passes may cost is limited, so what usually brings most is tried first; what there was no room for is said.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ptychopinn.evaluation.experiment_trials import TRIAL, Belief, Trials
from ptychopinn.evaluation.tried import Tried, option
from ptychopinn.reconstruction.params import ReconstructionParams

SURE = 4.5
"""Standard errors by which photons held out must be predicted better."""

WORTH, WORTH_OF = 0.08, {"background": 0.2}
"""Part of what their noise leaves to explain that must be explained. Detail that passes have not come to looks like an
even background; of some photons a hundred pixels, which explain up to a tenth."""

DECISIVE = 0.5
"""Part of what noise leaves to explain that is taken at once. What explains less waits until all others were tried, for
they may explain more, as a probe that varies does of what looks like wrong positions; and so does what has a rival."""

PROMISING = 2.0
"""Standard errors by which something must predict better to be tried again, once something else was taken."""

CANDIDATES: dict[str, tuple[Any, ...]] = {
    "positions": ("refine",),
    "background": ("even",),
    "blur": (0.6, 0.9, 1.3),
    "modes": (2, 3, 4),
    "flux": ("find",),
    "opr": (2,),
}
"""What is tried, in this order: options, and values from the least to the most. A blur is one number, and its
passes are cheaper than those of modes."""

RIVALS, WORSE = {"modes": "blur"}, 2.0
"""What may have been taken for another thing, and is tried in place of it too: it is believed unless it predicts worse
by so many standard errors, for that one of both matters is known, and it is the one that scans have more often."""

AFRESH, MUCH = ("positions",), 0.25
"""What is tried from a flat object, where more than this part of their noise is left to explain: an object of positions
that are far off holds them there."""


@dataclasses.dataclass(frozen=True)
class Waiting:
    """What explained some of what was left: which part, from which belief, and what passes found."""

    part: float
    belief: Belief
    found: Belief


class Search:
    """Go from the plain experiment to what photons held out speak for, one thing after another.

    Both ways of a trial, with a thing and without, go on from the same belief, by the same passes.

    Args:
        trials: Trials.
        progress: called with each thing that was tried.
    """

    def __init__(self, trials: Trials, progress: Callable[[Tried], object]) -> None:
        self.trials, self.progress = trials, progress
        self.tried: list[Tried] = []
        self.untried: list[str] = []
        self.chosen: list[str] = []
        self.before: dict[str, Belief] = {}
        self.waiting: dict[str, Waiting] = {}
        self.promising: dict[str, int] = {}  # and how many were taken when it was left
        self._believe(trials.begin(trials.params))

    def allow_all(self, names: Sequence[str]) -> None:
        """Try all, then what waits, then again what promised something before others were taken, until none is."""
        again = list(names)
        while again:
            for name in again:
                self.allow(name)
            self._allow_waiting()
            again = [name for name, taken in self.promising.items() if taken < len(self.chosen)]

    def _allow_waiting(self) -> None:
        """Try what waits once more, beginning with what explained most."""
        while self.waiting:
            name = max(self.waiting, key=lambda name: self.waiting[name].part)
            self.allow(name, self.waiting.pop(name))

    def allow(self, name: str, waited: Waiting | None = None) -> None:
        """Try the values of an option from the least on, as long as each brings something, and there is room.

        Args:
            name: str.
            waited: Waiting, of what has waited until all others were tried.
        """
        self.promising.pop(name, None)
        for value in CANDIDATES[name]:
            if name == "modes" and value <= len(self.belief.estimate.probe):
                continue
            params = dataclasses.replace(self.belief.params, **{name: value})
            afresh = name in AFRESH and self.left > MUCH * self.noise
            found = self._found_before(waited, params)
            if not self._room(params, afresh, found):
                self._leave_untried(name, value)
                return
            if found is None:
                found = self.trials.begin(params) if afresh else self.trials.go_on(self.belief, params)
            without = self.belief if afresh else self.onward
            one, further = self._compared(name, value, found, without), found
            in_doubt = one.part < DECISIVE or name in RIVALS.values()
            if one.kept and in_doubt and waited is None and name not in self.chosen:
                self.waiting[name] = Waiting(one.part, self.belief, found)
                self._note(dataclasses.replace(one, kept=False, waits=True))
                return
            if one.kept:  # what only came sooner is caught up with
                further = self.trials.go_on(found, params)
                one = self._compared(name, value, further, self.trials.go_on(without, without.params))
            self._note(one)
            if not one.kept:
                if name not in self.chosen and one.gain > PROMISING * one.error:
                    self.promising[name] = len(self.chosen)
                self._replace(name, value)
                return
            if name not in self.chosen:
                self.chosen.append(name)
                self.before[name] = self.belief
            self._believe(found, further)

    def _found_before(self, waited: Waiting | None, params: ReconstructionParams) -> Belief | None:
        """Return what passes found of something that waited, if they went on from what is believed now."""
        if waited is not None and waited.belief is self.belief and waited.found.params == params:
            return waited.found
        return None

    def _leave_untried(self, name: str, value: Any) -> None:
        """Keep what there was no room for, once."""
        again = " again" if any((one.name, one.value) == (name, value) for one in self.tried) else ""
        if option(name, value) + again not in self.untried:
            self.untried.append(option(name, value) + again)

    def doubt(self, name: str) -> None:
        """Take away what was believed: once others are allowed for, it may not be missed. Without room, it stays."""
        plain, value = getattr(self.trials.params, name), getattr(self.belief.params, name)
        without = dataclasses.replace(self.belief.params, **{name: plain})
        if not self.trials.budget.allows((TRIAL, without), (TRIAL, without)):
            self.untried.append(f"{option(name, value)} at the end")
            return
        found = self.trials.go_on(self.belief, without)
        one = self._compared(name, value, self.onward, found)
        self._note(dataclasses.replace(one, again=True))
        if not one.kept:
            self.chosen.remove(name)
            self._believe(found)

    def _replace(self, name: str, value: Any) -> None:
        """Try something in place of a thing that was believed, and that it may have been taken for, from before it."""
        rival = RIVALS.get(name)
        if rival not in self.chosen:
            return
        instead = option(rival, getattr(self.belief.params, rival))
        before = self.before[rival]
        params = dataclasses.replace(before.params, **{name: value})
        if not self.trials.budget.allows((TRIAL, params), (TRIAL, params)):
            self.untried.append(f"{option(name, value)} in place of {instead}")
            return
        found = self.trials.go_on(before, params)
        further = self.trials.go_on(found, params)
        one = self._compared(name, value, further, self.onward)
        self._note(dataclasses.replace(one, kept=one.gain > -WORSE * one.error, instead=instead))
        if self.tried[-1].kept:
            self.chosen[self.chosen.index(rival)] = name
            self._believe(found, further)

    def _room(self, params: ReconstructionParams, afresh: bool, found: Belief | None) -> bool:
        """Return whether the budget allows a trial, if it was not made, and to go on once more with it and without."""
        first = 0 if found else self.trials.made if afresh else TRIAL
        return self.trials.budget.allows((first, params), (TRIAL, params), (TRIAL, self.belief.params))

    def _note(self, one: Tried) -> None:
        self.tried.append(one)
        self.progress(one)

    def _believe(self, belief: Belief, onward: Belief | None = None) -> None:
        self.belief, self.onward = belief, onward or self.trials.go_on(belief, belief.params)
        self.noise = self.trials.noise(self.onward)
        self.left = self.onward.judged.mean() / self.trials.scan.mean_photons - self.noise

    def _compared(self, name: str, value: Any, found: Belief, without: Belief) -> Tried:
        """Say what something brought: by how much photons held out are predicted better than without."""
        photons = self.trials.scan.mean_photons
        gains = (without.judged - found.judged) / photons
        gain, error = float(gains.mean()), float(gains.std() / np.sqrt(len(gains)))
        part = gain / max(float(without.judged.mean()) / photons - self.noise, gain, 1e-12)
        worth = part > WORTH_OF.get(name, WORTH)
        return Tried(name, value, gain, error, float(part), bool(gain > SURE * error and worth))
