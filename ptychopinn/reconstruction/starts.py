"""What passes over a scan start from: a flat object, what networks make of it, or an earlier reconstruction."""

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.engine.engine import Moves
from ptychopinn.formats import read_reconstruction
from ptychopinn.params import ExecutionParams
from ptychopinn.physics.ramp import ramp_of
from ptychopinn.reconstruction.clock import Clock
from ptychopinn.reconstruction.dose import cover_of, dose_of
from ptychopinn.reconstruction.found import besides
from ptychopinn.reconstruction.prediction import predict_object
from ptychopinn.reconstruction.prior import prior_of
from ptychopinn.reconstruction.refinement import in_photons, refine
from ptychopinn.reconstruction.tiles import LIT
from ptychopinn.training.bundle import Bundle

FEW_PASSES = 8
"""Passes that a network of estimates sees the object after."""


def from_network(
    scan: Scan,
    probe: np.ndarray,
    bundle: Bundle,
    batch_size: int | None,
    execution: ExecutionParams,
    progress: Callable[[int], object],
) -> tuple[Reconstruction, dict[str, float]]:
    """Start from what the networks of a bundle make of the scan: `(Reconstruction, seconds by part)`.

    Networks of estimates see the whole object, after a few passes over the scan; others a group of patterns at a time.
    """
    if bundle.model.params.input == "estimate":
        return from_estimate(scan, probe, bundle, execution, progress)
    done = predict_object(bundle.model, scan, probe, batch_size, execution, progress)
    return done.stitched, done.seconds


def from_estimate(
    scan: Scan, probe: np.ndarray, bundle: Bundle, execution: ExecutionParams, progress: Callable[[int], object]
) -> tuple[Reconstruction, dict[str, float]]:
    """Start from what a network makes of the object that a few passes leave, with the probe as it is.

    Raises:
        KeyboardInterrupt: if one ended these passes.
    """
    refined = refine(flat(scan, probe), scan, FEW_PASSES, Moves(probe=False))
    if refined.interrupted:
        raise KeyboardInterrupt
    found, clock = refined.reconstruction, Clock()
    clock.add(refined.seconds)
    with clock("predict"):
        dose = dose_of(found.weight, in_photons(scan)[1] * probe)
        image = prior_of(bundle, execution)(found.object, dose)
    progress(len(scan))
    return dataclasses.replace(found, object=image, ramp=ramp_of(image, found.weight)), clock.seconds


def flat(scan: Scan, probe: np.ndarray) -> Reconstruction:
    """Start from an object of ones, where the probe lights it."""
    weight, origin = cover_of(scan, probe)
    lit = weight > LIT * weight.max()
    return Reconstruction(
        lit.astype(np.complex64), weight, origin, probe=probe, positions=scan.positions,
        optics=scan.optics, pixel_size_m=scan.pixel_size_m, name=scan.name,
    )  # fmt: skip


def from_file(scan: Scan, probe: np.ndarray, path: pathlib.Path | str, probe_too: bool = True) -> Reconstruction:
    """Start from an earlier reconstruction of the place: its object, and its probe if it holds one of this size.

    Args:
        scan: Scan.
        probe: complex array `(mode, y, x)`, where it is not that of the earlier reconstruction.
        path: path of that.
        probe_too: bool. Whether its probe is taken. Defaults to `True`.

    Returns:
        Reconstruction, whose `record` says whether the `probe` is that of the start, and what `start_leaves`.

    Raises:
        ValueError: if the file does not say where its object lies, or that is beside the scan.
    """
    earlier = read_reconstruction(path)
    if earlier.origin is None:
        raise ValueError(
            f"A start must say where it lies on the scan's positions. Received: {earlier.name}, without origin. "
            "Save origin, (y, x) of its first pixel, beside the object."
        )
    start = flat(scan, probe)
    shift = np.round(np.subtract(earlier.origin, start.origin or (0, 0))).astype(int)
    windows = [overlap(*sides) for sides in zip(shift, earlier.object.shape, start.object.shape)]
    inside, outside = (tuple(window[part] for window in windows) for part in (0, 1))
    if not np.any(earlier.object[inside]):
        raise ValueError(
            f"A start must lie where the scan does: from {start.origin}, {start.object.shape} pixels. Received: "
            f"{earlier.name}, from {earlier.origin}, {earlier.object.shape} pixels. Is it of another scan?"
        )
    there = np.where(earlier.object[inside] == 0, start.object[outside], earlier.object[inside])
    start.object[outside] = np.where(start.object[outside] == 0, 0, there)
    record: dict[str, Any] = {"start_leaves": besides(earlier, scan)}
    if probe_too and earlier.probe is not None and earlier.probe.shape[-2:] == probe.shape[-2:]:
        start = dataclasses.replace(start, probe=np.asarray(earlier.probe, np.complex64))
        record["probe"] = "start"
    return dataclasses.replace(start, record=record)


def overlap(shift: int, length: int, canvas: int) -> tuple[slice, slice]:
    """Return where a side that begins at `shift` of a canvas lies on it: the part of the side, and of the canvas."""
    first, last = max(shift, 0), max(min(shift + length, canvas), 0)
    return slice(first - shift, max(last - shift, first - shift)), slice(first, max(last, first))
