"""Data consistency of a pattern: the least change of exit wave and object that explains what was measured."""

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.physics.detector import IDEAL, Detector
from ptychopinn.physics.exit_waves import exit_wave, exit_wave_object_adjoint
from ptychopinn.physics.propagation import Propagator, far_field, far_field_adjoint
from ptychopinn.physics.waves import Wave, light_of, scale

DIM = 1e-2
"""Photons added to a predicted pixel before the measured amplitude is divided by its root."""

DARK = 3e-2
"""Photons added to predicted and measured pixels before they are compared."""

MOST = 2.0
"""By how much of itself a far field grows at most."""


def poisson_excess(expected: Tensor, counts: Tensor) -> Tensor:
    r"""Return by what part a far field falls short of its likeliest value, by the gradient of the Poisson likelihood.

    $\min((n / I - 1) / 2, c)$: half of what it asks for, as amplitudes would, since $n / I - 1$ is about twice
    $\sqrt{n / I} - 1$; held down by $c$ where single photons fell into the dark.

    Args:
        expected: float32 tensor `(..., y, x)`: photons, $I$.
        counts: float32 tensor `(..., y, x)`: photons, $n$; negative where there is no data, which asks for nothing.

    Returns:
        float32 tensor `(..., y, x)`.
    """
    ratio = (counts + DARK) / (expected + DARK)
    return ops.where(counts < 0, 0.0, ops.minimum(0.5 * ratio - 0.5, MOST))


def exit_wave_change(waves: Wave, amplitudes: Tensor, detector: Detector = IDEAL) -> Wave:
    r"""Return the change of exit waves that brings them to the measured amplitudes.

    The far field $\hat\psi_m$ keeps its phase and takes the measured amplitude $a$:
    $\delta\psi_m = \mathcal F^{-1}\{(a / \sqrt{I} - 1)\,\hat\psi_m\}$, with the expected counts $I$.

    Args:
        waves: pair of float32 tensors `(..., mode, y, x)`: the far field of the exit waves.
        amplitudes: float32 tensor `(..., y, x)`: square root of photons; negative where there is no data.
        detector: Detector. Defaults to the ideal one.

    Returns:
        pair of float32 tensors `(..., mode, y, x)`.
    """
    expected = detector.expected(light_of(waves))
    excess = ops.where(amplitudes < 0, 0.0, amplitudes * ops.rsqrt(expected + DIM) - 1.0)
    return far_field_adjoint(scale(waves, excess[..., None, :, :]))


def object_step(
    change: Wave, slices: Wave, probe: Wave, between: Propagator | None = None, regularisation: float = 0.05
) -> Wave:
    r"""Return the step of an object that explains a change of its exit waves: that of ePIE, for every slice.

    $\delta O = \sum_m P_m^* \delta\psi_m / (\sum_m |P_m|^2 + \epsilon \max \sum_m |P_m|^2)$.

    Args:
        change: pair of float32 tensors `(..., mode, y, x)`.
        slices, probe, between: as in `exit_wave`.
        regularisation: float. The $\epsilon$ above, of the brightest probe pixel. Defaults to 0.05.

    Returns:
        pair of float32 tensors `(..., slice, y, x)`: to be added to the slices.

    Reference:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012
    """
    light = light_of(probe)[..., None, :, :]
    light = light + regularisation * ops.max(light, axis=(-2, -1), keepdims=True)
    return scale(exit_wave_object_adjoint(change, slices, probe, between), 1.0 / light)


def consistency_step(patches: Wave, amplitudes: Tensor, probe: Wave, regularisation: float = 0.05) -> Wave:
    """Return the step of patches `(..., y, x)` towards the measured amplitudes: `object_step` of one slice."""
    slices = tuple(part[..., None, :, :] for part in patches)
    change = exit_wave_change(far_field(exit_wave(slices, probe)), amplitudes)
    return tuple(part[..., 0, :, :] for part in object_step(change, slices, probe, regularisation=regularisation))
