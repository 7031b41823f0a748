"""What differs from pattern to pattern: where it was taken, and how bright the light was."""

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.engine.pulls import Seen, waves_of
from ptychopinn.physics.exit_waves import exit_wave
from ptychopinn.physics.propagation import fourier, fourier_adjoint
from ptychopinn.physics.shifts import gradient_ramps
from ptychopinn.physics.waves import Wave, light_of, multiply

DARK = 0.1
"""Photons added to pixels before their square root is taken."""


def offsets_of(canvas: Wave, probe: Wave, seen: Seen, width: int) -> Tensor:
    """Return by how much patterns were taken off their positions, as far as one step tells: float32 `(pattern, 2)`.

    The least-squares shift of the probe, in pixels, that brings predicted amplitudes to the measured ones: its
    derivative is exact, in Fourier space; a 2 x 2 system a pattern.
    """
    waves, slices, probes = waves_of(canvas, probe, seen, width)
    root = ops.sqrt(light_of(waves) + DARK)
    missed = ops.where(seen.counts < 0, 0.0, ops.sqrt(ops.maximum(seen.counts, 0.0) + DARK) - root)
    slopes = []
    for axis in (0, 1):
        moved = fourier_adjoint(multiply(fourier(probes), gradient_ramps(probe[0].shape[-1], axis)))
        changed = fourier(exit_wave(slices, moved))
        slope = ops.sum(waves[0] * changed[0] + waves[1] * changed[1], axis=1) / root
        slopes.append(ops.where(seen.counts < 0, 0.0, slope))
    yy, xx, yx, y, x = (
        ops.sum(a * b, axis=(-2, -1))
        for a, b in ((slopes[0], slopes[0]), (slopes[1], slopes[1]), (slopes[0], slopes[1]), (slopes[0], missed),
                     (slopes[1], missed))
    )  # fmt: skip
    size = ops.maximum(yy * xx - yx * yx, 1e-6 * (yy + xx) * (yy + xx) + 1e-12)
    return ops.stack([(xx * y - yx * x) / size, (yy * x - yx * y) / size], axis=-1)


def brightening_of(canvas: Wave, probe: Wave, seen: Seen, width: int) -> Tensor:
    """Return how much brighter patterns are than predicted, on pixels with data: float32 tensor `(pattern,)`."""
    expected = light_of(waves_of(canvas, probe, seen, width)[0])
    photons = ops.sum(ops.maximum(seen.counts, 0.0), axis=(-2, -1))
    predicted = ops.sum(ops.where(seen.counts < 0, 0.0, expected), axis=(-2, -1))
    return photons / ops.maximum(predicted, 1e-6)
