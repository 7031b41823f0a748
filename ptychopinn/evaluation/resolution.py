r"""Resolution from one scan: how far two reconstructions agree, each of one half of its photons.

The ring correlation of two halves is brought to that of two scans of the full dose. Were noise added to the object, the
ratio of signal to noise, $s = F / (1 - F)$, would be twice that of a half. But a measured modulus tells of a wave along
its phase alone, which is known from the estimate itself: of the waves with ratio x, a part $x / (1 + x)$ goes the right
way, and $s = x^2 / (1 + x)$. So fine detail gains more than twice from twice the photons, and x alone is doubled.
"""

import dataclasses

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation import ring_correlation as rings
from ptychopinn.evaluation.local_resolution import local_periods
from ptychopinn.evaluation.region import Box
from ptychopinn.evaluation.registration.register import Registered, register

THRESHOLDS = ("frc50", "half_bit", "seventh")


@dataclasses.dataclass(frozen=True)
class Resolution:
    """How fine the detail is that the photons of a scan support, at its full dose.

    Args:
        frc50, half_bit, seventh: float. Frequency, cycles per pixel, at which the ring correlation of the complex
            object falls below 0.5, the half-bit curve and 1/7; 0.5 where it never does.
        curves: dict of float arrays `(ring,)`: `frequency` (cycles per pixel), `halves`, that of the halves, `full`,
            that of two scans of the full dose, the threshold `half_bit`, and `signal`, the power that the halves share.
        region: `(top, bottom, left, right)` in the object's pixels.
        local: float32 array `(y, x)`, of the object's shape: the period at which it falls below 0.5 around each pixel,
            in pixels; NaN outside the region.
        pixel_size_m: float, where it is known.
        shared: what the halves do not know independently, in words: errors of it do not show.
    """

    frc50: float
    half_bit: float
    seventh: float
    curves: dict[str, np.ndarray]
    region: Box
    local: np.ndarray
    pixel_size_m: float | None
    shared: tuple[str, ...]

    def period_m(self, threshold: str) -> float | None:
        """Return the full period at a threshold in metres; None where the pixel is unknown, or nothing agrees."""
        frequency = getattr(self, threshold)
        return self.pixel_size_m / frequency if self.pixel_size_m and frequency else None

    @property
    def words(self) -> str:
        """The two figures that are quoted most, in words."""
        said = []
        for name, limit in (("frc50", "FRC 0.5"), ("half_bit", "half-bit")):
            frequency, period_m = getattr(self, name), self.period_m(name)
            metres = f", {period_m * 1e9:.3g} nm" if period_m else ""
            said.append(f"{1 / frequency:.3g} px{metres} ({limit})" if frequency else f"none ({limit})")
        return "; ".join(said)

    def on(self, reconstruction: Reconstruction) -> Reconstruction:
        """Return a reconstruction with the map of its resolution."""
        return dataclasses.replace(reconstruction, local_resolution=self.local)

    @property
    def record(self) -> dict[str, object]:
        """What `report.json` says of it."""
        said: dict[str, object] = {name: round(getattr(self, name), 5) for name in THRESHOLDS}
        for name in THRESHOLDS:
            period_m = self.period_m(name)
            said[f"{name}_nm"] = None if period_m is None else round(period_m * 1e9, 5)
        return said | {"region_px": self.region, "shared": list(self.shared)}


def resolution(reconstruction: Reconstruction, region: str | Box = "auto") -> Resolution:
    """Measure the resolution of a reconstruction by its `halves`, in the region that was well lit, or in a box.

    Args:
        reconstruction: Reconstruction, made with `ReconstructionParams(resolution=True)`.
        region: which pixels count; see `find_region`.

    Returns:
        Resolution.

    Raises:
        ValueError: if it has no halves, or they share less than 16 x 16 pixels that were well lit.
    """
    if len(reconstruction.halves) != 2:
        raise ValueError(
            f"A resolution needs the reconstructions of both halves of the photons. Received: {reconstruction.name} "
            f"with {len(reconstruction.halves)} of them. Reconstruct with resolution=True, and to the end."
        )
    found = register(*reconstruction.halves, region=region)
    shape = found.truth.shape
    curve = rings.ring_correlation(found.image, found.truth)
    full, half_bit = at_full_dose(curve), rings.half_bit(shape)
    frc50, finest, seventh = (rings.crossing(full, limit) for limit in (0.5, half_bit, rings.SEVENTH))
    curves = {
        "frequency": rings.frequencies(shape), "halves": curve, "full": full, "half_bit": half_bit,
        "signal": rings.shared_power(found.image, found.truth),
    }  # fmt: skip
    pixel = reconstruction.pixel_size_m
    return Resolution(
        frc50, finest, seventh, curves, found.box, local_of(found, reconstruction), pixel, shared(reconstruction)
    )


def local_of(found: Registered, reconstruction: Reconstruction) -> np.ndarray:
    """Return the local resolution of registered halves on the canvas of the whole object."""
    canvas = np.full(reconstruction.object.shape, np.nan, np.float32)
    top, bottom, left, right = found.box
    canvas[top:bottom, left:right] = local_periods(found.image, found.truth, at_full_dose)
    return canvas


def at_full_dose(correlation: np.ndarray) -> np.ndarray:
    """Return the correlation of two scans of the full dose, of that of two halves; what is negative stays."""
    return np.where(correlation < 0, correlation, of_waves(2 * waves_of(correlation)))


def waves_of(correlation: np.ndarray) -> np.ndarray:
    """Return the ratio x of signal to noise of the waves whose object correlates so; 0 where it does not."""
    ratio = np.clip(correlation, 0, 1 - 1e-9)
    ratio = ratio / (1 - ratio)
    return (ratio + np.sqrt(ratio**2 + 4 * ratio)) / 2


def of_waves(waves: np.ndarray) -> np.ndarray:
    """Return the ring correlation of objects from waves of a ratio x of signal to noise."""
    ratio = waves**2 / (1 + waves)
    return ratio / (1 + ratio)


def shared(reconstruction: Reconstruction) -> tuple[str, ...]:
    """Name what both halves of a reconstruction started from or were held to, which no photon dealt out can judge."""
    record = reconstruction.record
    words = ["the scan's positions" if "positions_moved_rms_px" not in record else "the positions at first"]
    words.append("the probe at first" if record.get("probe_refined") else "the probe")
    words.append("the model of the experiment")
    if record.get("start") == "network":
        words.append("what the network knows of objects")
    return tuple(words)
