"""What a file does not say of itself: counts or amplitude, zero frequency at the centre or the corner."""

import dataclasses

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import Patterns
from ptychopinn.formats.archive import Archive
from ptychopinn.formats.unpacking import Damaged

LOOK_AT = 32
"""Patterns that are looked at to tell."""


SMALLEST, LARGEST = 8, 1e15
"""Least side of an object, in pixels, and largest modulus: the square of a larger one overflows single precision."""


def told(scan: Scan, measurement: str, zero_frequency: str) -> Scan:
    """Return a scan with what was asked for, or what its patterns tell, and notes that say so.

    Args:
        scan: Scan, whose mask is stored as its patterns are.
        measurement: `"counts"`, `"amplitude"` or `"auto"`.
        zero_frequency: `"centre"`, `"corner"` or `"auto"`.
    """
    measurement, first = tell_measurement(scan.patterns, measurement)
    corner, second = tell_corner(scan.patterns, zero_frequency, False if scan.mask is None else ~scan.mask)
    mask = np.fft.fftshift(scan.mask) if corner and scan.mask is not None else scan.mask
    notes = (*scan.notes, first, second)
    return dataclasses.replace(scan, measurement=measurement, corner=corner, mask=mask, notes=notes)


def tell_measurement(patterns: Patterns, measurement: str) -> tuple[str, str]:
    """Return `(measurement, note)`: integers, and floats that are all whole, are counts; else amplitudes."""
    if measurement != "auto":
        return measurement, f"Patterns are read as {measurement}, as asked."
    if patterns.dtype.kind in "iub":
        return "counts", f"Patterns are {patterns.dtype}: read as counts (photons)."
    sample = np.nan_to_num(_sample(patterns))
    if np.array_equal(sample, np.round(sample)):
        return "counts", "Patterns are floats, all whole numbers: read as counts (photons); --measurement overrides."
    note = "Patterns are floats, not whole numbers: read as amplitudes; --measurement overrides, --photons scales."
    return "amplitude", note


def tell_corner(patterns: Patterns, zero_frequency: str, bad: np.ndarray | bool = False) -> tuple[bool, str]:
    """Return `(corner, note)`: the zero frequency is at the corner if the central quarter holds less than its share.

    Pixels that are `bad`, a bool array `(y, x)` stored as the patterns are, have no say: they may be very bright.
    """
    if zero_frequency != "auto":
        return zero_frequency == "corner", f"Zero frequency is at the {zero_frequency}, as asked."
    mean = np.where(bad, 0, np.nan_to_num(_sample(patterns), posinf=0.0).mean(axis=0, dtype=np.float64))
    height, width = mean.shape
    centre = mean[height // 4 : height - height // 4, width // 4 : width - width // 4]
    corner = bool(centre.sum() < 0.25 * mean.sum())
    place = "corner" if corner else "centre"
    return corner, f"Zero frequency is at the {place}, where the light is; --zero-frequency overrides."


def probe_modes(probe: np.ndarray) -> np.ndarray:
    """Bring a probe of shape (y, x), (y, x, 1), (mode, y, x) or (1, ..., mode, y, x) to complex (mode, y, x)."""
    if probe.dtype.kind != "c":
        probe = probe.astype(np.complex128)
    if probe.ndim == 3 and probe.shape[-1] == 1 and probe.shape[0] == probe.shape[1]:
        probe = probe[..., 0]
    while probe.ndim > 3 and probe.shape[0] == 1:
        probe = probe[0]
    return probe[None] if probe.ndim == 2 else probe


def known_object(archive: Archive, key: str) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return `(object or None, notes)`: an object that is of no use is left out, and a note says why."""
    if key not in archive:
        return None, ()
    try:
        obj = np.squeeze(archive.array(key))
    except Damaged:
        raise
    except ValueError as error:
        return None, (f"The object is left out. {error}",)
    flaw = flaw_of(obj)
    return (None, (f"The object {key} is left out: {flaw}.",)) if flaw else (obj, ())


def flaw_of(obj: np.ndarray) -> str | None:
    """Say why an object `(y, x)` is of no use, or return None."""
    if obj.ndim != 2 or min(obj.shape) < SMALLEST:
        return f"it has the shape {obj.shape}, and one image (y, x) of {SMALLEST} x {SMALLEST} pixels or more is read"
    modulus = np.abs(obj)
    if not np.isfinite(modulus).all():
        return f"{int((~np.isfinite(modulus)).sum())} of its pixels are NaN or infinite"
    if modulus.max() > LARGEST:
        return f"it reaches {modulus.max():.3g}"
    return f"it is {obj[0, 0]:.3g} everywhere" if (obj == obj[0, 0]).all() else None


def _sample(patterns: Patterns) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(patterns[:: max(1, patterns.shape[0] // LOOK_AT)][:LOOK_AT], dtype=np.float32)
