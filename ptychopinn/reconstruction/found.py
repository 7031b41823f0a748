"""What a reconstruction found besides object and probe, in few figures, for its record and for who checks it."""

import dataclasses
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.physics.optics import FAR
from ptychopinn.reconstruction.modes import powers

STOOD = 1e-3
"""Pixels that a position may differ by, and not have moved."""


def found_of(reconstruction: Reconstruction, scan: Scan, positions: bool) -> dict[str, Any]:
    """Return what was found besides object and probe, where it was looked for.

    Args:
        reconstruction: Reconstruction, with its probe.
        scan: Scan, at the positions that it was read with.
        positions: bool. Whether positions were looked for.
    """
    found: dict[str, Any] = {}
    if positions:
        shifts = np.asarray(reconstruction.positions) - scan.positions
        found["positions_moved_rms_px"] = round(float(np.sqrt(np.mean(np.square(shifts)))), 4)
        found["positions_moved_most_px"] = round(float(np.linalg.norm(shifts, axis=1).max()), 4)
    probe = np.asarray(reconstruction.probe)
    if len(probe) > 1:
        found["mode_powers"] = [round(part, 4) for part in powers(probe)]
    variation = reconstruction.probe_variation
    if variation is not None:
        light = [float(np.sum(np.abs(part) ** 2)) for part in (probe, *variation)]
        found["probe_variation_powers"] = [round(part / sum(light), 5) for part in light[1:]]
    flux = reconstruction.flux
    if flux is not None:
        found["flux_least_most"] = [round(float(extreme), 4) for extreme in (flux.min(), flux.max())]
    background = reconstruction.background
    if background is not None:
        found["background_mean_most"] = [round(float(figure), 4) for figure in (background.mean(), background.max())]
    if reconstruction.optics != FAR:
        found["optics"] = dataclasses.asdict(reconstruction.optics)
    return found


def besides(earlier: Reconstruction, scan: Scan) -> list[str]:
    """Return what an earlier reconstruction found besides object and probe, in words."""
    found = {"flux": earlier.flux, "variation of the probe": earlier.probe_variation, "background": earlier.background,
             "slices": earlier.slices}  # fmt: skip
    words = [name for name, value in found.items() if value is not None]
    places = earlier.positions
    if places is not None and places.shape == scan.positions.shape and np.abs(places - scan.positions).max() > STOOD:
        words = ["positions", *words]
    return words
