"""Place: some neighbouring patterns, where trials find much overlap and an object that shows."""

import dataclasses

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import spread
from ptychopinn.preparation.trials.reduced import Reduction, reduction_of

FEW, MANY = 80, 160
"""Patterns of a place, and of a larger one where that tells nothing."""

MODES = 3
"""Modes of a probe, at most, that take part."""

LOOKED_AT = 400
"""Patterns that are looked at for where the object shows, spread evenly over the scan."""

AROUND = 12
"""Neighbours, of those, that a place is judged by."""

INNER = 0.6
"""Part of the patterns, the inner ones, of which some judge: others lie on all sides of them."""

JUDGE = 3
"""One in so many of the inner patterns judges."""


@dataclasses.dataclass(frozen=True, eq=False)
class Place:
    """Some neighbouring patterns of a scan.

    Args:
        amplitudes: float32 array `(pattern, y, x)`: root of photons, zero frequency at the centre, `NO_DATA` where bad.
        frames: int array `(pattern,)`: which of the scan's patterns they are, rising.
        positions: float array `(frame, 2)` of the whole scan, in pixels of the object as these patterns see it.
        probe: complex array `(mode, y, x)`.
        judges: bool array `(pattern,)`: which are predicted, and pull at nothing.
    """

    amplitudes: np.ndarray
    frames: np.ndarray
    positions: np.ndarray
    probe: np.ndarray
    judges: np.ndarray

    def by_neighbours(self) -> np.ndarray:
        """Return the misfit of each judge `(judge,)` if the mean of the others is what predicts it; see `misfit`."""
        good = self.amplitudes >= 0
        pulling = ~self.judges
        light = np.where(good, self.amplitudes, 0)[pulling].sum(axis=0)
        mean = light / np.maximum(good[pulling].sum(axis=0), 1)
        return misfit(np.broadcast_to(mean, self.amplitudes[self.judges].shape), self.amplitudes[self.judges])


def place_of(scan: Scan, count: int = FEW, seed: int = 0) -> Place:
    """Read the patterns of the place where they differ most from one another, nearest neighbours of one of them.

    Args:
        scan: Scan.
        count: int. Patterns, at most.
        seed: int. Of which of them judge.
    """
    positions, reduction = np.asarray(scan.positions, float), reduction_of(scan)
    from_middle = np.linalg.norm(positions - middle_of(scan, reduction), axis=1)
    frames = np.sort(np.argsort(from_middle, kind="stable")[:count])
    probe = np.asarray(scan.probe)
    strongest = np.argsort(-np.sum(np.abs(probe) ** 2, axis=(1, 2)), kind="stable")[:MODES]
    probe = reduction.probe(probe[np.sort(strongest)])
    inner = np.argsort(from_middle[frames], kind="stable")[: int(INNER * len(frames))]
    judges = np.zeros(len(frames), bool)
    judges[np.random.default_rng(seed).permutation(inner)[: max(1, len(inner) // JUDGE)]] = True
    positions = positions / reduction.pixel_ratio
    return Place(reduction.read(scan, frames), frames, positions, probe.astype(np.complex64), judges)


def middle_of(scan: Scan, reduction: Reduction) -> np.ndarray:
    """Return where the object shows most, away from the edge of the scan: `(y, x)` of a pattern, pixels."""
    some = spread(scan.patterns, LOOKED_AT)
    positions = np.asarray(scan.positions, float)[some]
    amplitudes = np.maximum(reduction.read(scan, some), 0)
    contrast = np.square(amplitudes - amplitudes.mean(axis=0)).sum(axis=(1, 2))
    from_middle = np.linalg.norm(positions - np.median(positions, axis=0), axis=1)
    inside = np.flatnonzero(from_middle <= np.percentile(from_middle, 50))
    apart = np.linalg.norm(positions[inside, None] - positions[None], axis=-1)
    near = np.argsort(apart, axis=1, kind="stable")[:, :AROUND]
    return positions[inside[np.argmax(np.median(contrast[near], axis=1))]]


def misfit(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    r"""Return $\sum (s\sqrt I - \sqrt n)^2 / \sum n$ of each pattern, at the best brightness $s$: float `(pattern,)`.

    Args:
        predicted: float array `(pattern, y, x)`: amplitudes.
        measured: float array `(pattern, y, x)`: amplitudes, negative where no data is.
    """
    model, data = matched(predicted, measured)
    return np.square(model - data).sum(axis=(1, 2)) / np.maximum(np.square(data).sum(axis=(1, 2)), 1e-12)


def matched(predicted: np.ndarray, measured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return predicted amplitudes, each pattern's at the brightness that suits the measured ones best, and those.

    Args:
        predicted, measured: float arrays `(pattern, y, x)`, see `misfit`; both come back 0 where no data is.
    """
    good = measured >= 0
    model, data = np.where(good, predicted, 0), np.where(good, measured, 0)
    brightness = (model * data).sum(axis=(1, 2)) / np.maximum(np.square(model).sum(axis=(1, 2)), 1e-12)
    return brightness[:, None, None] * model, data
