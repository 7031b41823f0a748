"""When passes end, and what of them is kept: rules that know nothing of the steps.

A rule is a function of what `passes.go` yields that returns the `Estimate` to keep and the deviances up to it.
"""

from collections.abc import Iterable

from ptychopinn.reconstruction.estimate import Estimate


def until_worse(passes: Iterable[tuple[Estimate, float]]) -> tuple[Estimate, list[float]]:
    """Keep what predicts the patterns best: passes end when one has made it worse."""
    judged = iter(passes)
    kept, first = next(judged)
    deviances = [first]
    for estimate, deviance in judged:
        if not deviance <= deviances[-1]:  # nor NaN
            break
        kept = estimate
        deviances.append(deviance)
    return kept, deviances


def to_the_end(passes: Iterable[tuple[Estimate, float]]) -> tuple[Estimate, list[float]]:
    """Keep what the last pass is given: nothing can judge between them."""
    estimates, deviances = zip(*passes)
    return estimates[-1], list(deviances)
