"""What passes go through: what is believed, and what of it moves."""

import dataclasses
import typing

import numpy as np
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.engine import positions, variation
from ptychopinn.engine.steps import Waves
from ptychopinn.physics.waves import Wave

FLUX_SETTLED = 20
"""Passes before the flux of each pattern is found: an object that is not there yet leaves its own contrast to it."""

ALL_SETTLED = max(FLUX_SETTLED, positions.SETTLED + positions.AFFINE, variation.SETTLED)
"""Passes after which nothing waits any more."""


class State(typing.NamedTuple):
    """What is believed now: object, probe and background on the device, what differs by pattern in NumPy."""

    waves: Waves
    positions: np.ndarray
    flux: np.ndarray
    weights: np.ndarray
    background: Tensor


@dataclasses.dataclass(frozen=True)
class Moves:
    """What of an estimate moves, besides the object.

    Args:
        probe, positions, flux: bool.
        variation: int. Dimensions that the probe varies in from pattern to pattern; they hold the flux as well, see
            `variation.apart_from_light`.
        background: str: `"none"`, `"even"`, the same in all pixels of the detector, or `"find"`, a smooth one.
    """

    probe: bool = True
    positions: bool = False
    flux: bool = False
    variation: int = 0
    background: str = "none"

    def after(self, made: int) -> "Moves":
        """Return what moves after so many passes: some parts wait until others are settled."""
        return dataclasses.replace(
            self,
            positions=self.positions and made > positions.SETTLED,
            flux=self.flux and not self.variation and made > FLUX_SETTLED,
            variation=self.variation if made > variation.SETTLED else 0,
            background=self.background if made else "none",
        )

    def waits(self, made: int) -> bool:
        """Return whether anything that moves waits yet, after so many passes."""
        return self.after(made) != self.after(ALL_SETTLED + 1)

    @property
    def between_passes(self) -> bool:
        """Whether anything is found between passes."""
        return self.of_patterns or self.background != "none"

    @property
    def of_patterns(self) -> bool:
        """Whether anything is found of every pattern, between passes."""
        return bool(self.positions or self.flux or self.variation)


def parts(wave: np.ndarray) -> Wave:
    """Put a complex array on the device: pair of float32 tensors."""
    return tuple(ops.convert_to_tensor(np.ascontiguousarray(part, np.float32)) for part in (wave.real, wave.imag))


def whole(wave: Wave) -> np.ndarray:
    """Return a pair of tensors as a complex64 array."""
    real, imag = map(ops.convert_to_numpy, wave)
    return (real + 1j * imag).astype(np.complex64)
