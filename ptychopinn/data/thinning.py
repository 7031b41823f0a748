"""Photons dealt out to two: what pulls, or is seen, and what judges it."""

from collections.abc import Sequence

import numpy as np

HOLDOUT = 0.1
"""Part of the counts that is held out, unless it is given."""


def thin(amplitudes: np.ndarray, holdout: float, seed: int | Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Deal the photons of patterns out to two, which are then independent: each photon goes to one or the other.

    Args:
        amplitudes: float32 array: square root of counts; `NO_DATA` stays.
        holdout: float. Part of the photons that goes to the second.
        seed: int or sequence of ints.

    Returns:
        two float32 arrays: square roots of counts, each scaled to the expectation of the whole.

    Reference:
        Neufeld et al., JMLR 25, 57 (2024), for the independence of thinned counts; Lehtinen et al., ICML 2018,
        arXiv:1803.04189, for learning from noisy targets.
    """
    good = amplitudes >= 0
    counts = np.rint(np.square(np.where(good, amplitudes, 0), dtype=np.float64)).astype(np.int64)
    taken = np.random.default_rng(seed).binomial(counts, holdout)
    parts = (counts - taken) / (1 - holdout), taken / holdout
    seen, held_out = (np.where(good, np.sqrt(part), amplitudes).astype(np.float32) for part in parts)
    return seen, held_out
