"""How much of a thing passes found that were allowed to: next to nothing says that it is not there."""

import dataclasses

import numpy as np

from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.positions import affine_part
from ptychopinn.engine.variation import apart_from_light


@dataclasses.dataclass(frozen=True)
class Found:
    """How much of a thing was found.

    Args:
        size: float. How much, in its unit.
        little: float. What is next to nothing.
        words: str. The size in words.
    """

    size: float
    little: float
    words: str

    @property
    def is_little(self) -> bool:
        """Whether it is next to nothing."""
        return self.size < self.little


def found_in(estimate: Estimate, told: Estimate) -> dict[str, Found]:
    """Return what was found of positions, background and variation of the probe, by the names of their options.

    Args:
        estimate: Estimate, of passes that were allowed to find them.
        told: Estimate, with the positions as they were told.
    """
    moved = own_moves(estimate.positions - told.positions, told.positions)
    light = np.sum(np.abs(estimate.probe) ** 2)
    background = 0.0 if estimate.background is None else float(np.mean(estimate.background))
    varies = 0.0 if estimate.variation is None else float(np.sum(np.abs(estimate.variation) ** 2) / light)
    return {
        "positions": Found(moved, 0.2, f"moved by {moved:.2f} px"),
        "background": Found(background, 0.1, f"{background:.3f} photons a pixel"),
        "opr": Found(varies, 0.004, f"{varies:.1%} of the light varies"),
    }


def unsteadiness(estimate: Estimate) -> Found:
    """Return by how much the light differs from pattern to pattern that the variation of a probe holds.

    A probe that varies and keeps its light has less of the mean one the farther it is from it: that is no unsteadiness.
    """
    apart = apart_from_light(estimate)
    assert apart.weights is not None
    far = np.column_stack([np.ones(len(apart.flux)), np.abs(apart.weights) ** 2])
    left = apart.flux - far @ np.linalg.lstsq(far, apart.flux, rcond=None)[0]
    spread = float(left.std() / apart.flux.mean())
    return Found(spread, 0.075, f"its light differs by {spread:.1%}")


def own_moves(moves: np.ndarray, positions: np.ndarray) -> float:
    """Return by how much positions moved besides an affine map of them all: root mean square along an axis, pixels."""
    moves = moves - moves.mean(axis=0)
    own = moves - affine_part(moves, positions)
    return float(np.sqrt(np.mean(own**2)))
