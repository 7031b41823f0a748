"""Passes over a scan: what predicts the photons that judge best is kept.

Passes may fit the noise of detail before slow phase has come in, and end; photons held out hardly feel what is missing.
So where they end early they go on, and of what they make the slow phase alone is taken.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from ptychopinn.engine.engine import Engine, State
from ptychopinn.engine.pace import MOMENTUM, Pace, Turn, better
from ptychopinn.engine.state import ALL_SETTLED

ENOUGH = 60
"""Passes by which slow phase has come in: where they end before, they go on until then."""

OF_ALL = 0.6
"""Part of the passes that are allowed, which they go on until at most: a prior, which comes after, needs some."""

SURELY = 4.5
"""Standard errors by which photons held out must be predicted worse by slow phase that is not to be taken."""


@dataclasses.dataclass
class Passes:
    """What passes made of a scan.

    Args:
        kept: State that predicts the patterns that judge best, with the slow phase of later ones if that was taken.
        deviances: list of floats: mean deviance of a pattern that judges, in photons, at first and after each pass;
            the last one is of what was kept, where slow phase was taken.
        best: int. The pass that was kept; 0 is before the first.
        interrupted: bool. Whether a KeyboardInterrupt ended them.
    """

    kept: State
    deviances: list[float]
    best: int = 0
    interrupted: bool = False


def go(engine: Engine, most: int, seed: int, progress: Callable[[int], object], slow: bool = False) -> Passes:
    """Make passes until photons held out are predicted no better, or a KeyboardInterrupt ends them.

    Args:
        engine: Engine.
        most: int. Passes, at most.
        seed: int. Of the order of the subsets.
        progress: function called with the number of passes made.
        slow: bool. Whether passes that end early go on for slow phase. Defaults to `False`.

    Returns:
        Passes.
    """
    random, pace = np.random.default_rng(seed), Pace(len(engine.photons.chunks), engine.length)
    best, skipped = engine.judge(), 0
    passes = Passes(engine.state, [float(best.mean())])
    try:
        for number in range(1, most + 1):
            now = _made(engine, pace, number + skipped, random)
            passes.deviances.append(float(now.mean()))
            progress(number)
            slowed = pace.slowed(now, best)
            if now.mean() < best.mean():
                passes.kept, passes.best, best = engine.state, number, now
            elif slowed:
                engine.rest(passes.kept)
            if pace.over:
                if not engine.moves.waits(number + skipped):
                    break
                skipped = ALL_SETTLED  # what was waited for begins now
                pace.go_on()
        left = min(ENOUGH, int(OF_ALL * most)) - (len(passes.deviances) - 1)
        if slow and left > 0:
            _go_on_for_slow_phase(engine, passes, best, left, progress)
    except KeyboardInterrupt:
        passes.interrupted = True
    return passes


def go_for_trial(engine: Engine, most: int, seed: int) -> Passes:
    """Make passes that only try something: what ends them ends the work that they are for; see `go`.

    Raises:
        KeyboardInterrupt: if one ended them.
    """
    passes = go(engine, most, seed, lambda number: None)
    if passes.interrupted:
        raise KeyboardInterrupt
    return passes


def _made(engine: Engine, pace: Pace, number: int, random: np.random.Generator) -> np.ndarray:
    """Make a pass, and return the deviances of what judges it."""
    turn = pace.turn()
    engine.turn(turn, random.permutation(turn.subsets))
    engine.settle(number)
    return engine.judge()


def _go_on_for_slow_phase(
    engine: Engine, passes: Passes, best: np.ndarray, count: int, progress: Callable[[int], object]
) -> None:
    """Go on from what was kept, by passes of all patterns at once, and turn what was kept by their slow phase.

    Args:
        engine: Engine.
        passes: Passes that were made, changed in place.
        best: float array `(pattern,)`: deviances of what judges, for what was kept.
        count: int. Passes, at least one.
        progress: function called with the number of passes made.
    """
    engine.rest(passes.kept)
    for _ in range(count):
        engine.turn(Turn(1, MOMENTUM), np.zeros(1, int))
        now = engine.judge()
        passes.deviances.append(float(now.mean()))
        progress(len(passes.deviances) - 1)
        if now.mean() < best.mean():
            passes.kept, passes.best, best = engine.state, len(passes.deviances) - 1, now
    furthest = engine.object()
    engine.rest(passes.kept)
    engine.take_slow_phase(furthest)
    now = engine.judge()
    if not better(best, now, SURELY):
        passes.deviances[-1] = float(now.mean())
        passes.kept, passes.best = engine.state, len(passes.deviances) - 1
