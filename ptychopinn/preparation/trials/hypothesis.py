"""Hypothesis: what may be otherwise than a file says."""

import dataclasses
from typing import TypeAlias

import numpy as np

from ptychopinn.preparation.orientation import FLIPS
from ptychopinn.preparation.scan_positions import rotation

Matrix: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
SAME: Matrix = ((1.0, 0.0), (0.0, 1.0))
TWINS = (("identity", "rot180"), ("fliplr", "flipud"), ("transpose", "antitranspose"), ("rot90_cw", "rot90_ccw"))
r"""Pairs of orientations that patterns alone cannot tell apart: $I(-q)$ is the pattern of the conjugate exit wave."""


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """How patterns and positions may belong together.

    Args:
        orientation: str. How the patterns are turned or mirrored, one of `FLIPS`.
        matrix: maps positions `(y, x)`, about any point.
        late: int. By how many frames the patterns come after their positions.
        probe_moves: bool. Whether the probe is refined, or believed.
    """

    orientation: str = "identity"
    matrix: Matrix = SAME
    late: int = 0
    probe_moves: bool = True

    def positions(self, frames: np.ndarray, recorded: np.ndarray) -> np.ndarray:
        """Return where frames `(frame,)` were taken, of recorded positions of all: float `(frame, 2)`."""
        taken = recorded[np.clip(frames - self.late, 0, len(recorded) - 1)]
        return (taken - taken.mean(axis=0)) @ np.array(self.matrix).T

    def turned(self, degrees: float, factor: float = 1.0) -> "Hypothesis":
        """Return the hypothesis with positions turned from y towards x, and stretched, besides."""
        return dataclasses.replace(self, matrix=as_matrix(rotation(degrees) * factor @ np.array(self.matrix)))


def axes_of(orientation: str) -> np.ndarray:
    """Return the matrix of an orientation: the pixel `(y, x)` of a turned pattern is that pixel of the stored one.

    Positions that are mapped by it, with patterns as they are stored, are as good as turned patterns: it is the scan of
    an object and a probe that are turned instead.
    """
    exchanged, rows, columns = FLIPS[orientation]
    signs = np.diag([-1.0 if rows else 1.0, -1.0 if columns else 1.0])
    return signs[::-1] if exchanged else signs


def as_matrix(array: np.ndarray) -> Matrix:
    """Return an array `(2, 2)` as numbers."""
    (yy, yx), (xy, xx) = array.tolist()
    return (yy, yx), (xy, xx)
