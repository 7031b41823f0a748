"""What passes over a scan start from: one function a start, all of the same arguments."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.params import ExecutionParams
from ptychopinn.reconstruction.clock import Clock
from ptychopinn.reconstruction.prediction import predict_object
from ptychopinn.reconstruction.stitching import Stitcher, outward
from ptychopinn.training.bundle import Bundle


def from_network(
    scan: Scan,
    probe: np.ndarray,
    bundle: Bundle,
    batch_size: int,
    execution: ExecutionParams,
    progress: Callable[[int], object],
) -> tuple[Reconstruction, dict[str, float]]:
    """Start from what the networks of a bundle make of the scan: `(Reconstruction, seconds by part)`."""
    done = predict_object(bundle.model, scan, probe, batch_size, execution, progress)
    return done.stitched, done.seconds


def flat(
    scan: Scan,
    probe: np.ndarray,
    bundle: Bundle | None,
    batch_size: int,
    execution: ExecutionParams,
    progress: Callable[[int], object],
) -> tuple[Reconstruction, dict[str, float]]:
    """Start from an object of ones, which needs no bundle: `(Reconstruction, seconds by part)`."""
    clock, light = Clock(), np.sum(np.abs(probe) ** 2, axis=0)
    with clock("start"):
        positions = scan.positions[outward(scan.positions)]
        stitcher = Stitcher(positions, light / light.max())
        for position in positions:
            stitcher.add(np.ones((1, scan.size, scan.size), np.complex64), position[None])
        known: Any = {"probe": probe, "positions": scan.positions, "pixel_size_m": scan.pixel_size_m, "name": scan.name}
        found = dataclasses.replace(stitcher.result(), uncertainty=None, **known)
    progress(len(scan))
    return found, clock.seconds


STARTS: dict[str, Callable[..., tuple[Reconstruction, dict[str, float]]]] = {"network": from_network, "flat": flat}
