"""The first guess of the probe: that of the file on the patterns' window, or one that is made from the patterns."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.physics.resampling import placed, resampled
from ptychopinn.preparation.centre import is_at_corner
from ptychopinn.preparation.params import Preparation

SAME_PIXEL = 0.01
"""By how much pixels may differ and be the same."""


@dataclasses.dataclass(frozen=True)
class Grid:
    """The pixels of patterns before and after they were cut out of the detector.

    Args:
        stored: int. Side of the patterns as they are stored.
        binned: int. Binned pixels of the detector, each way, on one pixel of a pattern.
        side: int. Side of the patterns.
        near: bool. Whether the detector is in the near field, where a pixel of a pattern is one of the object.
    """

    stored: int
    binned: int
    side: int
    near: bool = False

    @property
    def pixel_ratio(self) -> float:
        """Pixel of the object, over that of patterns as they are stored."""
        return self.binned if self.near else self.stored / (self.side * self.binned)

    def take(self, probe: np.ndarray) -> np.ndarray:
        """Bring a probe `(mode, y, x)`, on the window of patterns as they are stored, to that of the patterns."""
        if self.near:
            return resampled(placed(probe, self.side * self.binned), self.side)
        return placed(resampled(probe, self.side * self.binned), self.side)


def probe_of_file(recording: Recording, grid: Grid, wanted: Preparation) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the probe that a file holds on the patterns' window, complex `(mode, y, x)`, and what was done to it.

    None, if it holds none, or another is to be made: all ones and all zeros are none.
    """
    if recording.probe is None:
        return None, ("The file holds no probe.",)
    if wanted.make_probe:
        return None, ("The probe of the file is left out, as asked.",)
    probe, notes = np.asarray(recording.probe, np.complex128), []
    if probe.ndim > 3:
        probe = probe.reshape(-1, *probe.shape[-3:])
        if len(probe) > 1:
            notes.append(f"Of {len(probe)} probes of single patterns (OPR) the first is taken.")
        probe = probe[0]
    if probe.ndim != 3 or 0 in probe.shape:
        raise ValueError(
            f"{recording.name} must hold a probe (mode, y, x). Received: probe.shape={np.shape(recording.probe)}. "
            "Save its modes, or leave it out."
        )
    empty = _says_nothing(probe)
    if empty is not None:
        return None, (f"The probe of the file is left out: it is {empty}.",)
    if wanted.defocus is not None:
        raise ValueError(
            f"defocus is for a probe that is made, and {recording.name} holds one. Received: "
            f"defocus={wanted.defocus:g} m. Leave it out, or say --make-probe."
        )
    light = np.sum(np.abs(probe) ** 2, axis=0)
    if is_at_corner(light) and not is_at_corner(np.fft.fftshift(light)):
        probe = np.fft.fftshift(probe, axes=(1, 2))
        notes.append("The probe lies at the corner of its window: it is brought to the middle.")
    own, pixel = recording.probe_pixel_m, recording.pixel_size_m
    if own and pixel and abs(own / pixel - 1) > SAME_PIXEL:
        square = placed(probe, max(probe.shape[1:]))
        probe = resampled(square, max(8, round(square.shape[-1] * own / pixel)))
        notes.append(f"The probe's pixel is {own:.4g} m: it is resampled to that of the scan, {pixel:.4g} m.")
    if probe.shape[1:] != (grid.stored, grid.stored):
        if not notes or "resampled" not in notes[-1]:
            notes.append(
                f"The probe is of {probe.shape[1]} x {probe.shape[2]} pixels: its middle is taken, for a window of "
                f"{grid.stored} x {grid.stored}."
            )
        probe = placed(probe, grid.stored)
    return grid.take(probe), tuple(notes)


def _says_nothing(probe: np.ndarray) -> str | None:
    """Say why a probe is none, or return None."""
    if not np.isfinite(probe).all():
        return "not finite"
    first = probe.flat[0]
    if (probe == first).all():
        return "zero" if first == 0 else f"{first.real:g} everywhere" if first.imag == 0 else "the same everywhere"
    return None
