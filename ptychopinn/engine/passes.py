"""Passes: how far each goes, what of them is kept, and when they end, as photons tell that were held out.

Passes begin with one step of all patterns and go twice as far each, in ever more subsets, as long as they predict
better. Many subsets leave noise; so where a pass gains no more than chance, the next ones go half as far: in fewer
subsets, whose noise is averaged, and at last in shorter steps of all patterns. What predicts best is kept.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from ptychopinn.engine.engine import Engine, State, Turn

MOMENTUM = 0.9
SETTLING = 2
"""Passes before there is momentum."""

SHORTEST = 0.25
"""How far the last pass goes, in steps of all patterns."""

CHANCE = 2.0
"""Standard errors by which a pass must predict better than the best one before it, to be no chance."""


@dataclasses.dataclass
class Passes:
    """What passes made of a scan.

    Args:
        kept: State that predicts the patterns that judge best.
        deviances: list of floats: mean deviance of a pattern that judges, in photons, at first and after each pass.
        best: int. The pass that was kept; 0 is before the first.
    """

    kept: State
    deviances: list[float]
    best: int = 0


def go(engine: Engine, most: int, seed: int, progress: Callable[[int], object]) -> Passes:
    """Make passes until photons held out are predicted no better.

    Args:
        engine: Engine.
        most: int. Passes, at most.
        seed: int. Of the order of the subsets.
        progress: function called with the number of passes made.

    Returns:
        Passes.
    """
    random, far, rising = np.random.default_rng(seed), 1.0, True
    if engine.moves.flux:
        engine.find_drift()
    best = engine.judge()
    passes = Passes(engine.state, [float(best.mean())])
    for number in range(1, most + 1):
        turn = Turn(max(1, int(far)), min(1.0, far), MOMENTUM if number > SETTLING else 0.0)
        engine.turn(turn, random.permutation(turn.subsets))
        engine.settle(number)
        now = engine.judge()
        passes.deviances.append(float(now.mean()))
        progress(number)
        improved, is_best = better(now, best), now.mean() < best.mean()
        if is_best:
            passes.kept, passes.best, best = engine.state, number, now
        if improved:
            far = min(2 * far, len(engine.photons.chunks)) if rising else far
            continue
        rising, far = False, far / 2
        if far < SHORTEST:
            break
        if not is_best:
            engine.rest(passes.kept)
    return passes


def better(now: np.ndarray, before: np.ndarray) -> bool:
    """Return whether patterns are predicted better than before by more than chance.

    Args:
        now, before: float arrays `(pattern,)`: deviances.
    """
    gain = before - now
    return bool(gain.mean() > CHANCE * gain.std() / np.sqrt(len(gain)))
