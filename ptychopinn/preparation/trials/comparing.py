"""What trials say together: which hypothesis predicts better than chance lets it."""

import numpy as np
from scipy import stats

from ptychopinn.preparation.trials.passes import Outcome
from ptychopinn.preparation.trials.place import matched

CLEAR = 0.05
"""Part of what neighbours leave unexplained: by so much at least must one hypothesis be better than another."""

SURE = 4.0
"""Standard errors of the mean over judges, by which it must be better besides."""

TINY = 1e-12
"""What stands for a misfit of nothing."""


def gain(one: np.ndarray, other: np.ndarray, neighbours: np.ndarray) -> tuple[float, float]:
    """Return by how much less `one` misses than `other`, over what neighbours miss, and how sure that is.

    It is as sure as the mean logarithm of their ratio is over its standard error: patterns differ much in how much of
    the object they hold.

    Args:
        one, other, neighbours: float arrays `(judge,)`: misfits of the same patterns.
    """
    ratio = np.log(np.maximum(other, TINY) / np.maximum(one, TINY))
    error = max(float(ratio.std(ddof=1)) / np.sqrt(len(ratio)), TINY) if len(ratio) > 1 else np.inf
    return float((other - one).mean() / neighbours.mean()), float(ratio.mean() / error)


def is_clear(one: np.ndarray, other: np.ndarray, neighbours: np.ndarray, least: float = CLEAR) -> bool:
    """Tell whether misfits are lower than others, by more than noise and enough to matter."""
    better, sure = gain(one, other, neighbours)
    return better >= least and sure >= SURE


def leaves_less(one: Outcome, other: Outcome, counted: bool, most: float) -> bool:
    """Tell whether one trial surely misses less than another, at most this part of it, the noise of photons left out.

    Args:
        one, other: Outcome, of the same patterns.
        counted: bool. Whether amplitudes are of photons, whose noise is known.
        most: float.
    """
    noise = float(shot_noise(one.predicted, one.measured).mean()) if counted else 0.0
    less, more = one.misfit - noise, other.misfit - noise
    neighbours = np.ones_like(one.misfits)
    return more > 0 and less <= most * more and gain(one.misfits, other.misfits, neighbours)[1] >= SURE


def shot_noise(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    r"""Return the misfit that photons alone make, $\sum E(\sqrt n - \sqrt I)^2 / \sum n$: float array `(pattern,)`.

    With $E n = I$ it is $2 I - 2 \sqrt I E \sqrt n$ of each pixel: $I$ where it is dim, 1/4 where it is bright.

    Args:
        predicted, measured: float arrays `(pattern, y, x)`: amplitudes; measured ones negative where no data is.
    """
    expected = np.concatenate([[0.0], np.geomspace(1e-3, 100, 60)])
    counts = np.arange(200)
    roots = stats.poisson.pmf(counts, expected[:, None]) @ np.sqrt(counts)
    noise = 2 * expected - 2 * np.sqrt(expected) * roots
    model, data = matched(predicted, measured)
    missed = np.interp(np.square(model), expected, noise).sum(axis=(1, 2))
    return missed / np.maximum(np.square(data).sum(axis=(1, 2)), 1e-12)


def explained(outcome: Outcome, neighbours: np.ndarray) -> float:
    """Return which part of what neighbours leave unexplained a trial predicts; below 0, it misleads."""
    return 1 - outcome.misfit / float(neighbours.mean())


def predicts(outcome: Outcome, neighbours: np.ndarray) -> bool:
    """Tell whether a trial surely predicts more than neighbours do."""
    return is_clear(outcome.misfits, neighbours, neighbours)
