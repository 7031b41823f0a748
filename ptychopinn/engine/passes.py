"""Passes over a scan: what predicts the photons that judge best is kept."""

import dataclasses
from collections.abc import Callable

import numpy as np

from ptychopinn.engine.engine import Engine, State
from ptychopinn.engine.pace import Pace


@dataclasses.dataclass
class Passes:
    """What passes made of a scan.

    Args:
        kept: State that predicts the patterns that judge best.
        deviances: list of floats: mean deviance of a pattern that judges, in photons, at first and after each pass.
        best: int. The pass that was kept; 0 is before the first.
        interrupted: bool. Whether a KeyboardInterrupt ended them.
    """

    kept: State
    deviances: list[float]
    best: int = 0
    interrupted: bool = False


def go(engine: Engine, most: int, seed: int, progress: Callable[[int], object]) -> Passes:
    """Make passes until photons held out are predicted no better, or a KeyboardInterrupt ends them.

    Args:
        engine: Engine.
        most: int. Passes, at most.
        seed: int. Of the order of the subsets.
        progress: function called with the number of passes made.

    Returns:
        Passes.
    """
    random, pace = np.random.default_rng(seed), Pace(len(engine.photons.chunks))
    if engine.moves.flux:
        engine.find_drift()
    best = engine.judge()
    passes = Passes(engine.state, [float(best.mean())])
    try:
        for number in range(1, most + 1):
            now = _made(engine, pace, number, random)
            passes.deviances.append(float(now.mean()))
            progress(number)
            slowed = pace.slowed(now, best)
            if now.mean() < best.mean():
                passes.kept, passes.best, best = engine.state, number, now
            elif slowed:
                engine.rest(passes.kept)
            if pace.over:
                break
    except KeyboardInterrupt:
        passes.interrupted = True
    return passes


def _made(engine: Engine, pace: Pace, number: int, random: np.random.Generator) -> np.ndarray:
    """Make a pass, and return the deviances of what judges it."""
    turn = pace.turn()
    engine.turn(turn, random.permutation(turn.subsets))
    engine.settle(number)
    return engine.judge()
