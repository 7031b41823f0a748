"""Passes over a part of a scan that go on from what is believed of it, with more or less physics."""

import dataclasses

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.thinning import HOLDOUT
from ptychopinn.engine.engine import Engine
from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.order import middle_of
from ptychopinn.engine.pace import MOMENTUM, Turn
from ptychopinn.engine.passes import go_for_trial
from ptychopinn.engine.photons import Photons
from ptychopinn.evaluation.budget import Budget
from ptychopinn.physics.experiment import Experiment
from ptychopinn.physics.pure_noise import noise_of_photons
from ptychopinn.reconstruction.modes import with_modes, with_varying_modes
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.reconstruct import moves_of
from ptychopinn.reconstruction.refinement import SEED, estimate_of
from ptychopinn.reconstruction.starts import flat
from ptychopinn.reconstruction.ways import optics_of

PATTERNS = 196
"""Patterns of the part, at most: of 65 a third mode that is not there explains nearly as much as one that is."""

FEW = 64
"""Patterns that tell what is not there at all."""

HELD_OUT = 0.3
"""Part of the photons that judges: more than in passes that are to make an image, for here to tell is all."""

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
        settled: bool. Whether the passes of a trial brought no more.
    """

    params: ReconstructionParams
    estimate: Estimate
    judged: np.ndarray
    settled: bool = False


class Trials:
    """Passes over a part of a scan, the neighbours of its middle, that go on from what is believed.

    Args:
        scan: Scan, of counts.
        probe: complex array `(mode, y, x)`.
        params: ReconstructionParams to begin with.
        budget: Budget.
        patterns: int. Of the part, at most. Defaults to 196.
    """

    def __init__(
        self, scan: Scan, probe: np.ndarray, params: ReconstructionParams, budget: Budget, patterns: int = PATTERNS
    ) -> None:  # fmt: skip
        self.scan, self.budget = middle_of(scan, patterns), budget
        probe = with_modes(probe, params.modes or len(probe))
        self.params, optics = dataclasses.replace(params, modes=len(probe)), optics_of(params, scan)
        start = dataclasses.replace(flat(self.scan, probe), optics=optics)
        self.told, self.cover = estimate_of(start, self.scan, probe)
        self.photons = Photons(self.scan, probe, params.batch_size, SEED, optics.zero_first, HELD_OUT)

    def of_few(self) -> "Trials":
        """Return trials on the middle of the part: what they cost is counted too."""
        return Trials(self.scan, self.told.probe, self.params, self.budget, FEW)

    def begin(self, params: ReconstructionParams) -> Belief:
        """Make passes from a flat object until they bring no more."""
        return self._begun(params, self.told)

    def begin_again(self, belief: Belief, params: ReconstructionParams) -> Belief:
        """Make passes from a flat object with what else was found: they come nearer the truth than passes that go on.

        What was believed stays where it predicts better, and the options are the same.
        """
        again = self._begun(params, dataclasses.replace(belief.estimate, object=self.told.object))
        if params != belief.params:
            return again
        return min(belief, again, key=lambda one: one.judged.mean())

    def _begun(self, params: ReconstructionParams, start: Estimate) -> Belief:
        engine = self._engine(params, self._suited(start, params))
        passes = go_for_trial(engine, FIRST, SEED)
        engine.rest(passes.kept)
        self.budget.spend(len(passes.deviances) - 1, params, len(self.scan))
        return Belief(params, engine.estimate(), engine.judge())

    def go_on(self, belief: Belief, params: ReconstructionParams) -> Belief:
        """Go on from what is believed, with other options or the same: keep the best of it and of the last passes."""
        if belief.settled and params == belief.params:
            return belief
        engine, random = self._engine(params, self._suited(belief.estimate, params)), np.random.default_rng(SEED)
        best, start = engine.judge(), engine.state
        kept = start  # passes may diverge where the experiment was another
        for number, part in enumerate(SCHEDULE):
            subsets = max(1, len(self.photons.chunks) // part)
            engine.turn(Turn(subsets, MOMENTUM if number else 0.0), random.permutation(subsets))
            engine.settle(FIRST + number)
            now = engine.judge() if part == SCHEDULE[-1] else best
            if now.mean() < best.mean():
                best, kept = now, engine.state
        engine.rest(kept)
        self.budget.spend(TRIAL, params, len(self.scan))
        return Belief(params, engine.estimate(), best, settled=kept is start)

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

    def noise(self, belief: Belief, held_out: float = HELD_OUT) -> float:
        """Return the deviance per photon that such a part of the photons would have by its noise alone."""
        return self._noise_in(self._expected(belief), held_out)

    def deviance_of_passes(self, belief: Belief) -> float:
        """Return the deviance per photon that passes to an image would have, which hold out fewer photons."""
        expected = self._expected(belief)
        missed = float(belief.judged.mean() / self.scan.mean_photons) - self._noise_in(expected, HELD_OUT)
        return missed + self._noise_in(expected, HOLDOUT)

    def _expected(self, belief: Belief) -> np.ndarray:
        """Return the photons of each pixel that are expected: float array `(pattern, y, x)`."""
        told, optics = belief.estimate, optics_of(belief.params, self.scan)
        experiment = Experiment(
            told.object, told.probe, optics=optics, flux=told.flux, variation=told.variation,
            weights=told.weights, background=0.0 if told.background is None else told.background,
        )  # fmt: skip
        return experiment.detector().expected(experiment.light(told.positions, slice(None)))

    def _noise_in(self, expected: np.ndarray, held_out: float) -> float:
        return float(noise_of_photons(held_out * expected)[0].sum() / held_out / len(expected) / self.scan.mean_photons)
