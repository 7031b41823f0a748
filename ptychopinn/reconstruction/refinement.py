"""Refine a stitched object, and the probe: passes of data consistency over the whole scan.

A network knows what objects look like; a pass knows all patterns at once, and what they say exactly. Counts tell when
to stop: photons that are held out from the passes are predicted worse as soon as these fit noise.
"""

import dataclasses
import math

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.physics.ramp import ramp_of
from ptychopinn.reconstruction.brightness import brightness
from ptychopinn.reconstruction.consistency import Sweep
from ptychopinn.reconstruction.stitching import canvas_of

PASSES = 8
"""Passes over counts, at most, unless it is said."""

FIRST_STEP = 0.25
"""How far the first pass goes, in steps that a pattern would take alone; every further pass goes twice as far. Several
steps are one for each of as many subsets of the scan in turn. Where photons are few, part of a step is best."""

SUBSETS, FEWEST = 16, 8
"""Most subsets of a scan that a pass goes through, and fewest patterns of one."""

AMPLITUDE_PHOTONS = 1e6
"""Photons of a pattern that amplitudes, which are of any unit, are brought to."""


@dataclasses.dataclass(frozen=True)
class Refinement:
    """What `refine` returns.

    Args:
        stitched: Reconstruction: the object refined. Its uncertainty is that of the network's patches.
        probe: complex64 array `(mode, y, x)`: the probe, refined if it was asked for.
        deviances: list of floats: Poisson deviance of what judges, per mean photon, before the first pass and after
            each that was kept. Where the next pass goes through subsets, it is measured on their way.
    """

    stitched: Reconstruction
    probe: np.ndarray
    deviances: list


def refine(stitched, scan, probe, passes=PASSES, refine_probe=True, batch_size=64, seed=0, progress=lambda done: None):
    """Refine a stitched object, and the probe, by passes of data consistency over the whole scan.

    A tenth of the photons of counts is held out, and what predicts them best is kept: the passes end when one has made
    it worse. The passes do not see these photons; the network, whose object they start from, did. Amplitudes have no
    photons to hold out: all passes are made. Before the first, the object is scaled to the photons of the scan; the
    probe keeps its own.

    Args:
        stitched: Reconstruction, of this scan.
        scan: Scan.
        probe: complex array `(mode, y, x)`, in square root of photons.
        passes: int. Passes at most. Defaults to 8.
        refine_probe: bool. Whether the probe moves too. Defaults to `True`.
        batch_size: int. Patterns at a time, at most; the result does not depend on it. Defaults to 64.
        seed: int. Of the subsets, and of the photons that are held out.
        progress: called with the number of patterns done, of `passes + 1` times all.

    Returns:
        Refinement.

    Raises:
        ValueError: if the object is not on the canvas of this scan, or there are fewer passes than none.

    References:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012, for the steps;
        Neufeld et al., JMLR 25, 57 (2024), for the independence of photons held out.
    """
    check(stitched, scan, passes)
    scan, unit = in_photons(scan)
    probe = start = unit * probe
    image, deviances = stitched.object, []
    image = image * np.sqrt(brightness(image, stitched.origin, probe, scan))
    subsets = min(SUBSETS, max(1, len(scan) // FEWEST))
    sweep = Sweep(scan, probe, stitched.origin, batch_size, seed, most=math.ceil(len(scan) / subsets))
    order = np.random.default_rng(seed).permutation(len(scan))
    for number in range(passes + 1):
        before, deviance, far = (image, probe), 0.0, FIRST_STEP * 2**number
        for subset in np.array_split(order, int(min(max(far, 1), subsets))):
            step, probe_step, missed = sweep(image, probe, subset)
            image = image + min(far, 1.0) * step
            probe = probe + min(far, 1.0) * probe_step * refine_probe
            deviance += missed / len(scan)
        progress((number + 1) * len(scan))
        if sweep.holds_out and deviances and not deviance <= deviances[-1]:
            break
        kept, kept_probe = before
        deviances.append(deviance)
    excess = np.sqrt(np.sum(np.abs(kept_probe) ** 2) / np.sum(np.abs(start) ** 2))
    image = np.where(stitched.object == 0, 0, kept * excess).astype(np.complex64)
    refined = dataclasses.replace(stitched, object=image, ramp=ramp_of(image, stitched.weight))
    return Refinement(refined, (kept_probe / (excess * unit)).astype(np.complex64), deviances)


def in_photons(scan):
    """Return the scan with amplitudes as of bright patterns, and the factor on them; counts as they are."""
    if scan.measurement == "counts":
        return scan, 1.0
    return scan.with_photons(AMPLITUDE_PHOTONS), np.sqrt(AMPLITUDE_PHOTONS / scan.mean_photons)


def check(stitched, scan, passes):
    """Raise ValueError unless passes are 0 or more, and the object lies as a stitcher lays the scan's."""
    if passes < 0:
        raise ValueError(f"passes must be 0 or more. Received: passes={passes}. Take 0 to change nothing.")
    origin, shape = canvas_of(scan.positions, scan.size)
    if stitched.object.shape != shape or tuple(stitched.origin) != tuple(origin):
        raise ValueError(
            f"An object to refine must be stitched from the patterns of {scan.name}: {shape[0]} x {shape[1]} pixels "
            f"from {origin}. Received: object.shape={stitched.object.shape}, origin={stitched.origin}. "
            "Reconstruct this scan first."
        )
