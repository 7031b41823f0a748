"""Probes and objects of files, as far as they are of use."""

import numpy as np

from ptychopinn.formats.archive import Archive
from ptychopinn.formats.unpacking import Damaged

SMALLEST, LARGEST = 8, 1e15
"""Least side of an object, in pixels, and largest modulus: the square of a larger one overflows single precision."""


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


def alone(image: np.ndarray) -> np.ndarray:
    """Return an image without the axes of length 1 before its `(y, x)`."""
    while image.ndim > 2 and len(image) == 1:
        image = image[0]
    return image


def flaw_of(obj: np.ndarray) -> str | None:
    """Say why an object `(y, x)` is of no use, or return None."""
    if obj.ndim != 2 or min(obj.shape) < SMALLEST:
        return f"it has the shape {obj.shape}, and one image (y, x) of {SMALLEST} x {SMALLEST} pixels or more is read"
    modulus = np.abs(obj)
    if not np.isfinite(modulus).all():
        return f"{int((~np.isfinite(modulus)).sum())} of its pixels are NaN or infinite"
    if obj.dtype.kind != "c" and obj.min() < 0:
        return "it is real and partly negative, as a phase is, and a transmission is read, amplitude * exp(i phase)"
    if modulus.max() > LARGEST:
        return f"it reaches {modulus.max():.3g}"
    return f"it is {obj[0, 0]:.3g} everywhere" if (obj == obj[0, 0]).all() else None
