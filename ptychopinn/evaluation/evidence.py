"""Evidence: which physics the photons of a scan speak for, by how well photons that were held out are predicted.

Some patterns are reconstructed with all at once that their file may not tell (positions that are wrong, background,
incoherent modes, a probe that varies). What passes find next to nothing of is left out. A larger part of the scan is
reconstructed with the rest (twice where a probe varies: passes that begin once are far from the end), which is taken
away in turn, and passes go on from there, as they do with it: what photons held out miss, by more than chance and by a
part of what their noise leaves to explain, stays. A probe that varies, and modes, must be missed by passes that begin
without them, too. Unsteady light, and a detector that blurs, are tried after that, and in place of what is taken for
them. All this costs at most two plain runs, as counted in passes; a run of few patterns counts as one of more.
"""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.budget import ALLOWED, Budget
from ptychopinn.evaluation.candidates import CANDIDATES
from ptychopinn.evaluation.experiment_trials import PATTERNS, Trials
from ptychopinn.evaluation.physics_search import Search
from ptychopinn.evaluation.tried import Tried, option
from ptychopinn.reconstruction.params import ReconstructionParams

FEWEST = 32
"""Patterns below which nothing is tried."""


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What the photons of a scan speak for.

    Args:
        params: ReconstructionParams, with what was chosen.
        chosen: dict of the options that were chosen.
        tried: tuple of Tried, in their order.
        patterns: int. Of the part of the scan that they were tried on.
        why: str. Why nothing was tried, where that is so.
        untried: tuple of str. Options that there was no room for.
        runs: float. What trials cost, in plain runs of the scan.
        probe: complex array `(mode, y, x)`: the mean one that trials end with.
        deviance: float. Poisson deviance per photon that they foretell for photons held out from the whole scan.
    """

    params: ReconstructionParams
    chosen: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    tried: tuple[Tried, ...] = ()
    patterns: int = 0
    why: str = ""
    untried: tuple[str, ...] = ()
    runs: float = 0.0
    probe: np.ndarray | None = dataclasses.field(default=None, compare=False, repr=False)
    deviance: float = np.inf

    @property
    def words(self) -> str:
        """What was chosen, in words."""
        return " ".join(option(name, value) for name, value in self.chosen.items()) or "the experiment as it is told"

    @property
    def limits(self) -> str:
        """What was not tried, in a sentence; empty where all was."""
        if not self.untried:
            return ""
        return f"Not tried, for trials have cost {self.runs:.1f} plain runs: {', '.join(self.untried)}."

    @property
    def record(self) -> dict[str, Any]:
        """What `report.json` says of it."""
        return {"chosen": dict(self.chosen), "patterns": self.patterns, "why": self.why,
                "untried": list(self.untried), "plain_runs": round(self.runs, 2),
                "tried": [one.record for one in self.tried]}  # fmt: skip


def choose(
    scan: Scan, params: ReconstructionParams | None = None, asked: Collection[str] | None = None,
    probe: np.ndarray | None = None, progress: Callable[[Tried], object] | None = None, allowed: float = ALLOWED,
) -> Evidence:  # fmt: skip
    """Choose positions, background, blur, modes, flux and variation of the probe by the photons of a scan.

    Args:
        scan: Scan, of counts.
        params: ReconstructionParams to begin with.
        asked: names of options that are not chosen. Defaults to those of `params` that are not at their defaults.
        probe: complex array `(mode, y, x)`. Defaults to the scan's.
        progress: called with each thing that was tried.
        allowed: float. Plain runs of the scan that trials may cost. Defaults to 2.

    Returns:
        Evidence.
    """
    params = params or ReconstructionParams()
    asked = params.said() if asked is None else asked
    why = why_not(scan, params)
    if why:
        return Evidence(params, why=why)
    budget = Budget(len(scan), min(len(scan), PATTERNS), allowed)
    trials = Trials(scan, scan.probe if probe is None else probe, params, budget)
    names = [name for name in CANDIDATES if name not in asked and acts(name, params)]
    search = Search(trials, names, progress or (lambda one: None))
    search.choose()
    params, end = dataclasses.replace(params, **search.chosen), search.onward
    return Evidence(
        params, search.chosen, tuple(search.tried), len(trials.scan), untried=tuple(search.untried),
        runs=budget.runs, probe=end.estimate.probe, deviance=trials.deviance_of_passes(end),
    )  # fmt: skip


def why_not(scan: Scan, params: ReconstructionParams) -> str:
    """Say why nothing can be tried; empty where it can."""
    if scan.measurement != "counts":
        return "Amplitudes have no photons to hold out."
    if len(scan) < FEWEST:
        return f"{len(scan)} patterns are too few: {FEWEST} are asked for."
    return "No passes are made." if params.passes == 0 else ""


def acts(name: str, params: ReconstructionParams) -> bool:
    """Tell whether an option acts: modes and variation are found by passes that move the probe alone."""
    return params.refine_probe or name not in ("modes", "opr")
