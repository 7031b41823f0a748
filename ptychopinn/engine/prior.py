"""Passes with a prior of what objects look like: it takes away the noise that passes fit, so that they can go on.

Where photons are few, passes fit the noise of fine detail long before slow phase has come in, and the photons held out
end them. A prior, between whole passes, keeps the noise down, and slow phase comes in.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ptychopinn.engine.engine import Engine
from ptychopinn.engine.pace import MOMENTUM, Turn
from ptychopinn.engine.passes import Passes

TURNS = 4
"""Passes of all patterns at once, from one use of the prior to the next."""

WEIGHTS = (0.25, 0.5, 1.0)
"""Parts of what the prior says that are tried: photons held out choose."""

PATIENCE = 3
"""Uses of the prior in a row that bring nothing, before it is over."""

Prior: TypeAlias = Callable[[np.ndarray], np.ndarray]


def go_on(engine: Engine, passes: Passes, prior: Prior, most: int, progress: Callable[[int], object]) -> Passes:
    """Go on from the best pass, with a prior between passes, as long as photons held out are predicted better.

    Args:
        engine: Engine, of one slice.
        passes: Passes that were made without.
        prior: function of an object `(y, x)`, as the engine has it, to a likelier one.
        most: int. Passes, at most, those that were made among them.
        progress: function called with the number of passes made.

    Returns:
        Passes, with those that were made before.
    """
    engine.rest(passes.kept)
    made, waited, now = len(passes.deviances) - 1, 0, passes.best
    try:
        while waited < PATIENCE:
            best = passes.deviances[passes.best]
            passes.deviances[now] = _take(engine, prior, passes.deviances[now])
            waited += 1
            if passes.deviances[now] < best:
                passes.kept, passes.best, waited = engine.state, now, 0
            if made + TURNS > most:
                break
            for _ in range(TURNS):
                engine.turn(Turn(1, MOMENTUM), np.zeros(1, int))
                made += 1
                engine.settle(made)
                passes.deviances.append(float(engine.judge().mean()))
            now = made
            progress(made)
    except KeyboardInterrupt:
        passes.interrupted = True
    return passes


def _take(engine: Engine, prior: Prior, before: float) -> float:
    """Take as much of what a prior says as predicts photons held out best: their mean deviance, which was `before`."""
    found = engine.object()
    change = prior(found) - found
    judged = {0.0: before}
    for weight in WEIGHTS:
        engine.put(found + weight * change)
        judged[weight] = float(engine.judge().mean())
    chosen = min(judged, key=judged.__getitem__)
    engine.put(found + chosen * change)
    return judged[chosen]
