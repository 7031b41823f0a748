"""How far a reconstruction may be believed, in few findings: each is well, or says why not."""

import dataclasses
from typing import Any

import numpy as np

from ptychopinn.data.grouping import overlap_of
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.engine.order import are_apart
from ptychopinn.evaluation.against_patterns import Residual, residual
from ptychopinn.evaluation.region import well_lit
from ptychopinn.evaluation.resolution import Resolution
from ptychopinn.physics.probes import diameter
from ptychopinn.reconstruction.found import STOOD

AT_MOST = 256
"""Patterns that are compared, spread evenly over the scan."""

NOISY = 1.0
"""An object that varies by no more than so many of its error bars shows nothing."""

MORE_THAN_NOISE = 1.3
"""Patterns that deviate more than so many times what their noise does tell that the experiment was another."""

ASTRAY = 3.0
"""A pattern with so many times the median R-factor is explained badly."""

FEW_ASTRAY = 0.02
"""Part of the patterns that may be explained badly."""

MOVED = 0.25
"""Part of the probe's diameter that a position may be moved by."""

BORDER, ON_BORDER = 1 / 16, 0.01
"""Width of the border of a probe's window, of its side; and the part of the light that may be there."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing to believe, or not.

    Args:
        name: str. What it is of.
        value: str. What was found.
        reason: str. Why it is not well; empty where it is.
        known: bool. Whether it could be told at all.
    """

    name: str
    value: str
    reason: str = ""
    known: bool = True

    @property
    def state(self) -> str:
        """`"well"`, `"doubtful"`, or `"unknown"`."""
        if not self.known:
            return "unknown"
        return "doubtful" if self.reason else "well"

    @property
    def record(self) -> dict[str, Any]:
        """What `report.json` says of it."""
        return {"name": self.name, "value": self.value, "state": self.state, "reason": self.reason}


def trust(reconstruction: Reconstruction, scan: Scan, resolution: Resolution | None = None) -> list[Finding]:
    """Judge a reconstruction by its resolution, error bars, fit, overlap, positions and probe.

    Args:
        reconstruction: Reconstruction, with probe, origin and positions.
        scan: Scan that it is of.
        resolution: Resolution, where it was measured.

    Returns:
        list of Finding.
    """
    positions = np.asarray(reconstruction.positions)
    some = np.unique(np.linspace(0, len(scan) - 1, min(AT_MOST, len(scan))).astype(int))
    probe = np.asarray(reconstruction.probe)
    left = residual(reconstruction.of_patterns(some), probe, scan.moved_to(positions).subset(some))
    return [
        of_resolution(resolution),
        of_error_bars(reconstruction, scan.measurement == "counts"),
        of_fit(left),
        of_overlap(positions, probe),
        of_positions(left, positions - scan.positions, probe),
        of_probe(probe),
    ]


def of_resolution(resolution: Resolution | None) -> Finding:
    """Say the resolution, or how to have it."""
    if resolution is None:
        how = "--resolution measures it, after passes that were not interrupted."
        return Finding("resolution", "not measured", how, known=False)
    agree = resolution.frc50 > 0
    return Finding("resolution", resolution.words, "" if agree else "Two halves of the photons agree on nothing.")


def of_error_bars(reconstruction: Reconstruction, counted: bool) -> Finding:
    """Compare the object's contrast with its error bars."""
    if reconstruction.uncertainty is None:
        why = "Passes tell it, and none was kept." if counted else "Amplitudes have no photons to tell it."
        return Finding("error bar", "not known", why, known=False)
    lit = well_lit(reconstruction) & np.isfinite(reconstruction.uncertainty)
    if not lit.any():
        return Finding("error bar", "not known", "No pixel was seen more than once.", known=False)
    error, contrast = float(np.median(reconstruction.uncertainty[lit])), float(np.std(reconstruction.straight[lit]))
    value = f"{error:.2g} of a transmission that varies by {contrast:.2g}"
    noisy = contrast < NOISY * error
    return Finding("error bar", value, "The object varies no more than its noise." if noisy else "")


def of_fit(left: Residual) -> Finding:
    """Compare what is left between patterns and predictions with the noise of their photons."""
    value = f"R-factor {left.r_factor:.3f}"
    if left.noise_deviance is None or left.noise_r_factor is None:
        return Finding("fit", value, "Amplitudes have no noise to compare with.", known=False)
    times = left.deviance_per_photon / left.noise_deviance
    value += f", {left.noise_r_factor:.3f} by noise alone; deviance {times:.2f} times that of noise"
    more = "Patterns deviate by more than noise: probe, positions, modes or background may be others."
    return Finding("fit", value, more if times > MORE_THAN_NOISE else "")


def of_overlap(positions: np.ndarray, probe: np.ndarray) -> Finding:
    """Tell whether patterns share pixels, which tie what they say together."""
    if len(positions) < 2:
        return Finding("overlap", "one pattern", "A pattern by itself leaves slow phase open.")
    value = f"{overlap_of(positions, probe):.0%} of the diameter of the probe"
    alone = "Few pixels are lit by two patterns: nothing ties the phases of the patterns together."
    return Finding("overlap", value, alone if are_apart(positions, probe) else "")


def of_positions(left: Residual, moved: np.ndarray, probe: np.ndarray) -> Finding:
    """Tell whether patterns were explained badly, or their positions wandered."""
    astray = int(np.sum(left.by_pattern > ASTRAY * np.median(left.by_pattern)))
    farthest, compared = float(np.linalg.norm(moved, axis=1).max()), len(left.by_pattern)
    value = f"moved by up to {farthest:.2g} px" if farthest > STOOD else "as the scan says"
    if farthest > MOVED * diameter(probe):
        return Finding("positions", value, f"Some moved by more than {MOVED:.0%} of the probe's diameter.")
    if astray > FEW_ASTRAY * compared:
        reason = f"{astray} of {compared} patterns have more than {ASTRAY:g} times the median R-factor."
        return Finding("positions", value, reason)
    return Finding("positions", value)


def of_probe(probe: np.ndarray) -> Finding:
    """Tell whether the probe lies inside its window, and say how its light is spread over modes."""
    light = np.sum(np.abs(probe) ** 2, axis=0)
    width = max(1, round(BORDER * len(light)))
    outer = 1 - float(light[width:-width, width:-width].sum() / light.sum())
    value = f"{1 - outer:.1%} of its light inside the window"
    if len(probe) > 1:
        parts = np.sum(np.abs(probe) ** 2, axis=(1, 2)) / light.sum()
        value += "; modes " + ", ".join(f"{part:.0%}" for part in parts)
    reason = f"{outer:.1%} of its light lies at the window's edge: the window is too small, or the probe wanders."
    return Finding("probe", value, reason if outer > ON_BORDER else "")
