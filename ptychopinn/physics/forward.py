"""The forward physics: object patches -> photons on the detector, and back."""

from keras import ops

from ptychopinn.physics.waves import conjugate, far_field, far_field_adjoint, intensity, multiply, scale

DIM = 1e-2
"""Photons added to a predicted pixel before the measured amplitude is divided by its root."""


def illuminate(patches, probe):
    """Multiply patches `(..., y, x)` by probe modes `(..., mode, y, x)`: exit waves `(..., mode, y, x)`."""
    return multiply(tuple(part[..., None, :, :] for part in patches), probe)


def illuminate_adjoint(waves, probe):
    """Multiply exit waves by the conjugate probe and add up the modes: adjoint of `illuminate`."""
    return tuple(ops.sum(part, axis=-3) for part in multiply(waves, conjugate(probe)))


def diffract(patches, probe):
    r"""Predict the far-field intensity $I = \sum_m |\mathcal F\{P_m O\}|^2$.

    Args:
        patches: pair of float32 tensors `(..., y, x)`: transmission.
        probe: pair of float32 tensors `(..., mode, y, x)`: incoherent modes, in square root of photons; their
            leading axes are those of the patches, or 1.

    Returns:
        float32 tensor `(..., y, x)`: photons, zero frequency at the centre.
    """
    return ops.sum(intensity(far_field(illuminate(patches, probe))), axis=-3)


def fill(amplitudes, probe):
    """Replace pixels without data by the amplitude of the empty beam."""
    empty = ops.sqrt(ops.sum(intensity(far_field(probe)), axis=-3))
    return ops.where(amplitudes < 0, empty, amplitudes)


def exit_wave_change(waves, amplitudes):
    r"""Return the change of exit waves that brings them to the measured amplitudes.

    The far field $\hat\psi_m$ keeps its phase and takes the measured amplitude $a$:
    $\delta\psi_m = \mathcal F^{-1}\{(a / \sqrt{I} - 1)\,\hat\psi_m\}$, with $I = \sum_m |\hat\psi_m|^2$.

    Args:
        waves: pair of float32 tensors `(..., mode, y, x)`: the far field of the exit waves.
        amplitudes: float32 tensor `(..., y, x)`: square root of photons; negative where there is no data.

    Returns:
        pair of float32 tensors `(..., mode, y, x)`.
    """
    predicted = ops.sum(intensity(waves), axis=-3)
    excess = ops.where(amplitudes < 0, 0.0, amplitudes * ops.rsqrt(predicted + DIM) - 1.0)
    return far_field_adjoint(scale(waves, excess[..., None, :, :]))


def object_step(change, probe, regularisation=0.05):
    r"""Return the step of patches that explains a change of their exit waves: that of ePIE.

    $\delta O = \sum_m P_m^* \delta\psi_m / (\sum_m |P_m|^2 + \epsilon \max \sum_m |P_m|^2)$.

    Args:
        change: pair of float32 tensors `(..., mode, y, x)`.
        probe: pair of float32 tensors `(..., mode, y, x)`.
        regularisation: float. The $\epsilon$ above, of the brightest probe pixel. Defaults to 0.05.

    Returns:
        pair of float32 tensors `(..., y, x)`: to be added to the patches.

    Reference:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012
    """
    light = ops.sum(intensity(probe), axis=-3)
    light = light + regularisation * ops.max(light, axis=(-2, -1), keepdims=True)
    return scale(illuminate_adjoint(change, probe), 1.0 / light)


def consistency_step(patches, amplitudes, probe, regularisation=0.05):
    """Return the step of patches towards the measured amplitudes: `object_step` of their `exit_wave_change`."""
    change = exit_wave_change(far_field(illuminate(patches, probe)), amplitudes)
    return object_step(change, probe, regularisation)
