"""Window: the square of a detector that makes a pattern, around the zero frequency, binned and padded."""

import dataclasses

import numpy as np

from ptychopinn.data.checks import LARGEST_SIDE
from ptychopinn.preparation.orientation import oriented
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.readout import LACKING

MULTIPLE, SMALLEST = 8, 32
"""Sides that networks and passes take."""

MOST_CUT = 8
"""A detector is cropped if it loses at most this part of its side, and padded else."""


@dataclasses.dataclass(frozen=True)
class Window:
    """Which detector pixels make which pixels of a pattern.

    Args:
        side: int. Of a pattern, pixels.
        middle: `(y, x)`: pixel of the detector that comes to N/2.
        bin: int. Pixels of the detector, each way, that are added up to one.
        kept: int. Side of what is kept, in pixels of a pattern; around it there is no data.
        wraps: bool. Whether the zero frequency is stored at the corner, so that indices go around.
        orientation: str.
        near: bool. Whether patterns are near fields, which have no zero frequency.
    """

    side: int
    middle: tuple[int, int]
    bin: int = 1
    kept: int = LARGEST_SIDE
    wraps: bool = False
    orientation: str = "identity"
    near: bool = False

    def apply(self, values: np.ndarray, amplitudes: bool = False) -> np.ndarray:
        """Cut patterns `(pattern, y, x)` out of a detector's: float32 `(pattern, y, x)`, negative where no data is.

        Counts are added where pixels are binned; of amplitudes, the squares.
        """
        rows, in_rows = self._indices(values.shape[-2], 0)
        columns, in_columns = self._indices(values.shape[-1], 1)
        cut = values[..., rows[:, None], columns].astype(np.float32)
        cut[..., ~(in_rows[:, None] & in_columns)] = LACKING
        if self.bin > 1:
            blocks = cut.reshape(*cut.shape[:-2], self.side, self.bin, self.side, self.bin)
            lacking = (blocks < 0).any(axis=(-3, -1))
            summed = (blocks**2 if amplitudes else blocks).sum(axis=(-3, -1))
            cut = np.sqrt(summed) if amplitudes else summed
            cut[lacking] = LACKING
        return oriented(cut, self.orientation, self.near)

    def good(self, mask: np.ndarray) -> np.ndarray:
        """Return the mask of the patterns, of that of the detector `(y, x)`, True on good pixels."""
        return self.apply(np.where(mask, 0.0, LACKING)[None])[0] >= 0

    def _indices(self, length: int, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the detector's index of each pixel before it is binned, and whether it is there."""
        offsets = np.arange(self.side * self.bin) - self.side // 2 * self.bin - (self.bin - 1) // 2
        where = self.middle[axis] + offsets
        first = (self.side - self.kept) // 2
        pixel = np.arange(self.side * self.bin) // self.bin
        kept = (pixel >= first) & (pixel < first + self.kept)
        if self.wraps:
            return where % length, kept & (offsets >= -(length // 2)) & (offsets < length - length // 2)
        return np.clip(where, 0, length - 1), kept & (where >= 0) & (where < length)


def side_of(shape: tuple[int, ...], wanted: Preparation, name: str, near: bool = False) -> tuple[int, int]:
    """Return the side of the patterns that a detector makes, and how much of it holds data, in binned pixels.

    What is asked for is kept whole, and so are near fields, whose light reaches the edges.

    Raises:
        ValueError: if what is asked for is larger than there is, or of no good side.
    """
    by = wanted.bin or 1
    there = min(shape) // by
    if wanted.crop is not None and wanted.crop > max(shape):
        raise ValueError(
            f"crop must be {max(shape)} pixels at most, the detector of {name}. Received: crop={wanted.crop}. "
            "Give a smaller one, or --pad."
        )
    kept = there if wanted.crop is None else wanted.crop // by
    good = kept - kept % MULTIPLE
    side = good if kept - good <= kept / MOST_CUT else good + MULTIPLE
    if (near or wanted.crop is not None) and kept % MULTIPLE:
        side = good + MULTIPLE
    side = max(side, SMALLEST)
    if wanted.pad is not None:
        if wanted.pad % MULTIPLE or wanted.pad < kept:
            raise ValueError(
                f"pad must be a multiple of {MULTIPLE} pixels, {max(kept, SMALLEST)} or more. Received: "
                f"pad={wanted.pad}. Give {max(side, SMALLEST)}, or --crop first."
            )
        side = wanted.pad
    whole = wanted.crop is None and wanted.pad is None
    return side, (LARGEST_SIDE if whole else kept)
