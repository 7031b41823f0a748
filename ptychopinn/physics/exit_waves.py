"""Exit waves: what leaves an object that a probe lights, and what changes of them say of object and probe.

An object is one slice, or several with a way between them: `psi = P O_1`, then `psi = O_s propagate(psi)` for each
of the others.

Reference:
    Maiden, Humphry and Rodenburg, J. Opt. Soc. Am. A 29, 1606 (2012), doi:10.1364/JOSAA.29.001606, for several slices
"""

from ptychopinn.physics.propagation import Propagator
from ptychopinn.physics.waves import Wave, behind_one_another, conjugate_product, multiply, over_modes


def exit_wave(slices: Wave, probe: Wave, between: Propagator | None = None) -> Wave:
    """Send every probe mode through the slices of an object, one after the other.

    Args:
        slices: pair of float32 tensors `(..., slice, y, x)`: transmission.
        probe: pair of float32 tensors `(..., mode, y, x)`, whose leading axes are those of the slices, or 1.
        between: Propagator from a slice to the next. Not needed for one slice.

    Returns:
        pair of float32 tensors `(..., mode, y, x)`.
    """
    return multiply(arriving(slices, probe, between)[-1], _slice(slices, -1))


def arriving(slices: Wave, probe: Wave, between: Propagator | None) -> list[Wave]:
    """Return the waves `(..., mode, y, x)` that arrive at each slice, first to last; arguments as in `exit_wave`."""
    waves = [probe]
    for index in range(slices[0].shape[-3] - 1):
        waves.append(_way(between).forward(multiply(waves[-1], _slice(slices, index))))
    return waves


def exit_wave_object_adjoint(waves: Wave, slices: Wave, probe: Wave, between: Propagator | None = None) -> Wave:
    """Send waves at the exit back to every slice: adjoint of the derivative of `exit_wave` by the slices.

    Args:
        waves: pair of float32 tensors `(..., mode, y, x)`.
        slices, probe, between: as in `exit_wave`.

    Returns:
        pair of float32 tensors `(..., slice, y, x)`.
    """
    lights, leaving = arriving(slices, probe, between), _leaving(waves, slices, between)
    found = [conjugate_product(light, wave) for light, wave in zip(lights, leaving)]
    return tuple(behind_one_another([over_modes(part) for part in parts]) for parts in zip(*found))


def exit_wave_probe_adjoint(waves: Wave, slices: Wave, between: Propagator | None = None) -> Wave:
    """Send waves at the exit back to the probe: adjoint of `exit_wave`, which is linear in the probe.

    Args:
        waves: pair of float32 tensors `(..., mode, y, x)`.
        slices, between: as in `exit_wave`.

    Returns:
        pair of float32 tensors `(..., mode, y, x)`.
    """
    return conjugate_product(_slice(slices, 0), _leaving(waves, slices, between)[0])


def _leaving(waves: Wave, slices: Wave, between: Propagator | None) -> list[Wave]:
    """Return waves at the exit, sent back to where they left each slice, first to last."""
    found = [waves]
    for index in range(slices[0].shape[-3] - 1, 0, -1):
        found.insert(0, _way(between).adjoint(conjugate_product(_slice(slices, index), found[0])))
    return found


def _way(between: Propagator | None) -> Propagator:
    if between is None:
        raise ValueError(
            "Slices of an object must have a way between them. Received: between=None, and several slices. "
            "Give the Propagator from one to the next."
        )
    return between


def _slice(slices: Wave, index: int) -> Wave:
    """Return one slice, with an axis for the modes: pair `(..., 1, y, x)`."""
    return tuple(part[..., index, None, :, :] for part in slices)
