"""Refine a stitched object, and the probe: passes of data consistency over the whole scan.

A network knows what objects look like; a pass knows all patterns at once, and what they say exactly. Counts tell when
to stop: photons that are held out from the passes are predicted worse as soon as these fit noise.
"""

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy.fft import next_fast_len

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.engine.engine import Engine, Moves
from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.passes import go
from ptychopinn.engine.photons import Photons
from ptychopinn.engine.prior import go_on
from ptychopinn.engine.variation import apart_from_light
from ptychopinn.engine.work import WORK, Work
from ptychopinn.physics.experiment import Experiment
from ptychopinn.physics.ramp import ramp_of
from ptychopinn.reconstruction.beginnings import check, check_variation
from ptychopinn.reconstruction.brightness import brightness
from ptychopinn.reconstruction.clock import Clock
from ptychopinn.reconstruction.dose import dose_of, little_told
from ptychopinn.reconstruction.modes import in_order

Prior: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]

PASSES = 100
"""Passes, at most, unless it is said."""

SEED = 0
"""Of the subsets, and of the photons that are held out."""

MARGIN = 8
"""Pixels around the object that positions may move into."""

AMPLITUDE_PHOTONS = 1e6
"""Photons of a pattern that amplitudes, which are of any unit, are brought to."""


@dataclasses.dataclass(frozen=True)
class Refinement:
    """What `refine` returns.

    Args:
        reconstruction: Reconstruction, whose object, and what else moved, were refined; its uncertainty is of before.
        deviances: list of floats: Poisson deviance of what judges, per mean photon, before the first pass and after
            each one that was made.
        kept: int. The pass whose object and probe these are; 0 is before the first.
        interrupted: bool. Whether a KeyboardInterrupt ended the passes.
        seconds: dict from a part of the work (`start`, `compile`, `passes`) to the time that it took.
    """

    reconstruction: Reconstruction
    deviances: list[float]
    kept: int
    interrupted: bool
    seconds: dict[str, float]


def refine(
    reconstruction: Reconstruction, scan: Scan, passes: int = PASSES, moves: Moves | None = None, work: Work = WORK,
    progress: Callable[[int], object] = lambda done: None, prior: Prior | None = None,
) -> Refinement:  # fmt: skip
    """Refine a stitched object, and its probe, by passes of data consistency over the whole scan.

    A tenth of the photons of counts is held out from some patterns, and the pass that predicts them best is kept (see
    `engine.passes`). The passes do not see these photons; a network, whose object they start from, did. Amplitudes
    have no photons to hold out, and judge themselves. Passes over counts that end early go on for slow phase, but not
    where patterns are apart or photons scarce: nothing ties it together there. Before the first pass, the object is
    scaled to the photons of the scan; the probe keeps its own. A KeyboardInterrupt ends the passes, and the best one
    so far is kept.

    Args:
        reconstruction: Reconstruction of this scan, with its probe.
        scan: Scan.
        passes: int. Passes at most. Defaults to 100.
        moves: Moves: what else is improved. Defaults to the probe.
        work: Work: patterns at a time, and who shares them. Defaults to what suits the device, in this process.
        progress: called with the number of patterns done, of `passes` times all.
        prior: function of an object `(y, x)` and the photons that fell on its pixels, to a likelier object: passes go
            on with it where they end without. Counts are asked for, and one slice.

    Returns:
        Refinement.

    Raises:
        ValueError: if the object is not on the canvas of this scan or without a probe, passes are fewer than none, or
            the probe is to vary in as many dimensions as there are patterns.

    References:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012, for the steps;
        Neufeld et al., JMLR 25, 57 (2024), for the independence of photons held out.
    """
    check(reconstruction, scan, passes)
    moves, clock = moves or Moves(), Clock()
    check_variation(moves, scan)
    scan, unit = in_photons(scan)
    with clock("start"):
        start, cover = estimate_of(reconstruction, scan, unit * np.asarray(reconstruction.probe))
        optics = reconstruction.optics
        photons = Photons(scan, start.probe, work.batch_size, SEED, optics.zero_first, workers=work.workers)
        engine = Engine(start, photons, cover, moves, optics, work.team)
    slow = scan.measurement == "counts" and not little_told(scan, start.probe)

    def watch(number: int) -> None:
        progress(number * len(scan))

    with engine:
        with clock("compile"):
            engine.compile()
        with clock("passes"):
            passed = go(engine, passes, SEED, watch, slow)
            if prior is not None and not passed.interrupted:
                likelier, dose = prior, dose_of(cover, start.probe)
                passed = go_on(engine, passed, lambda obj: likelier(obj, dose), passes, watch)
            engine.rest(passed.kept)
            kept = engine.estimate()
    kept = apart_from_light(kept) if moves.flux else kept
    refined = refined_by(kept, reconstruction, np.sqrt(mean_light(start)), unit)
    refined = dataclasses.replace(refined, flux=refined.flux if moves.flux else None)
    deviances = [deviance / scan.mean_photons for deviance in passed.deviances]
    return Refinement(refined, deviances, passed.best, passed.interrupted, clock.seconds)


