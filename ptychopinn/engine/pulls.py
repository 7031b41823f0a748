"""What a batch of patterns says of object and probe: the gradient of its likelihood, and the light that it fell with.

All functions are of tensors alone, and compiled; in the far field, the zero frequency of patterns is at pixel (0, 0).
"""

import typing

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.physics.consistency import poisson_excess
from ptychopinn.physics.detector import Detector
from ptychopinn.physics.deviance import poisson_deviance
from ptychopinn.physics.exit_waves import arriving, exit_wave, exit_wave_object_adjoint, exit_wave_probe_adjoint
from ptychopinn.physics.optics import FAR, Optics
from ptychopinn.physics.placing import add_windows, cut_windows, through_slices, window_index
from ptychopinn.physics.propagation import between_slices, fourier, fourier_adjoint, to_detector
from ptychopinn.physics.shifts import shift_ramps
from ptychopinn.physics.variation import varied, varied_adjoint
from ptychopinn.physics.waves import Wave, behind_one_another, conjugate_product, intensity, light_of, multiply, scale


class Seen(typing.NamedTuple):
    """Some patterns, on the device.

    Args:
        counts: float32 tensor `(pattern, y, x)`: photons; negative where there is no data.
        corners: int32 tensor `(pattern, 2)`: `(y, x)` of the first pixel of each window of the canvas.
        shifts: float32 tensor `(pattern, 2)`: `(y, x)` by which the probe lies off the window, pixels.
        flux: float32 tensor `(pattern,)`: brightness of the light; 0 for those that only fill the batch.
        weights: pair of float32 tensors `(pattern, dimension)`: by how much the probe varies from its mean along each.
        background: float32 tensor `(y, x)`, or 0: photons of the detector besides.
    """

    counts: Tensor
    corners: Tensor
    shifts: Tensor
    flux: Tensor
    weights: Wave
    background: Tensor | float = 0.0


class Pull(typing.NamedTuple):
    """What patterns say, added up.

    Args:
        object: pair of float32 tensors `(pixel,)`: what pulls at the object, slice after slice.
        light: float32 tensor `(pixel,)`: the light that it was seen with.
        probe: pair of float32 tensors `((1 + dimension) * mode, y, x)`: what pulls at the probe and its variations.
        lit: float32 tensor `(y, x)`: how bright the objects were that it lit.
    """

    object: Wave
    light: Tensor
    probe: Wave
    lit: Tensor


def probes_of(probe: Wave, seen: Seen) -> Wave:
    """Return the probe as it falls on the window of every pattern: pair `(pattern, mode, y, x)`, dark where none is.

    Args:
        probe: pair of float32 tensors `((1 + dimension) * mode, y, x)`: mean and variations, see `varied`.
        seen: Seen.
    """
    ramps = shift_ramps(seen.shifts, probe[0].shape[-1])
    there = fourier_adjoint(multiply(varied(fourier(probe), seen.weights), ramps))
    return scale(there, ops.sqrt(seen.flux)[:, None, None, None])


def probes_of_adjoint(waves: Wave, seen: Seen) -> Wave:
    """Add up what waves `(pattern, mode, y, x)` say of the probe and its variations: adjoint of `probes_of`."""
    ramps = shift_ramps(seen.shifts, waves[0].shape[-1])
    waves = scale(waves, ops.sqrt(seen.flux)[:, None, None, None])
    return fourier_adjoint(varied_adjoint(conjugate_product(ramps, fourier(waves)), seen.weights))


def nothing_of(canvas: Wave, probe: Wave) -> Pull:
    """Return the `Pull` of no patterns."""
    return Pull(
        (ops.zeros_like(canvas[0]), ops.zeros_like(canvas[0])), ops.zeros_like(canvas[0]),
        (ops.zeros_like(probe[0]), ops.zeros_like(probe[0])), ops.zeros_like(probe[0][0]),
    )  # fmt: skip


