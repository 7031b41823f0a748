"""What a file does not say of itself: counts or amplitude, zero frequency at the centre or the corner."""

import numpy as np

LOOK_AT = 32
"""Patterns that are looked at to tell."""


def tell_measurement(patterns, measurement):
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


def tell_corner(patterns, zero_frequency, bad=False):
    """Return `(corner, note)`: the zero frequency is at the corner if the central quarter holds less than its share.

    Pixels that are `bad`, a bool array `(y, x)` stored as the patterns are, have no say: they may be very bright.
    """
    if zero_frequency != "auto":
        return zero_frequency == "corner", f"Zero frequency is at the {zero_frequency}, as asked."
    mean = np.where(bad, 0, np.nan_to_num(_sample(patterns), posinf=0.0).mean(axis=0))
    height, width = mean.shape
    centre = mean[height // 4 : height - height // 4, width // 4 : width - width // 4]
    corner = bool(centre.sum() < 0.25 * mean.sum())
    place = "corner" if corner else "centre"
    return corner, f"Zero frequency is at the {place}, where the light is; --zero-frequency overrides."


def probe_modes(probe):
    """Bring a probe of shape (y, x), (y, x, 1), (mode, y, x) or (1, ..., mode, y, x) to (mode, y, x)."""
    if probe.ndim == 3 and probe.shape[-1] == 1 and probe.shape[0] == probe.shape[1]:
        probe = probe[..., 0]
    while probe.ndim > 3 and probe.shape[0] == 1:
        probe = probe[0]
    return probe[None] if probe.ndim == 2 else probe


def _sample(patterns):
    return np.asarray(patterns[:: max(1, len(patterns) // LOOK_AT)][:LOOK_AT], dtype=np.float32)
