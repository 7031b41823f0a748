"""Reconstruction: an object that somebody reconstructed, or that is known, and what is known beside it."""

import dataclasses
import typing

import numpy as np

from ptychopinn.physics.optics import FAR, Optics
from ptychopinn.physics.ramp import straightened


@dataclasses.dataclass(eq=False)
class Reconstruction:
    """A complex image of an object, whoever made it.

    Args:
        object: complex64 array `(y, x)`: transmission, with its common phase ramp, as the patterns know it.
        weight: float32 array `(y, x)`: how well each pixel was lit. Defaults to 1 where the object is not zero.
        origin: `(y, x)` position of pixel (0, 0), in pixels of the scan's positions, where it is known.
        ramp: `(y, x)` common phase ramp of the object, in radians per pixel.
        uncertainty: float32 array `(y, x)`: standard error of the complex object, where it is known; infinite where it
            is not. `record["uncertainty"]` says by what: `"patches"`, by how much a network's disagree, `"dose"`, by
            the photons of each pixel, or `"halves"`, as two halves of the photons measure it.
        amplitude_uncertainty, phase_uncertainty: float32 arrays `(y, x)`: those of its modulus, and of its phase in
            radians, where passes were made.
        probe: complex array `(mode, y, x)`, where it is known.
        positions: float array `(pattern, 2)`: `(y, x)` of the scan's patches, pixels, where they are known.
        flux: float array `(pattern,)`: brightness of each pattern's light, 1 on average, where it was looked for.
        probe_variation: complex array `(dimension, mode, y, x)`: how the probe varies, where that was looked for: the
            probe of pattern j is `probe + sum(probe_weights[j, k] * probe_variation[k])`.
        slices: complex array `(slice, y, x)`, where there are several: the object is their product.
        background: float array `(y, x)`: photons of the detector besides, where it was looked for.
        optics: Optics: how light went through the slices to the detector. Defaults to the far field.
        probe_weights: complex array `(pattern, dimension)`: 0 on average, 1 in root mean square.
        pixel_size_m, energy_eV, distance_m: float, where they are known.
        local_resolution: float32 array `(y, x)`: period of the finest detail that photons support there, pixels, where
            it was measured; NaN where nothing is known.
        halves: the Reconstructions of either half of the photons, where there are any.
        name: str. Where it came from.
        record: dict: how it was made, where this library did.

    Raises:
        ValueError: if the object is not a finite image, or weight or slices are not of its shape.
    """

    object: np.ndarray
    weight: np.ndarray = None  # type: ignore[assignment]  # filled in where it is not given
    origin: tuple[float, float] | None = None
    ramp: tuple[float, float] = (0.0, 0.0)
    uncertainty: np.ndarray | None = None
    amplitude_uncertainty: np.ndarray | None = None
    phase_uncertainty: np.ndarray | None = None
    probe: np.ndarray | None = None
    positions: np.ndarray | None = None
    flux: np.ndarray | None = None
    probe_variation: np.ndarray | None = None
    probe_weights: np.ndarray | None = None
    slices: np.ndarray | None = None
    background: np.ndarray | None = None
    optics: Optics = FAR
    pixel_size_m: float | None = None
    energy_eV: float | None = None
    distance_m: float | None = None
    local_resolution: np.ndarray | None = None
    halves: tuple["Reconstruction", ...] = ()
    name: str = "object"
    record: dict[str, typing.Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = np.shape(self.object)
        if len(shape) != 2 or min(shape) < 8:
            raise ValueError(
                f"{self.name} must hold an object (y, x) of 8 x 8 pixels or more. Received: shape={shape}. "
                "Keep one slice of it."
            )
        if not np.isfinite(self.object).all():
            raise ValueError(
                f"The object of {self.name} must be finite. Received: NaN or infinity in "
                f"{int((~np.isfinite(self.object)).sum())} pixels. Set pixels that were not reconstructed to 0."
            )
        if self.weight is None:
            self.weight = (np.abs(self.object) > 0).astype(np.float32)
        elif np.shape(self.weight) != shape:
            raise ValueError(
                f"{self.name} must hold a weight of the object's shape {shape}. "
                f"Received: weight.shape={np.shape(self.weight)}. Leave it out, or save it with the object."
            )
        if self.slices is not None and (np.ndim(self.slices), np.shape(self.slices)[1:]) != (3, shape):
            raise ValueError(
                f"{self.name} must hold slices (slice, y, x) of the object's shape {shape}. "
                f"Received: slices.shape={np.shape(self.slices)}. Leave them out, or save them with the object."
            )

    @property
    def fresnel_number(self) -> float | None:
        """That of an object's pixel, where the detector was in the near field; None in the far field."""
        return self.optics.fresnel_number

    @property
    def blur(self) -> float | None:
        """Standard deviation of the detector's point spread, in pixels; None where it is sharp."""
        return self.optics.blur or None

    @property
    def slice_distance(self) -> float | None:
        """Fresnel distance from a slice to the next, in pixels; None where there is one slice."""
        return self.optics.spacing if self.slices is not None else None

    def of_patterns(self, indices: np.ndarray) -> "Reconstruction":
        """Return it with what is known of each pattern for some of them: int array `(pattern,)`."""
        known = {name: getattr(self, name) for name in ("positions", "flux", "probe_weights")}
        return dataclasses.replace(self, **{name: of[indices] for name, of in known.items() if of is not None})

    @property
    def straight(self) -> np.ndarray:
        """The object to look at: its ramp and its mean phase taken out, complex64 `(y, x)`."""
        return straightened(self.object, self.weight, self.ramp)
