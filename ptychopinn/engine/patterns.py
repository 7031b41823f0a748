"""What differs from pattern to pattern: where it was taken, how bright the light was, and how the probe varied."""

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.engine.pulls import Seen, detector_of, waves_of
from ptychopinn.physics.exit_waves import exit_wave
from ptychopinn.physics.optics import FAR, Optics
from ptychopinn.physics.propagation import between_slices, fourier, fourier_adjoint, to_detector
from ptychopinn.physics.shifts import gradient_ramps, shift_ramps, shifted
from ptychopinn.physics.waves import Wave, light_of, multiply, scale

DARK = 0.1
"""Photons added to pixels before their square root is taken."""

RIDGE = 1e-6
"""Added to the diagonal of the systems of least squares, of their trace."""


def offsets_of(canvas: Wave, probe: Wave, seen: Seen, width: int, optics: Optics = FAR) -> Tensor:
    """Return by how much patterns were taken off their positions, as far as one step tells: float32 `(pattern, 2)`.

    The least-squares shift of the probe, in pixels, that brings predicted amplitudes to the measured ones: its
    derivative is exact, in Fourier space; a 2 x 2 system a pattern.
    """
    waves, slices, probes = waves_of(canvas, probe, seen, width, optics)
    spectra, changes = fourier(probes), []
    for axis in (0, 1):
        moved = fourier_adjoint(multiply(spectra, gradient_ramps(probe[0].shape[-1], axis)))
        changes.append(to_detector(optics).forward(exit_wave(slices, moved, between_slices(optics))))
    return _steps_along(changes, waves, seen, optics)


def weight_steps_of(canvas: Wave, probe: Wave, seen: Seen, width: int, optics: Optics = FAR) -> Wave:
    """Return by how much patterns ask for more of each variation of the probe: pair of float32 `(pattern, dimension)`.

    Least squares of amplitudes, as of `offsets_of`; a system of $2K$ unknowns a pattern, the weights' real and
    imaginary parts.
    """
    waves, slices, _ = waves_of(canvas, probe, seen, width, optics)
    dimensions = seen.weights[0].shape[1]
    modes = waves[0].shape[1]
    ramps = shift_ramps(seen.shifts, probe[0].shape[-1])
    brightness = ops.sqrt(seen.flux)[:, None, None, None]
    changes = []
    for first in range(modes, (1 + dimensions) * modes, modes):
        variation = tuple(part[first : first + modes] for part in probe)
        lit = exit_wave(slices, scale(shifted(variation, ramps), brightness), between_slices(optics))
        real, imag = to_detector(optics).forward(lit)
        changes += [(real, imag), (-imag, real)]
    steps = _steps_along(changes, waves, seen, optics)
    return steps[:, 0::2], steps[:, 1::2]


def _steps_along(changes: list[Wave], waves: Wave, seen: Seen, optics: Optics) -> Tensor:
    r"""Return the least-squares step of patterns along changes of their waves: float32 tensor `(pattern, change)`.

    Amplitudes are compared, $\sqrt n$ with $\sqrt I$, whose noise is the same wherever there is light.

    Args:
        changes: list of pairs of float32 tensors `(pattern, mode, y, x)`: derivatives of the waves at the detector.
        waves: pair of the same shape: these waves.
        seen: Seen.
        optics: Optics.
    """
    detector = detector_of(seen, optics)
    root = ops.sqrt(detector.expected(light_of(waves)) + DARK)
    missed = ops.where(seen.counts < 0, 0.0, ops.sqrt(ops.maximum(seen.counts, 0.0) + DARK) - root)
    slopes = [detector.blurred(ops.sum(waves[0] * real + waves[1] * imag, axis=1)) / root for real, imag in changes]
    slopes = ops.stack([ops.where(seen.counts < 0, 0.0, slope) for slope in slopes], axis=1)
    slopes = ops.reshape(slopes, (*slopes.shape[:2], -1))
    system = ops.matmul(slopes, ops.transpose(slopes, (0, 2, 1)))
    asked = ops.matmul(slopes, ops.reshape(missed, (missed.shape[0], -1, 1)))
    trace = ops.sum(ops.square(slopes), axis=(1, 2))
    ridge = (RIDGE * trace + 1e-12)[:, None, None] * ops.eye(len(changes))
    return ops.linalg.solve(system + ridge, asked)[..., 0]


def brightening_of(canvas: Wave, probe: Wave, seen: Seen, width: int, optics: Optics = FAR) -> Tensor:
    """Return how much brighter patterns are than predicted, on pixels with data: float32 tensor `(pattern,)`."""
    light = detector_of(seen, optics).blurred(light_of(waves_of(canvas, probe, seen, width, optics)[0]))
    photons = ops.sum(ops.where(seen.counts < 0, 0.0, seen.counts - seen.background), axis=(-2, -1))
    predicted = ops.sum(ops.where(seen.counts < 0, 0.0, light), axis=(-2, -1))
    return ops.maximum(photons, 0.0) / ops.maximum(predicted, 1e-6)