def pull_of(
    pull: Pull, canvas: Wave, probes: Wave, seen: Seen, width: int, moves_probe: bool, optics: Optics = FAR
) -> Pull:
    """Return a `Pull`, which is given up, and what some patterns add to it, but for their light; see `light_on`.

    Args:
        pull: Pull.
        canvas: pair of float32 tensors `(pixel,)`: the object, slice after slice.
        probes: pair of float32 tensors `(pattern, mode, y, x)`, see `probes_of`.
        seen: Seen.
        width: int. Of the canvas, in pixels.
        moves_probe: bool. Whether what pulls at the probe is wanted.
        optics: Optics.
    """
    index = slice_index(canvas, seen, width, optics)
    slices = cut_windows(canvas, index)
    waves = to_detector(optics).forward(exit_wave(slices, probes, between_slices(optics)))
    detector = detector_of(seen, optics)
    excess = detector.blurred(poisson_excess(detector.expected(light_of(waves)), seen.counts))
    change = to_detector(optics).adjoint(scale(waves, excess[:, None]))
    step = exit_wave_object_adjoint(change, slices, probes, between_slices(optics))
    moved = (add_windows(total, index, part) for total, part in zip(pull.object, step))
    found = pull._replace(object=tuple(moved))
    if not moves_probe:
        return found
    back = probes_of_adjoint(exit_wave_probe_adjoint(change, slices, between_slices(optics)), seen)
    lit = ops.sum(intensity(slices)[:, 0] * seen.flux[:, None, None], axis=0)
    return found._replace(probe=tuple(a + b for a, b in zip(pull.probe, back)), lit=pull.lit + lit)


def light_on(light: Tensor, canvas: Wave, probes: Wave, seen: Seen, width: int, optics: Optics = FAR) -> Tensor:
    """Return the light on a canvas `(pixel,)`, which is given up, and what falls with some patterns; see `pull_of`."""
    index = slice_index(canvas, seen, width, optics)
    waves = [probes]
    if optics.slices > 1:
        waves = arriving(cut_windows(canvas, index), probes, between_slices(optics))
    return add_windows(light, index, behind_one_another([light_of(wave) for wave in waves]))


def slice_index(canvas: Wave, seen: Seen, width: int, optics: Optics) -> Tensor:
    """Return where the windows of patterns lie on the canvas: int32 tensor `(pattern, slice, y, x)`."""
    index = window_index(seen.corners, seen.counts.shape[-1], width)
    return through_slices(index, optics.slices, canvas[0].shape[0] // optics.slices)


def detector_of(seen: Seen, optics: Optics) -> Detector:
    """Return what the detector makes of the light of some patterns."""
    spread = optics.spread(seen.counts.shape[-1], optics.zero_first)
    return Detector(background=seen.background, spread=None if spread is None else ops.convert_to_tensor(spread))


def waves_through(canvas: Wave, probes: Wave, seen: Seen, width: int, optics: Optics = FAR) -> tuple[Wave, Wave]:
    """Return what reaches the detector, `(pattern, mode, y, x)`, and the slices that it came through; see `pull_of`."""
    slices = cut_windows(canvas, slice_index(canvas, seen, width, optics))
    return to_detector(optics).forward(exit_wave(slices, probes, between_slices(optics))), slices


def waves_of(canvas: Wave, probe: Wave, seen: Seen, width: int, optics: Optics = FAR) -> tuple[Wave, Wave, Wave]:
    """Return what reaches the detector, `(pattern, mode, y, x)`, and the slices and probes that it comes from."""
    probes = probes_of(probe, seen)
    return *waves_through(canvas, probes, seen, width, optics), probes


def deviance_of(canvas: Wave, probes: Wave, seen: Seen, width: int, optics: Optics = FAR) -> Tensor:
    """Return the Poisson deviance of each of some patterns, in photons: float32 tensor `(pattern,)`; see `pull_of`."""
    waves, _ = waves_through(canvas, probes, seen, width, optics)
    counts = ops.maximum(seen.counts, 0.0)
    deviance = poisson_deviance(detector_of(seen, optics).expected(light_of(waves)), counts, ops.log)
    return ops.sum(ops.where(seen.counts < 0, 0.0, deviance), axis=(-2, -1))
