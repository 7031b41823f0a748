"""What a batch of patterns says of object and probe: the gradient of its likelihood, and the light that it fell with.

All functions are of tensors alone, and compiled; the zero frequency of patterns is at pixel (0, 0).
"""

import typing

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.physics.consistency import poisson_excess
from ptychopinn.physics.detector import IDEAL
from ptychopinn.physics.deviance import poisson_deviance
from ptychopinn.physics.exit_waves import exit_wave, exit_wave_object_adjoint, exit_wave_probe_adjoint
from ptychopinn.physics.placing import add_windows, cut_windows, window_index
from ptychopinn.physics.propagation import fourier, fourier_adjoint
from ptychopinn.physics.shifts import shift_ramps, shifted, shifted_adjoint, shifted_back
from ptychopinn.physics.variation import varied, varied_adjoint
from ptychopinn.physics.waves import Wave, intensity, light_of, scale


class Seen(typing.NamedTuple):
    """Some patterns, on the device.

    Args:
        counts: float32 tensor `(pattern, y, x)`: photons; negative where there is no data.
        corners: int32 tensor `(pattern, 2)`: `(y, x)` of the first pixel of each window of the canvas.
        shifts: float32 tensor `(pattern, 2)`: `(y, x)` by which the probe lies off the window, pixels.
        flux: float32 tensor `(pattern,)`: brightness of the light; 0 for those that only fill the batch.
        weights: pair of float32 tensors `(pattern, dimension)`: by how much the probe varies from its mean along each.
    """

    counts: Tensor
    corners: Tensor
    shifts: Tensor
    flux: Tensor
    weights: Wave


class Pull(typing.NamedTuple):
    """What patterns say, added up.

    Args:
        object: pair of float32 tensors `(pixel,)`: what pulls at the object.
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
    return scale(shifted(varied(probe, seen.weights), ramps), ops.sqrt(seen.flux)[:, None, None, None])


def probes_of_adjoint(waves: Wave, seen: Seen) -> Wave:
    """Add up what waves `(pattern, mode, y, x)` say of the probe and its variations: adjoint of `probes_of`."""
    ramps = shift_ramps(seen.shifts, waves[0].shape[-1])
    waves = scale(waves, ops.sqrt(seen.flux)[:, None, None, None])
    if not seen.weights[0].shape[1]:
        return shifted_adjoint(waves, ramps)
    return varied_adjoint(shifted_back(waves, ramps), seen.weights)


def nothing_of(canvas: Wave, probe: Wave) -> Pull:
    """Return the `Pull` of no patterns."""
    return Pull(
        (ops.zeros_like(canvas[0]), ops.zeros_like(canvas[0])), ops.zeros_like(canvas[0]),
        (ops.zeros_like(probe[0]), ops.zeros_like(probe[0])), ops.zeros_like(probe[0][0]),
    )  # fmt: skip


def pull_of(pull: Pull, canvas: Wave, probes: Wave, seen: Seen, width: int, moves_probe: bool) -> Pull:
    """Return a `Pull`, which is given up, and what some patterns add to it.

    Args:
        pull: Pull.
        canvas: pair of float32 tensors `(pixel,)`: the object.
        probes: pair of float32 tensors `(pattern, mode, y, x)`, see `probes_of`.
        seen: Seen.
        width: int. Of the canvas, in pixels.
        moves_probe: bool. Whether what pulls at the probe is wanted.
    """
    index = window_index(seen.corners, probes[0].shape[-1], width)
    slices = slices_at(canvas, index)
    waves = fourier(exit_wave(slices, probes))
    excess = poisson_excess(IDEAL.expected(light_of(waves)), seen.counts)
    change = fourier_adjoint(scale(waves, excess[:, None]))
    step = exit_wave_object_adjoint(change, slices, probes)
    moved = (add_windows(total, index, part[:, 0]) for total, part in zip(pull.object, step))
    found = pull._replace(object=tuple(moved), light=add_windows(pull.light, index, light_of(probes)))
    if not moves_probe:
        return found
    back = probes_of_adjoint(exit_wave_probe_adjoint(change, slices), seen)
    lit = ops.sum(intensity(slices)[:, 0] * seen.flux[:, None, None], axis=0)
    return found._replace(probe=tuple(a + b for a, b in zip(pull.probe, back)), lit=pull.lit + lit)


def slices_at(canvas: Wave, index: Tensor) -> Wave:
    """Cut the windows of patterns (see `window_index`): pair of `(pattern, slice, y, x)`, of one slice."""
    return tuple(part[:, None] for part in cut_windows(canvas, index))


def waves_of(canvas: Wave, probe: Wave, seen: Seen, width: int) -> tuple[Wave, Wave, Wave]:
    """Return the far field of some patterns, `(pattern, mode, y, x)`, and the slices and probes that it comes from."""
    slices = slices_at(canvas, window_index(seen.corners, probe[0].shape[-1], width))
    probes = probes_of(probe, seen)
    return fourier(exit_wave(slices, probes)), slices, probes


def deviance_of(canvas: Wave, probe: Wave, seen: Seen, width: int) -> Tensor:
    """Return the Poisson deviance of each of some patterns, in photons: float32 tensor `(pattern,)`."""
    waves, _, _ = waves_of(canvas, probe, seen, width)
    counts = ops.maximum(seen.counts, 0.0)
    deviance = poisson_deviance(IDEAL.expected(light_of(waves)), counts, ops.log)
    return ops.sum(ops.where(seen.counts < 0, 0.0, deviance), axis=(-2, -1))