def refined_by(kept: Estimate, before: Reconstruction, modulus: float, unit: float) -> Reconstruction:
    """Return a reconstruction with what the engine found, the probe as bright as it was, the object where it was lit.

    Args:
        kept: Estimate.
        before: Reconstruction that the engine started from.
        modulus: float. Square root of the photons of its probe.
        unit: float. What amplitudes were multiplied with, see `in_photons`.
    """
    excess = np.sqrt(mean_light(kept)) / modulus
    inner = tuple(slice(MARGIN, MARGIN + side) for side in before.object.shape)
    slices = (kept.object if kept.object.ndim == 3 else kept.object[None])[:, *inner]
    slices = np.concatenate([slices[:1] * excess, slices[1:]]).astype(np.complex64)
    image = np.where(before.object == 0, 0, np.prod(slices, axis=0)).astype(np.complex64)
    probe, variation = kept.probe / (excess * unit), kept.variation
    return dataclasses.replace(
        before,
        object=image,
        slices=slices if len(slices) > 1 else None,
        ramp=ramp_of(image, before.weight),
        probe=in_order(probe).astype(np.complex64) if variation is None else probe.astype(np.complex64),
        probe_variation=None if variation is None else (variation / (excess * unit)).astype(np.complex64),
        probe_weights=kept.weights,
        positions=kept.positions - MARGIN + np.array(before.origin),
        flux=kept.flux,
        background=None if kept.background is None else kept.background / unit**2,
    )


def mean_light(estimate: Estimate) -> float:
    """Return the photons of the probe, averaged over the patterns: those of the mean one, and of its variations."""
    photons = np.sum(np.abs(estimate.probe) ** 2)
    return float(photons if estimate.variation is None else photons + np.sum(np.abs(estimate.variation) ** 2))


def estimate_of(reconstruction: Reconstruction, scan: Scan, probe: np.ndarray) -> tuple[Estimate, np.ndarray]:
    """Return the `Estimate` to start from, and the light that covers it, on a canvas that transforms quickly.

    The object is as bright as the photons of the scan ask for, and clear where nothing is known of it; of several
    slices, the first is what is known, and the others are clear.
    """
    origin = np.array(reconstruction.origin)
    dark = scan.background
    light = brightness(Experiment(reconstruction.object, probe, origin, reconstruction.optics, background=dark), scan)
    known = np.where(reconstruction.object == 0, 1, reconstruction.object * np.sqrt(light))
    sides = [next_fast_len(side + 2 * MARGIN) for side in known.shape]
    around = [(MARGIN, whole - side - MARGIN) for whole, side in zip(sides, known.shape)]
    canvas = np.pad(known, around, constant_values=1)
    if reconstruction.optics.slices > 1:
        canvas = np.stack([canvas, *[np.ones_like(canvas)] * (reconstruction.optics.slices - 1)])
    background = np.full((scan.size, scan.size), dark) if dark else None
    estimate = Estimate(canvas, probe, scan.positions - origin + MARGIN, np.ones(len(scan)), background=background)
    return estimate, np.pad(reconstruction.weight, around)


def in_photons(scan: Scan) -> tuple[Scan, float]:
    """Return the scan with amplitudes as of bright patterns, and the factor on them; counts as they are."""
    if scan.measurement == "counts":
        return scan, 1.0
    return scan.with_photons(AMPLITUDE_PHOTONS), np.sqrt(AMPLITUDE_PHOTONS / scan.mean_photons)
