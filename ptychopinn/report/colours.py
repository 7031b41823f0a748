"""Which colours stand for which values."""

import dataclasses

import numpy as np

from ptychopinn.report.words import mark

WRAPS = 5.5
"""A phase that spans more radians than this is shown on a circle of colours, because it wraps."""

FLAT = 1e-3
"""Values that differ by less are shown as flat: nothing but rounding would be seen."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """A matplotlib colour map, and the values of its two ends."""

    colours: str
    low: float
    high: float

    @property
    def marks(self) -> tuple[str, ...]:
        """The values of the low end, the middle and the high end, as text."""
        if self.colours == "twilight":
            return ("−π", "0", "π")
        return tuple(map(mark, (self.low, (self.low + self.high) / 2, self.high)))


def middle(values: np.ndarray, colours: str = "gray") -> Scale:
    """Return the scale of the middle 98 % of the values; NaN is left out."""
    low, high = np.nanpercentile(values, (1, 99))
    return Scale(colours, low, high) if high - low > FLAT else Scale(colours, low - 0.1, high + 0.1)


def of_phase(phase: np.ndarray) -> Scale:
    """Return the scale of a phase in radians: grey, or the whole circle where it wraps."""
    scale = middle(phase)
    return Scale("twilight", -np.pi, np.pi) if scale.high - scale.low > WRAPS else scale


def around_zero(values: np.ndarray) -> Scale:
    """Return a scale of two colours for values that may have either sign; 99 % of them are inside."""
    largest = max(np.nanpercentile(np.abs(values), 99), FLAT)
    return Scale("RdBu_r", -largest, largest)


def from_zero(values: np.ndarray, colours: str = "magma") -> Scale:
    """Return a scale from zero to the value that 99 % are below."""
    return Scale(colours, 0.0, max(np.nanpercentile(values, 99), FLAT))
