"""Optics: how light goes through an object and on to the detector, and what that makes of it, in numbers alone."""

import dataclasses

import numpy as np

from ptychopinn.physics.detector import gaussian_spread


@dataclasses.dataclass(frozen=True)
class Optics:
    r"""The way of the light: slices of an object and the room between them, the room to the detector, and its blur.

    Distances are Fresnel distances $\lambda z / p^2$ of pixels of size $p$: no unit is left, and it is the number of
    pixels by which the steepest wave that they hold spreads. The inverse is the Fresnel number of a pixel.

    Args:
        distance: float. To a detector in the near field, from the last slice. `None`, the default, is the far field.
        slices: int. Slices of the object. Defaults to 1.
        spacing: float. From a slice to the next. Defaults to 0.
        blur: float. Standard deviation of the detector's point spread, in pixels. Defaults to 0.
    """

    distance: float | None = None
    slices: int = 1
    spacing: float = 0.0
    blur: float = 0.0

    @property
    def fresnel_number(self) -> float | None:
        """That of a pixel, where the detector is in the near field; None in the far field."""
        return None if self.distance is None else 1 / self.distance

    @property
    def zero_first(self) -> bool:
        """Whether what reaches the detector has its middle, the zero frequency, at pixel (0, 0)."""
        return self.distance is None

    def spread(self, size: int, zero_first: bool = False) -> np.ndarray | None:
        """Return the detector's point spread along a side, see `gaussian_spread`; `None` where it is sharp."""
        return gaussian_spread(size, self.blur, zero_first) if self.blur else None


FAR = Optics()
"""One slice, the far field, a sharp detector."""


def optics_at(fresnel_number: float | None) -> Optics:
    """Return the optics of one slice and a sharp detector at the Fresnel number of a pixel; the far field if None."""
    return FAR if fresnel_number is None else Optics(distance=1 / fresnel_number)
