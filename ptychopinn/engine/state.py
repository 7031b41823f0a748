"""What passes go through: what is believed, what of it moves, and how far each pass goes."""

import dataclasses
import typing

import numpy as np

from ptychopinn.engine.steps import Waves


class State(typing.NamedTuple):
    """What is believed now: object and probe on the device, and in NumPy what differs from pattern to pattern."""

    waves: Waves
    positions: np.ndarray
    flux: np.ndarray
    weights: np.ndarray


@dataclasses.dataclass(frozen=True)
class Moves:
    """What of an estimate moves, besides the object.

    Args:
        probe, positions, flux: bool.
        variation: int. Dimensions that the probe varies in from pattern to pattern.
    """

    probe: bool = True
    positions: bool = False
    flux: bool = False
    variation: int = 0


@dataclasses.dataclass(frozen=True)
class Turn:
    """How one pass goes through a scan: steps of a length, one for each of so many subsets, with a momentum."""

    subsets: int
    length: float
    momentum: float
