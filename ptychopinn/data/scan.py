"""Scan: what a ptychography experiment measured, and what is known of it."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Self

import numpy as np

from ptychopinn.data.checks import check_scan
from ptychopinn.data.selection import Patterns, Selection
from ptychopinn.data.survey import Survey, survey
from ptychopinn.physics.optics import Optics, optics_at

NO_DATA = -1.0
"""Amplitude of a pixel without data (a bad pixel): filled in the network's input, left out of the loss."""


@dataclasses.dataclass(frozen=True, eq=False)
class Scan:
    r"""Diffraction patterns with their positions, probe and geometry.

    Making one reads no pattern. The first use of the patterns looks through all of them once (see `survey`); after
    that they are read from where they lie as they are asked for.

    Args:
        patterns: array-like `(pattern, y, x)`: counts or amplitudes, read by slices and indices. If it has a method
            `verify`, that is called before the first use: it raises ValueError where the file is damaged.
        positions: float array `(pattern, 2)`: `(y, x)` of each patch's centre, in pixels of the object.
        probe_guess: complex array `(mode, y, x)`, of any brightness.
        measurement: `"counts"` (photons) or `"amplitude"` (their square root).
        corner: bool. Whether the zero frequency of the stored patterns is at pixel (0, 0) and not at the centre.
        object: complex array `(y, x)`, if it is known; pixel (0, 0) is at position (0, 0).
        mask: bool array `(y, x)`, True on good pixels, zero frequency at the centre.
        probe_made: bool. Whether the probe was made of the patterns, for nobody knew it.
        photons: float. Mean photons of a pattern, for amplitudes of arbitrary unit. Defaults to what they are.
        pixel_size_m, energy_eV, distance_m: float, where they are known.
        fresnel_number: float. Of an object's pixel p, $p^2 / (\lambda z)$, where the detector is in the near field, at
            the distance z that a parallel beam would need. Defaults to the far field.
        background: float. Photons that each pixel counts besides, on average, in every pattern. Defaults to 0.
        name: str. Where the scan came from.
        notes: what the reader assumed, in sentences.
        marked: bool. Whether negative values of the patterns mark pixels without data, in single patterns.
        whole: Scan whose survey this one shares: that which it is a part of. Defaults to itself.

    Raises:
        ValueError: where patterns, positions, probe and mask cannot belong together.
    """

    patterns: Patterns
    positions: np.ndarray
    probe_guess: np.ndarray
    measurement: str = "counts"
    corner: bool = False
    object: np.ndarray | None = None
    mask: np.ndarray | None = None
    photons: float | None = None
    pixel_size_m: float | None = None
    energy_eV: float | None = None
    distance_m: float | None = None
    fresnel_number: float | None = None
    background: float = 0.0
    probe_made: bool = False
    name: str = "scan"
    notes: tuple[str, ...] = ()
    marked: bool = False
    whole: "Scan | None" = None

    def __post_init__(self) -> None:
        if self.whole is None:
            check_scan(self)

    @property
    def optics(self) -> Optics:
        """How light goes from the object to the detector: to the far field, or a Fresnel distance through the near."""
        return optics_at(self.fresnel_number)

    @property
    def size(self) -> int:
        """Side of a pattern, in pixels."""
        return self.patterns.shape[-1]

    def __len__(self) -> int:
        return self.patterns.shape[0]

    @functools.cached_property
    def survey(self) -> Survey:
        """What all patterns together tell: `Survey`, made at its first use, and shared by every part of the scan."""
        return survey(self) if self.whole is None else self.whole.survey

    @property
    def mean_photons(self) -> float:
        """Mean photons of a pattern, on good pixels."""
        return self.survey.mean_light if self.photons is None else self.photons

    @property
    def amplitude_scale(self) -> float:
        """Factor that turns stored amplitudes into square roots of photons."""
        return np.sqrt(self.mean_photons / self.survey.mean_light)

    @functools.cached_property
    def probe(self) -> np.ndarray:
        """The probe, complex64 `(mode, y, x)`, scaled to the mean light: the object is a transmission of order 1."""
        pixels = self.size**2 if self.mask is None else int(self.mask.sum())
        light = max(self.mean_photons - self.background * pixels, 0.01 * self.mean_photons)
        power = np.sum(np.abs(self.probe_guess) ** 2)
        return (np.asarray(self.probe_guess) * np.sqrt(light / power)).astype(np.complex64)

    def amplitudes(self, indices: slice | np.ndarray) -> np.ndarray:
        """Read patterns as amplitudes: float32 `(..., y, x)`, square root of photons, `NO_DATA` where bad.

        Args:
            indices: slice, or int array of any shape.
        """
        self.check()
        amplitudes = self._read(indices)
        if self.mask is not None:
            amplitudes[..., ~self.mask] = NO_DATA
        return amplitudes

    def check(self) -> Survey:
        """Raise ValueError where the patterns are damaged or cannot be, as their `survey` finds."""
        return self.survey

    def subset(self, indices: np.ndarray) -> Self:
        """Return the scan of some of the patterns, with the photons and the probe of the whole.

        Args:
            indices: int array `(pattern,)`: which patterns, in any order; those of the subset stand in rising order.
        """
        rising = np.unique(indices)
        patterns, positions = Selection(self.patterns, rising), self.positions[rising]
        return dataclasses.replace(self, patterns=patterns, positions=positions, whole=self._surveyed)

    def lit(self) -> Self:
        """Return the scan without the patterns that hold no light, or far more than all others, and a note of them.

        All patterns are looked through for it, if they were not yet. A part of a scan stays what it is.
        """
        lost = self.survey.lost
        if self.whole is not None or not len(lost):
            return self
        few = ", ".join(map(str, lost[:6])) + (", ..." if len(lost) > 6 else "")
        note = f"Left out: {len(lost)} of {len(self)} patterns without light, or with far too much of it ({few})."
        kept = self.subset(np.setdiff1d(np.arange(len(self)), lost))
        return dataclasses.replace(kept, notes=(*self.notes, note))

    def with_photons(self, photons: float) -> Self:
        """Return the scan with amplitudes scaled so that a pattern has this many photons on average."""
        if self.measurement == "counts":
            raise ValueError(
                f"photons scales amplitudes of arbitrary unit, and {self.name} holds counts, which are photons. "
                f"Received: photons={photons:g}. Leave the option out, or give --measurement amplitude."
            )
        return dataclasses.replace(self, photons=float(photons), whole=self._surveyed)

    def moved_to(self, positions: np.ndarray) -> Self:
        """Return the scan with its patterns taken at other positions `(pattern, 2)`, pixels."""
        return dataclasses.replace(self, positions=np.asarray(positions, float), whole=self._surveyed)

    @property
    def _surveyed(self) -> "Scan":
        return self if self.whole is None else self.whole

    def _read(self, indices: slice | np.ndarray) -> np.ndarray:
        if isinstance(indices, slice):
            stored = np.asarray(self.patterns[indices])
        else:
            indices = np.asarray(indices)
            unique, inverse = np.unique(indices, return_inverse=True)  # h5py wants each index once, in order
            stored = np.asarray(self.patterns[unique])[inverse].reshape(*indices.shape, self.size, self.size)
        values = stored.astype(np.float32)
        if self.corner:
            values = np.fft.fftshift(values, axes=(-2, -1))
        light = np.maximum(values, 0)
        amplitudes = np.sqrt(light) if self.measurement == "counts" else light * np.float32(self.amplitude_scale)
        return np.where(values < 0, np.float32(NO_DATA), amplitudes) if self.marked else amplitudes


def listed(scans: Scan | Sequence[Scan]) -> list[Scan]:
    """Return one scan, or a sequence of them, as a list."""
    return [scans] if isinstance(scans, Scan) else list(scans)
