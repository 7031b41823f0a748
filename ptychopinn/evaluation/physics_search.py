"""The search for the physics of a scan: all that may be is allowed for at once, then each is taken away again.

Tried one after another, the first of two things that are true explains both, and warps the object. Together each takes
what is its own, and of what is not there next to nothing is found.
"""

import dataclasses
from collections.abc import Callable, Collection
from typing import Any

from ptychopinn.evaluation.all_at_once import begun_with_all
from ptychopinn.evaluation.candidates import CANDIDATES, LATER, RIVALS, TOGETHER
from ptychopinn.evaluation.experiment_trials import FIRST, TRIAL, Belief, Trials
from ptychopinn.evaluation.missed import compared, takes_its_place
from ptychopinn.evaluation.physics_sizes import unsteadiness
from ptychopinn.evaluation.tried import Tried, option
from ptychopinn.reconstruction.params import ReconstructionParams


class Search:
    """Go from all that may be to what photons held out miss.

    Both ways of a trial, with a thing and without, go on from the same belief, by the same passes.

    Args:
        trials: Trials.
        names: Options that may be chosen.
        progress: called with each thing that was tried.
    """

    def __init__(self, trials: Trials, names: Collection[str], progress: Callable[[Tried], object]) -> None:
        self.trials, self.names, self.progress = trials, names, progress
        self.tried: list[Tried] = []
        self.untried: list[str] = []
        self.undoubted: set[str] = set()
        self._believe(trials.begin(trials.params))

    def choose(self) -> None:
        """Allow for all at once, take away what is not missed, then allow for the rest."""
        plain, modes = self.onward, len(self.belief.estimate.probe)
        together = {name: value for name, value in TOGETHER.items() if name in self.names}
        if together.get("modes", modes + 1) <= modes:
            del together["modes"]
        if together:
            self._allow_at_once(together)
            for name in together:
                self._doubt(name)
        for name, values in LATER.items():
            if name not in self.names:
                continue
            if name == "flux" and self._now("opr"):
                self._read_off_light()
            else:
                self._allow(name, values)
        if self._compared("", None, plain, self.onward).kept:
            self._believe(plain)

    @property
    def chosen(self) -> dict[str, Any]:
        """Options that the photons speak for, beside those that were told."""
        names = [name for name in CANDIDATES if name not in self.undoubted]
        return {name: self._now(name) for name in names if self._now(name) != self._plain(name)}

    def _allow_at_once(self, together: dict[str, Any]) -> None:
        """Begin with all things at once, if there is room for it."""
        params = dataclasses.replace(self.trials.params, **together)
        if not self._room((FIRST, params), (FIRST, params), (TRIAL, params)):
            self.untried += [option(name, value) for name, value in together.items()]
        else:
            self._believe(begun_with_all(self.trials, together, self._note))

    def _doubt(self, name: str) -> None:
        """Take a thing away, modes one by one, as long as it is not missed."""
        while self._now(name) != self._plain(name):
            value, less = self._now(name), self._now(name) - 1 if name == "modes" else self._plain(name)
            params = self._with(name, less)
            if not self._room((TRIAL, params), (TRIAL, params), (TRIAL, params), (TRIAL, self.belief.params)):
                self.untried.append(f"to do without {option(name, value)}")
                self.undoubted.add(name)
                return
            found = self.trials.go_on(self.belief, params)
            one = self._compared(name, value, self.onward, found)
            if one.kept and name in ("modes", "opr"):
                found, one = self._doubt_again(name, value, found)
            elif not one.kept and name == "positions" and self._now("opr"):
                found = self._begun_anew(found)
            self._note(one)
            if one.kept:
                self._replace(name)
                return
            self._believe(found)

    def _doubt_again(self, name: str, value: int, found: Belief) -> tuple[Belief, Tried]:
        """Compare a thing with passes that began without it, too, and modes first with passes that catch up."""
        with_it = self.onward
        if name == "modes":
            with_it = self.trials.go_on(self.onward, self.belief.params)
            found = self.trials.go_on(found, found.params)
        one = self._compared(name, value, with_it, found)
        plain = dataclasses.replace(found.params, modes=self._plain("modes"))
        if not one.kept or not self._room((FIRST, plain), (FIRST, plain)):
            return found, one
        fresh = self._fresh(plain)
        other = self._compared(name, value, with_it, fresh)
        return (found, one) if other.kept else (fresh, other)

    def _begun_anew(self, found: Belief) -> Belief:
        """Return the better of what was found and of passes that begin with no more than that."""
        if not self._room((FIRST, found.params), (FIRST, found.params)):
            return found
        return min(found, self._fresh(found.params), key=lambda one: one.judged.mean())

    def _fresh(self, params: ReconstructionParams) -> Belief:
        """Return what passes come to that begin with no more than some options: twice, where a probe varies."""
        belief = self.trials.begin(params)
        return self.trials.begin_again(belief, params) if params.opr else belief

    def _replace(self, name: str) -> None:
        """Try the rivals of what is believed in its place, and believe the best of those that do well enough."""
        rivals = [one for one in RIVALS.get(name, ()) if one[0] in self.names]
        if not rivals or (name == "modes" and self._patterns_differ):
            return
        believed, best, onward = self._now(name), None, self.trials.go_on(self.onward, self.belief.params)
        for rival, value in rivals:
            params = dataclasses.replace(self._with(name, self._plain(name)), **{rival: value})
            if not self._room((TRIAL, params), (TRIAL, params)):
                self.untried.append(f"{option(rival, value)} in place of {option(name, believed)}")
                continue
            found = self.trials.go_on(self.belief, params)
            further = self.trials.go_on(found, params)
            one = self._compared(rival, value, further, onward)
            one = dataclasses.replace(one, kept=takes_its_place(one), instead=option(name, believed))
            self._note(one)
            if one.kept and (best is None or further.judged.mean() < best[1].judged.mean()):
                best = found, further
        if best:
            self._believe(*best)

    def _allow(self, name: str, values: tuple[Any, ...]) -> None:
        """Try the values of an option from the least on, as long as each brings something."""
        doubted = [one.value for one in self.tried if one.name == name and not one.instead]
        for value in values:
            if value in doubted or (name == "modes" and self._now("modes") != value - 1):
                continue
            if name == "blur" and ("modes" in self.chosen or self._patterns_differ):
                return
            if self._now(name) == value or (name == "blur" and self._now(name) > value):
                continue
            params = self._with(name, value)
            if not self._room((TRIAL, params), (TRIAL, params), (TRIAL, self.belief.params)):
                self.untried.append(option(name, value))
                return
            found = self.trials.go_on(self.belief, params)
            one, further = self._compared(name, value, found, self.onward), found
            if one.kept:  # what only came sooner is caught up with
                further = self.trials.go_on(found, params)
                one = self._compared(name, value, further, self.trials.go_on(self.onward, self.belief.params))
            self._note(one)
            if not one.kept:
                return
            self._believe(found, further)

    def _read_off_light(self) -> None:
        """Believe in unsteady light where a probe that varies holds much of it: passes cannot part the two."""
        found = unsteadiness(self.onward.estimate)
        self._note(Tried("flux", "find", kept=not found.is_little, found=found.words))
        if not found.is_little:
            params = self._with("flux", "find")
            held = [dataclasses.replace(one, params=params, settled=False) for one in (self.belief, self.onward)]
            self._believe(*held)

    @property
    def _patterns_differ(self) -> bool:
        """Whether what differs from pattern to pattern was chosen: what is not found of it yet looks like a blur."""
        return any(name in self.chosen for name in ("positions", "opr", "flux"))

    def _now(self, name: str) -> Any:
        return getattr(self.belief.params, name)

    def _plain(self, name: str) -> Any:
        return getattr(self.trials.params, name)

    def _with(self, name: str, value: Any) -> ReconstructionParams:
        return dataclasses.replace(self.belief.params, **{name: value})

    def _room(self, *ways: tuple[int, ReconstructionParams]) -> bool:
        return self.trials.budget.allows(*ways)

    def _note(self, one: Tried) -> None:
        self.tried.append(one)
        self.progress(one)

    def _believe(self, belief: Belief, onward: Belief | None = None) -> None:
        self.belief, self.onward = belief, onward or self.trials.go_on(belief, belief.params)
        self.noise = self.trials.noise(self.onward)

    def _compared(self, name: str, value: Any, found: Belief, without: Belief) -> Tried:
        """Say what something brought: by how much photons held out are predicted better than without."""
        photons = self.trials.scan.mean_photons
        return compared(name, value, found.judged / photons, without.judged / photons, self.noise)
