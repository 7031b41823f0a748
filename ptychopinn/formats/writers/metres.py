"""Lengths in metres, for formats that know no pixels."""

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.physics.wavelengths import far_field_pixel_m, wavelength_m


def pixel_m(reconstruction: Reconstruction) -> float:
    """Return the pixel of an object that is known to have one, metres."""
    assert reconstruction.pixel_size_m is not None
    return reconstruction.pixel_size_m


def middle_px(reconstruction: Reconstruction) -> np.ndarray:
    """Return the middle of an object `(y, x)`, in pixels from its pixel (0, 0)."""
    return (np.array(reconstruction.object.shape) - 1) / 2


def positions_m(reconstruction: Reconstruction) -> np.ndarray:
    """Return the positions `(pattern, 2)`, `(y, x)` in metres from the object's middle; none if not known."""
    if reconstruction.positions is None or reconstruction.origin is None:
        return np.zeros((0, 2))
    in_object = np.asarray(reconstruction.positions, float) - np.asarray(reconstruction.origin)
    return (in_object - middle_px(reconstruction)) * pixel_m(reconstruction)


def detector_pixel_m(scan: Scan) -> float | None:
    r"""Return the pixel of the detector, metres; None where the geometry is not known.

    With pixels $p$ of the object, it is $\lambda z / (N p)$ in the far field, and $F \lambda z / p$ in the near field.
    """
    if scan.pixel_size_m is None or scan.energy_eV is None or scan.distance_m is None:
        return None
    wavelength = wavelength_m(scan.energy_eV)
    if scan.fresnel_number is not None:
        return scan.fresnel_number * wavelength * scan.distance_m / scan.pixel_size_m
    return far_field_pixel_m(wavelength, scan.distance_m, scan.size, scan.pixel_size_m)
