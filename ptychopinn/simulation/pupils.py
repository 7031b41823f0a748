"""Probes that a lens makes: complex arrays `(mode, y, x)`, the far field of the light in its pupil."""

import math
from collections.abc import Iterable

import numpy as np

from ptychopinn.physics.resampling import centred_fft

ABERRATIONS = ((2, 0), (2, -2), (2, 2), (3, -1), (3, 1), (3, -3), (3, 3), (4, 0))
"""Zernike polynomials `(n, m)` of a random lens: defocus, astigmatism, coma, trefoil, spherical aberration."""


def zone_plate(
    size: int, pixel_size_m: float, wavelength_m: float, outer_zone_width_m: float = 50e-9,
    diameter_m: float = 180e-6, central_stop_m: float = 60e-6, defocus_m: float = 2e-4,
) -> np.ndarray:  # fmt: skip
    r"""Make the probe of a Fresnel zone plate, near its first-order focus.

    The focal length is $f = D \Delta r / \lambda$, and light of spatial frequency $q$ comes from the distance
    $\lambda f q$ to the axis. Out of focus by $d$, each frequency has the phase $-\pi \lambda d q^2$ (Fresnel). In
    focus and without a stop the probe is an Airy pattern, dark at $1.22 \Delta r$.

    Args:
        size: int. Side, in pixels.
        pixel_size_m: float. Of the object, metres.
        wavelength_m: float. Metres.
        outer_zone_width_m: float. Width $\Delta r$ of the outermost zone, metres. Defaults to 50 nm.
        diameter_m: float. Of the zone plate, $D$, metres. Defaults to 180 um.
        central_stop_m: float. Diameter of the stop before its middle, metres. Defaults to 60 um.
        defocus_m: float. Distance of the object from the focus, downstream, metres. Defaults to 0.2 mm.

    Returns:
        complex64 array `(1, y, x)`.

    Raises:
        ValueError: if the light misses the detector, the beam is wider than the probe's array, or the stop hides all.

    Reference:
        Sakdinawat and Attwood, Nat. Photonics 4, 840 (2010), doi:10.1038/nphoton.2010.267
    """
    focal_m = diameter_m * outer_zone_width_m / wavelength_m
    beam_m = abs(defocus_m) * diameter_m / focal_m
    if pixel_size_m > outer_zone_width_m:
        raise ValueError(
            f"The light of a zone plate must fit on the detector: pixels of the object of {outer_zone_width_m:.3g} m, "
            f"its outer zone width, or less. Received: pixel_size_m={pixel_size_m:.3g}. "
            "Move the detector nearer, or take more or larger pixels."
        )
    if beam_m > size * pixel_size_m:
        raise ValueError(
            f"The beam must be narrower than the field of view, {size * pixel_size_m:.3g} m. "
            f"Received: defocus_m={defocus_m:.3g}, a beam of {beam_m:.3g} m. Defocus less, or take more pixels."
        )
    if central_stop_m >= diameter_m:
        raise ValueError(
            f"The central stop must be smaller than the zone plate, {diameter_m:.3g} m. "
            f"Received: central_stop_m={central_stop_m:.3g}. Take a smaller stop."
        )
    q, _ = _frequencies(size)
    q = q / (size * pixel_size_m)
    step_m = wavelength_m * focal_m / (size * pixel_size_m)  # a pixel of the detector, in the plane of the lens
    height_m = wavelength_m * focal_m * q
    pupil = _inside((diameter_m / 2 - height_m) / step_m) - _inside((central_stop_m / 2 - height_m) / step_m)
    return _focus(pupil * np.exp(-1j * np.pi * wavelength_m * defocus_m * q**2))


def zernike(size: int, pupil: float = 0.3, rms_rad: float = 1.0, seed: int = 0) -> np.ndarray:
    """Make the probe of a round lens with random low-order aberrations, `ABERRATIONS`.

    Args:
        size: int. Side, in pixels.
        pupil: float. Diameter of the pupil, of the detector's side. Defaults to 0.3.
        rms_rad: float. Root mean square of the phase over the pupil, in radians. Defaults to 1.
        seed: int.

    Returns:
        complex64 array `(1, y, x)`.
    """
    radius, angle = _frequencies(size)
    draw = np.random.default_rng(seed).standard_normal(len(ABERRATIONS))
    rho = radius / (pupil * size / 2)
    phase = aberration(np.minimum(rho, 1.5), angle, rms_rad * draw / np.linalg.norm(draw))
    return _focus(_inside(pupil * size / 2 - radius) * np.exp(1j * phase))


def aberration(rho: np.ndarray, theta: np.ndarray, coefficients: Iterable[float]) -> np.ndarray:
    """Return the sum of Zernike polynomials, each of mean square 1 on the unit disc, times its coefficient.

    Args:
        rho: float array: distance from the middle of the pupil, of its radius.
        theta: float array: angle, in radians.
        coefficients: one for each of `ABERRATIONS`, in radians.

    Returns:
        float array: phase, in radians.

    Reference:
        Noll, J. Opt. Soc. Am. 66, 207 (1976), doi:10.1364/JOSA.66.000207
    """
    total = np.zeros_like(theta)
    for (n, m), coefficient in zip(ABERRATIONS, coefficients):
        radial = sum(
            (-1) ** k * math.factorial(n - k) * rho ** (n - 2 * k)
            / (math.factorial(k) * math.factorial((n + abs(m)) // 2 - k) * math.factorial((n - abs(m)) // 2 - k))
            for k in range((n - abs(m)) // 2 + 1)
        )  # fmt: skip
        around = np.sin(-m * theta) if m < 0 else np.cos(m * theta)
        total = total + coefficient * math.sqrt((n + 1) * (2 if m else 1)) * radial * around
    return total


def _frequencies(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return radius and angle of the frequencies, zero at the centre, in pixels of the detector."""
    y, x = np.mgrid[:size, :size] - size // 2
    return np.hypot(y, x), np.arctan2(y, x)


def _inside(distance: np.ndarray) -> np.ndarray:
    """Return 1 inside an edge about a pixel wide and 0 outside, for signed distances in pixels."""
    return 0.5 * (1 + np.tanh(2 * distance))


def _focus(pupil: np.ndarray) -> np.ndarray:
    return centred_fft(pupil, inverse=True)[None].astype(np.complex64)
