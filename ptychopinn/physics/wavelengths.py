r"""Wavelength of a beam, $hc / E$ for photons, $hc / \sqrt{E (E + 2 m c^2)}$ for electrons, and pixels it joins."""

import math

import scipy.constants

PLANCK_EV_M = scipy.constants.h * scipy.constants.c / scipy.constants.e
"""Planck's constant times the speed of light."""

ELECTRON_REST_EV = scipy.constants.m_e * scipy.constants.c**2 / scipy.constants.e


def wavelength_m(energy_eV: float, electrons: bool = False) -> float:
    """Return the wavelength of a photon, or of an electron, in metres.

    Args:
        energy_eV: float. Of a photon, or the kinetic energy of an electron.
        electrons: bool.
    """
    if electrons:
        return PLANCK_EV_M / math.sqrt(energy_eV * (energy_eV + 2 * ELECTRON_REST_EV))
    return PLANCK_EV_M / energy_eV


def energy_eV(wavelength_m: float, electrons: bool = False) -> float:
    """Return the energy of a photon, or the kinetic energy of an electron, of a wavelength in metres."""
    momentum = PLANCK_EV_M / wavelength_m
    if electrons:
        return momentum**2 / (math.hypot(momentum, ELECTRON_REST_EV) + ELECTRON_REST_EV)
    return momentum


def far_field_pixel_m(wavelength: float, distance_m: float, side: int, pixel_m: float) -> float:
    r"""Return the pixel at the other end of a far field, $\lambda z / (N \Delta)$: of the object, or of the detector.

    Args:
        wavelength, distance_m: float. Metres.
        side: int. Pixels of a side, at either end.
        pixel_m: float. Pixel at one end, metres.
    """
    return wavelength * distance_m / (side * pixel_m)
