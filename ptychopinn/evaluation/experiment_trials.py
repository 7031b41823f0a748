"""Passes over a part of a scan that go on from what is believed of it, with more or less physics."""

import dataclasses

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.thinning import HOLDOUT
from ptychopinn.engine.engine import Engine
from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.pace import MOMENTUM, Turn
from ptychopinn.engine.passes import go_for_trial
from ptychopinn.engine.photons import Photons
from ptychopinn.evaluation.budget import Budget
from ptychopinn.physics.experiment import Experiment
from ptychopinn.physics.pure_noise import noise_of_photons
from ptychopinn.reconstruction.middle import middle_of
from ptychopinn.reconstruction.modes import with_modes, with_varying_modes
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.reconstruct import moves_of
from ptychopinn.reconstruction.refinement import SEED, estimate_of
from ptychopinn.reconstruction.starts import flat
from ptychopinn.reconstruction.ways import optics_of

FEW, MANY, PART = 64, 80, 1 / 3
"""Patterns of the part, at least and at most, and as a part of the scan: fewer tell little, more cost too much."""

FIRST = 48
"""Passes from a flat object, at most."""

SCHEDULE = (1,) * 4 + (2,) * 3 + (4,) * 2 + (8,) * 5
"""Of the passes of a trial: by what the most subsets that a scan can be parted in are divided."""

TRIAL = len(SCHEDULE)
"""Passes of a trial."""


@dataclasses.dataclass(frozen=True)
class Belief:
    """What is believed of an experiment, and how well it predicts.

    Args:
        params: ReconstructionParams, which say what of it moves.
        estimate: Estimate.
        judged: float array `(pattern,)`: Poisson deviance of the photons of each pattern that were held out.
    """

    params: ReconstructionParams
    estimate: Estimate
    judged: np.ndarray


class Trials:
    """Passes over a part of a scan, the neighbours of its middle, that go on from what is believed.

    Args:
        scan: Scan, of counts.
        probe: complex array `(mode, y, x)`.
        params: ReconstructionParams to begin with.
        allowed: float. Plain runs of the whole scan that they may cost.
    """

    def __init__(self, scan: Scan, probe: np.ndarray, params: ReconstructionParams, allowed: float) -> None:
        count = int(np.clip(PART * len(scan), FEW, MANY))  # or all, of a small scan
        self.scan = middle_of(scan, count)
        self.budget = Budget(len(scan), len(self.scan), allowed)
        probe = with_modes(probe, params.modes or len(probe))
        self.params, optics = dataclasses.replace(params, modes=len(probe)), optics_of(params, scan)
        start = dataclasses.replace(flat(self.scan, probe), optics=optics)
        self.told, self.cover = estimate_of(start, self.scan, probe)
        self.photons = Photons(self.scan, probe, params.batch_size, SEED, optics.zero_first)

    def begin(self, params: ReconstructionParams) -> Belief:
        """Make passes from a flat object until they bring no more."""
        engine = self._engine(params, self._suited(self.told, params))
        passes = go_for_trial(engine, FIRST, SEED)
        engine.rest(passes.kept)
        self.budget.spend(len(passes.deviances) - 1, params)
        return Belief(params, engine.estimate(), engine.judge())

    def go_on(self, belief: Belief, params: ReconstructionParams) -> Belief:
        """Go on from what is believed, with other options or the same: keep the best of it and of the last passes."""
        engine, random = self._engine(params, self._suited(belief.estimate, params)), np.random.default_rng(SEED)
        best, kept = engine.judge(), engine.state  # passes may diverge where the experiment was another
        for number, part in enumerate(SCHEDULE):
            subsets = max(1, len(self.photons.chunks) // part)
            engine.turn(Turn(subsets, MOMENTUM if number else 0.0), random.permutation(subsets))
            engine.settle(FIRST + number)
            now = engine.judge() if part == SCHEDULE[-1] else best
            if now.mean() < best.mean():
                best, kept = now, engine.state
        engine.rest(kept)
        self.budget.spend(TRIAL, params)
        return Belief(params, engine.estimate(), best)

    def _engine(self, params: ReconstructionParams, start: Estimate) -> Engine:
        return Engine(start, self.photons, self.cover, moves_of(params), optics_of(params, self.scan))

    def _suited(self, estimate: Estimate, params: ReconstructionParams) -> Estimate:
        """Return an estimate with what options let move, and what was told in place of what they do not."""
        found, count = estimate, params.modes or len(estimate.probe)
        if count != len(found.probe):
            probe, variation = with_varying_modes(found.probe, found.variation, count)
            found = dataclasses.replace(found, probe=probe, variation=variation)
        if params.positions == "keep":
            found = dataclasses.replace(found, positions=self.told.positions)
        if params.flux == "even":
            found = dataclasses.replace(found, flux=self.told.flux)
        if params.background == "none":
            found = dataclasses.replace(found, background=self.told.background)
        return found if params.opr else dataclasses.replace(found, variation=None, weights=None)

    def noise(self, belief: Belief) -> float:
        """Return the deviance that photons held out would have by their noise alone, per photon."""
        told, optics = belief.estimate, optics_of(belief.params, self.scan)
        experiment = Experiment(
            told.object, told.probe, optics=optics, flux=told.flux, variation=told.variation,
            weights=told.weights, background=0.0 if told.background is None else told.background,
        )  # fmt: skip
        expected = experiment.detector().expected(experiment.light(told.positions, slice(None)))
        return float(noise_of_photons(HOLDOUT * expected)[0].sum() / HOLDOUT / len(expected) / self.scan.mean_photons)
