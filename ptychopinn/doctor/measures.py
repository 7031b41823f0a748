"""Figures of a scan: overlap, sampling, centre, noise, background, brightness, positions."""

import numpy as np
from scipy.spatial import cKDTree

from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import spread
from ptychopinn.physics.probes import diameter
from ptychopinn.preparation.centre import fills_window, measured_centre
from ptychopinn.preparation.shot_noise import variance_per_mean

LOOKED_AT = 128
"""Patterns that are looked at, spread evenly over the scan."""

SAME = 0.01
"""Pixels: positions that are nearer are the same."""

DIMMEST = 5
"""Percentile of the mean pattern that the background is read from."""

TREND = 0.1
"""Part of the scan whose mean brightness is its beginning, or its end."""


def measures(scan: Scan) -> dict[str, float | int | list | None]:
    """Return figures of a scan, their units in their names; what cannot be told is None."""
    some = spread(scan.patterns, LOOKED_AT)
    amplitudes = scan.amplitudes(some)
    return {**_overlap(scan), **_patterns(scan, amplitudes), **_brightness(scan)}


def _overlap(scan: Scan) -> dict[str, float | int | list | None]:
    wide = diameter(scan.probe)
    found: dict[str, float | int | list | None] = {"probe_diameter_px": wide, "oversampling": scan.size / wide}
    positions = np.unique(np.round(scan.positions / SAME) * SAME, axis=0)
    found["duplicated_positions"] = len(scan) - len(positions)
    if len(positions) < 2:
        return {**found, "overlap_mean": None, "overlap_worst": None}
    nearest = cKDTree(positions).query(positions, k=2)[0][:, 1]
    overlap = np.maximum(0, 1 - nearest / wide)
    return {**found, "overlap_mean": float(overlap.mean()), "overlap_worst": float(overlap.min())}


def _patterns(scan: Scan, amplitudes: np.ndarray) -> dict[str, float | int | list | None]:
    good = np.asarray((amplitudes >= 0).all(axis=0))
    light = np.square(np.maximum(amplitudes, 0))
    mean = np.where(good, light.mean(axis=0), 0)
    centre = None
    if not fills_window(mean):
        y, x = measured_centre(mean, ~good)
        centre = [y - scan.size // 2, x - scan.size // 2]
    return {
        "zero_frequency_off_px": centre,
        "variance_over_mean": variance_per_mean(light) if good.all() and scan.measurement == "counts" else None,
        "background_photons_per_px_at_most": float(np.percentile(mean[good], DIMMEST)),
        "contrast": float(np.square(np.maximum(amplitudes, 0) - np.sqrt(mean))[:, good].sum() / light[:, good].sum()),
    }


def _brightness(scan: Scan) -> dict[str, float | int | list | None]:
    light = np.delete(scan.survey.light, scan.survey.lost) if scan.whole is None else scan.survey.light
    run = max(1, round(TREND * len(light)))
    start, end = float(light[:run].mean()), float(light[-run:].mean())
    return {
        "brightness_spread": float(light.std() / light.mean()),
        "brightness_last_over_first": end / start if start else None,
    }
