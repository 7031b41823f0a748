"""Refine a stitched object, and the probe: passes of data consistency over the whole scan.

A network knows what objects look like; a pass knows all patterns at once, and what they say exactly. Counts tell when
to stop: photons that are held out from the passes are predicted worse as soon as these fit noise.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.physics.ramp import ramp_of
from ptychopinn.reconstruction.brightness import brightness
from ptychopinn.reconstruction.estimate import Estimate
from ptychopinn.reconstruction.object_and_probe import ObjectAndProbe
from ptychopinn.reconstruction.passes import doubling, go
from ptychopinn.reconstruction.photons import Photons
from ptychopinn.reconstruction.stitching import canvas_of
from ptychopinn.reconstruction.stopping import to_the_end, until_worse

PASSES = 8
"""Passes over counts, at most, unless it is said."""

SUBSETS, FEWEST = 16, 8
"""Most subsets of a scan that a pass goes through, and fewest patterns of one."""

AMPLITUDE_PHOTONS = 1e6
"""Photons of a pattern that amplitudes, which are of any unit, are brought to."""


@dataclasses.dataclass(frozen=True)
class Refinement:
    """What `refine` returns.

    Args:
        reconstruction: Reconstruction, whose object, and probe, were refined. Its uncertainty is still by how much the
            network's patches disagree.
        deviances: list of floats: Poisson deviance of what judges, per mean photon, before the first pass and after
            each that was kept. Where the next pass goes through subsets, it is measured on their way.
    """

    reconstruction: Reconstruction
    deviances: list[float]


def refine(
    reconstruction: Reconstruction, scan: Scan, passes: int = PASSES, refine_probe: bool = True, batch_size: int = 64,
    seed: int = 0, progress: Callable[[int], object] = lambda done: None,
) -> Refinement:  # fmt: skip
    """Refine a stitched object, and its probe, by passes of data consistency over the whole scan.

    A tenth of the photons of counts is held out, and what predicts them best is kept: the passes end when one has made
    it worse. The passes do not see these photons; the network, whose object they start from, did. Amplitudes have no
    photons to hold out: all passes are made. Before the first, the object is scaled to the photons of the scan; the
    probe keeps its own.

    Args:
        reconstruction: Reconstruction of this scan, with its probe.
        scan: Scan.
        passes: int. Passes at most. Defaults to 8.
        refine_probe: bool. Whether the probe moves too. Defaults to `True`.
        batch_size: int. Patterns at a time, at most; the result does not depend on it. Defaults to 64.
        seed: int. Of the subsets, and of the photons that are held out.
        progress: called with the number of patterns done, of `passes + 1` times all.

    Returns:
        Refinement.

    Raises:
        ValueError: if the object is not on the canvas of this scan or without a probe, or passes are fewer than none.

    References:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012, for the steps;
        Neufeld et al., JMLR 25, 57 (2024), for the independence of photons held out.
    """
    check(reconstruction, scan, passes)
    scan, unit = in_photons(scan)
    start = estimate_of(reconstruction, scan, unit * np.asarray(reconstruction.probe))
    subsets = min(SUBSETS, max(1, len(scan) // FEWEST))
    photons = Photons(scan, batch_size, most=math.ceil(len(scan) / subsets), seed=seed)
    step = ObjectAndProbe(photons, start.probe, refine_probe)
    schedule = doubling(passes + 1, subsets)  # the last pass only judges what the one before it made
    order = np.random.default_rng(seed).permutation(len(scan))
    made = counted(go(start, step, schedule, order), len(scan), progress)
    kept, missed = until_worse(made) if photons.hold_out else to_the_end(made)
    excess = np.sqrt(np.sum(np.abs(kept.probe) ** 2) / np.sum(np.abs(start.probe) ** 2))
    image = np.where(reconstruction.object == 0, 0, kept.object * excess).astype(np.complex64)
    refined = dataclasses.replace(
        reconstruction,
        object=image,
        ramp=ramp_of(image, reconstruction.weight),
        probe=(kept.probe / (excess * unit)).astype(np.complex64),
    )
    return Refinement(refined, [deviance / scan.mean_photons for deviance in missed])


def estimate_of(reconstruction: Reconstruction, scan: Scan, probe: np.ndarray) -> Estimate:
    """Return the `Estimate` to start from: the object as bright as the photons of the scan ask for."""
    origin = np.array(reconstruction.origin)
    light = brightness(reconstruction.object, origin, probe, scan)
    return Estimate(reconstruction.object * np.sqrt(light), probe, scan.positions - origin)


def counted(
    passes: Iterable[tuple[Estimate, float]], patterns: int, progress: Callable[[int], object]
) -> Iterator[tuple[Estimate, float]]:
    """Yield passes, and say after each how many patterns are done."""
    for number, one in enumerate(passes, start=1):
        progress(number * patterns)
        yield one


def in_photons(scan: Scan) -> tuple[Scan, float]:
    """Return the scan with amplitudes as of bright patterns, and the factor on them; counts as they are."""
    if scan.measurement == "counts":
        return scan, 1.0
    return scan.with_photons(AMPLITUDE_PHOTONS), np.sqrt(AMPLITUDE_PHOTONS / scan.mean_photons)


def check(reconstruction: Reconstruction, scan: Scan, passes: int) -> None:
    """Raise ValueError unless passes are 0 or more, and the object lies as a stitcher lays the scan's."""
    if passes < 0:
        raise ValueError(f"passes must be 0 or more. Received: passes={passes}. Take 0 to change nothing.")
    if reconstruction.probe is None:
        raise ValueError(
            f"An object to refine must have a probe. Received: {reconstruction.name} with probe=None. "
            "Give it scan.probe, by dataclasses.replace."
        )
    origin, shape = canvas_of(scan.positions, scan.size)
    lies = reconstruction.origin
    if reconstruction.object.shape != shape or lies is None or tuple(lies) != tuple(origin):
        raise ValueError(
            f"An object to refine must be stitched from the patterns of {scan.name}: {shape[0]} x {shape[1]} pixels "
            f"from {tuple(map(int, origin))}. Received: object.shape={reconstruction.object.shape}, "
            f"origin={reconstruction.origin}. Reconstruct this scan first."
        )
