"""Scan an object: positions, photons, counts."""

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.formats.ptychopinn_npz import write as write_ptychopinn
from ptychopinn.memory import check_memory
from ptychopinn.physics.experiment import Experiment
from ptychopinn.simulation.detector import draw_counts
from ptychopinn.simulation.memory import simulation_bytes
from ptychopinn.simulation.positions import jittered_raster

__all__ = ["jittered_raster", "simulate", "simulate_experiment", "write_ptychopinn"]

CHUNK = 64
"""Patterns at a time."""


def simulate(
    obj: np.ndarray,
    probe: np.ndarray,
    positions: np.ndarray,
    photons: float = 1e5,
    seed: int = 0,
    *,
    background: float = 0.0,
    bad: np.ndarray | None = None,
) -> Scan:
    """Scan an object: Poisson counts of the far field at each position.

    Between pixels it is the probe that moves, band-limited (see `shifted`): nothing is interpolated.

    Args:
        obj: complex array `(y, x)`: transmission, pixel (0, 0) at position (0, 0).
        probe: complex array `(mode, y, x)`.
        positions: float array `(pattern, 2)`, pixels.
        photons: float. Mean photons that the object sends to the detector for a pattern. Defaults to 1e5.
        seed: int.
        background: float. Photons that each pixel counts besides, on average. Defaults to 0.
        bad: bool array `(y, x)`: pixels that read 0, and are marked as bad. Defaults to none.

    Returns:
        Scan with counts (uint16 where they fit, else uint32), and the object.

    Raises:
        MemoryError: if the patterns would not fit in memory.
        ValueError: if a patch reaches beyond the object, no light passes, or counts do not fit in 32 bits.
    """
    return simulate_experiment(Experiment(obj, probe, background=background), positions, photons, seed, bad)


def simulate_experiment(
    experiment: Experiment,
    positions: np.ndarray,
    photons: float = 1e5,
    seed: int = 0,
    bad: np.ndarray | None = None,
) -> Scan:
    """Scan as an experiment does, whose light is scaled to the photons: see `simulate`.

    Args:
        experiment: Experiment: object, probe, optics, and what varies from pattern to pattern.
        positions, photons, seed, bad: as of `simulate`.

    Returns:
        Scan with counts; its object is the product of the slices.
    """
    size, count, obj = experiment.probe.shape[-1], len(positions), experiment.object
    check_memory(simulation_bytes(count, size), f"{count} patterns of {size} x {size} pixels", "Take fewer positions.")
    detector = experiment.detector(photons / _mean_exit_photons(experiment, positions))
    counts = np.empty((count, size, size), np.uint32)
    for start in range(0, count, CHUNK):
        expected = detector.expected(experiment.light(positions, slice(start, start + CHUNK)))
        if bad is not None:
            expected[:, bad] = 0
        counts[start : start + CHUNK] = draw_counts(expected, seed, start)
    if counts.max() <= np.iinfo(np.uint16).max:
        counts = counts.astype(np.uint16)
    return Scan(
        patterns=counts, positions=positions, probe_guess=experiment.probe, name="simulated",
        object=obj if obj.ndim == 2 else np.prod(obj, axis=0), mask=~bad if bad is not None and bad.any() else None,
        fresnel_number=experiment.optics.fresnel_number,
    )  # fmt: skip


def _mean_exit_photons(experiment: Experiment, positions: np.ndarray) -> float:
    """Return the mean of sum |P O|^2 over the patterns: by Parseval, what a detector without holes would see."""
    total = 0.0
    for start in range(0, len(positions), CHUNK):
        for wave in experiment.exit_waves(positions, slice(start, start + CHUNK)):
            total += np.sum(np.abs(wave) ** 2)
    if not (np.isfinite(total) and total > 0):
        raise ValueError(
            f"Light must pass through the object: probe and object finite, not all zero. Received: {total} photons. "
            "Choose another object, or another probe."
        )
    return total / len(positions)
