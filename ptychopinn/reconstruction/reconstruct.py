"""Reconstruct a scan: one call that decides what `ptycho reconstruct` decides, and says what it decided."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.engine.engine import Moves
from ptychopinn.engine.processes import Processes
from ptychopinn.engine.work import TeamMaker, Work
from ptychopinn.params import ExecutionParams
from ptychopinn.physics.numpy_physics import near_field
from ptychopinn.physics.optics import Optics
from ptychopinn.reconstruction.asked import to_focus
from ptychopinn.reconstruction.clock import Clock
from ptychopinn.reconstruction.focus import focused
from ptychopinn.reconstruction.found import found_of
from ptychopinn.reconstruction.halving import reconstruct_halves
from ptychopinn.reconstruction.params import STARTS, ReconstructionParams
from ptychopinn.reconstruction.photon_error import with_photon_error
from ptychopinn.reconstruction.plan import NOTHING, Known, plan_of
from ptychopinn.reconstruction.prior import prior_of
from ptychopinn.reconstruction.refinement import PASSES, Refinement, refine
from ptychopinn.reconstruction.spacing import with_spacing
from ptychopinn.reconstruction.starts import flat, from_file, from_network
from ptychopinn.training.bundle import Bundle

OF_HALVES = 0.45
"""Passes over each half of the photons, at most, as a part of those over the whole: all cost twice the plain run."""


def reconstruct(
    scan: Scan,
    bundle: Bundle | pathlib.Path | str | None = None,
    params: ReconstructionParams | None = None,
    execution: ExecutionParams | None = None,
    known: Known = NOTHING,
    progress: Callable[[str, int, int], object] = lambda part, done, total: None,
    team: TeamMaker = Processes,
) -> Reconstruction:
    """Reconstruct a scan: choose its probe, start from an object, and improve both by passes over all patterns.

    Args:
        scan: Scan. Patterns without light, or with far too much of it, are left out (see `Scan.lit`).
        bundle: Bundle, or path of one. Defaults to the shipped one where start or prior is a network's,
            or a scan tells little and nothing is said; else to none.
        params: ReconstructionParams. Defaults to those of `ptycho reconstruct`.
        execution: ExecutionParams: how the machine is used.
        known: Known: what was found of the scan before. Defaults to nothing.
        progress: called with the part of the work (`"reconstructing"` or `"refining"`), and patterns done, and in all.
        team: who several workers are, see `Work`. Defaults to processes of this machine.

    Returns:
        Reconstruction. Its `record` says what was decided: `start`, `probe` (whose it is), `start_leaves`
        (what an earlier reconstruction found, and is not taken), `patterns`, `size_px`,
        `refinement_passes` (the one that was kept), `refinement_passes_made`, `refinement_passes_allowed`,
        `interrupted`, `probe_refined`, `refinement_deviances` (per photon, held out, at first and after each), and
        `seconds` by part. Where `params.resolution` asks for it, its `halves` are reconstructions of either half of
        the photons, none where passes were interrupted: see `evaluation.resolution`.

    Raises:
        ValueError: if scan, bundle and parameters do not belong together.
    """
    params, execution = params or ReconstructionParams(), execution or ExecutionParams()
    plan = plan_of(scan, bundle, params, execution, known.sha256)
    scan, bundle, probe, start, optics, clock = plan.scan, plan.bundle, plan.probe, plan.start, plan.optics, Clock()
    passes = PASSES if params.passes is None else params.passes
    work = Work(params.batch_size, params.workers or 1, team)

    def begin(start: str, scan: Scan, probe: np.ndarray) -> Reconstruction:
        begun, seconds = started(start, scan, probe, bundle, params, execution, progress)
        clock.add(seconds)
        return dataclasses.replace(begun, optics=optics)

    to_be_focused = to_focus(params, passes, plan.whose, start)
    probe, optics, told = told_by_few(probe, optics, scan, params, to_be_focused, clock, known.focus)
    record = {"start": start, "probe": plan.whose, **decided(scan, params, passes), **told}
    found = begun = begin(start, scan, probe)
    if start not in STARTS:
        record |= begun.record
    if passes:
        prior = None if params.prior == "none" or bundle is None else prior_of(bundle, execution)
        watch = counting(progress, "refining", passes * len(scan))
        refined = refine(begun, scan, passes, moves_of(params), work, watch, prior)
        found = refined.reconstruction
        clock.add(refined.seconds)
        record |= passed(refined, scan, params)
        if refined.kept or params.resolution:  # the halves' error bars are made of it
            found = with_photon_error(found, scan)
            record |= found.record
        if params.resolution and not refined.interrupted:
            with clock("halves"):
                again = functools.partial(begin, start if start in STARTS else "flat")
                found = dataclasses.replace(found, halves=halved(refined, scan, begun, again, params, work, progress))
    record["seconds"] = clock.seconds
    return dataclasses.replace(found, energy_eV=scan.energy_eV, distance_m=scan.distance_m, record=record)


def told_by_few(
    probe: np.ndarray, optics: Optics, scan: Scan, params: ReconstructionParams, to_be_focused: bool, clock: Clock,
    focus: float | None,
) -> tuple[np.ndarray, Optics, dict[str, Any]]:  # fmt: skip
    """Return probe and optics as a few passes over a part of the scan tell them, and what a record says of it."""
    told: dict[str, Any] = {}
    if optics.slices > 1 and not optics.spacing:
        with clock("spacing"):
            optics = with_spacing(optics, probe, scan, params.batch_size)
        told["slices_found_apart_px"] = optics.spacing
    if to_be_focused:
        with clock("focus"):
            if focus is None:
                probe, focus = focused(probe, scan, optics, params.batch_size)
            elif focus:
                probe = near_field(probe, focus).astype(np.complex64)
        told["probe_propagated_px2"] = focus
    return probe, optics, told


def decided(scan: Scan, params: ReconstructionParams, passes: int) -> dict[str, Any]:
    """Return what a record says before any pass."""
    return {
        "prior": params.prior, "patterns": len(scan), "size_px": scan.size, "batch_size": params.batch_size,
        "refinement_passes": 0, "refinement_passes_made": 0, "refinement_passes_allowed": passes,
        "interrupted": False, "probe_refined": False,
    }  # fmt: skip


def passed(refined: Refinement, scan: Scan, params: ReconstructionParams) -> dict[str, Any]:
    """Return what a record says of passes."""
    return {
        "refinement_passes": refined.kept, "refinement_passes_made": len(refined.deviances) - 1,
        "interrupted": refined.interrupted, "probe_refined": params.refine_probe and refined.kept > 0,
        "refinement_deviances": refined.deviances, **found_of(refined.reconstruction, scan, moves_of(params).positions),
    }  # fmt: skip


def halved(
    refined: Refinement, scan: Scan, begun: Reconstruction, begin: Callable[[Scan, np.ndarray], Reconstruction],
    params: ReconstructionParams, work: Work, progress: Callable[[str, int, int], object],
) -> tuple[Reconstruction, ...]:  # fmt: skip
    """Return the reconstructions of either half of the photons, in fewer passes than the whole took.

    An earlier reconstruction may be of all the photons: where passes started from one, halves have its probe alone.
    """
    passes = max(round(OF_HALVES * (len(refined.deviances) - 1)), 1)
    probe = np.asarray(begun.probe) * np.float32(np.sqrt(0.5))
    watch = counting(progress, "halves", 2 * passes * len(scan))
    return reconstruct_halves(scan, lambda half: begin(half, probe), passes, moves_of(params), work, watch)


def moves_of(params: ReconstructionParams) -> Moves:
    """Return what the passes move; a probe that varies has two dimensions at least where it holds the light."""
    flux = params.flux == "find"
    variation = max(params.opr, 2) if params.opr and flux else params.opr
    return Moves(params.refine_probe, params.positions == "refine", flux, variation, params.background)


def started(
    start: str, scan: Scan, probe: np.ndarray, bundle: Bundle | None, params: ReconstructionParams,
    execution: ExecutionParams, progress: Callable[[str, int, int], object],
) -> tuple[Reconstruction, dict[str, float]]:  # fmt: skip
    """Return what passes start from, and the seconds that it took, by part."""
    if start == "network" and bundle is not None:
        watch = counting(progress, "reconstructing", len(scan))
        return from_network(scan, probe, bundle, params.batch_size, execution, watch)
    clock = Clock()
    with clock("start"):
        found = flat(scan, probe) if start in STARTS else from_file(scan, probe, start, params.probe is None)
    return found, clock.seconds


def counting(progress: Callable[[str, int, int], object], part: str, total: int) -> Callable[[int], object]:
    """Return a function of the patterns done that reports them as those of a part of the work."""
    return lambda done: progress(part, done, total)
