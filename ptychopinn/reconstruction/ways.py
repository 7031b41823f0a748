"""The way of the light through an experiment: from what a scan's file and the options say, to `Optics`."""

import dataclasses

from ptychopinn.data.scan import Scan
from ptychopinn.physics.optics import Optics
from ptychopinn.physics.wavelengths import wavelength_m
from ptychopinn.reconstruction.params import ReconstructionParams


def optics_of(params: ReconstructionParams, scan: Scan) -> Optics:
    """Return the optics that options and the scan make: the scan's way to the detector, and what options say besides.

    A spacing of slices that nothing says is 0: it is still to be found (see `spacing`).

    Args:
        params: ReconstructionParams.
        scan: Scan, with its `pixel_size_m` that of the object.

    Raises:
        ValueError: if the distance of slices is needed and nothing tells it, or it is too long for the field.
    """
    spacing = slice_distance(params, scan) if params.slices > 1 else 0.0
    return dataclasses.replace(scan.optics, slices=params.slices, spacing=spacing, blur=params.blur)


def slice_distance(params: ReconstructionParams, scan: Scan) -> float:
    """Return the Fresnel distance from a slice to the next, in pixels; 0 where nothing says it."""
    if params.slice_fresnel_number is not None:
        distance = 1 / params.slice_fresnel_number
    elif params.slice_spacing is None:
        return 0.0
    else:
        energy = needed("energy_eV", scan.energy_eV, "the photon energy in the scan's file")
        pixel = needed("pixel_size_m", scan.pixel_size_m, "the object's pixel size in the scan's file")
        distance = wavelength_m(energy) * params.slice_spacing / pixel**2
    if distance > scan.size:
        raise ValueError(
            f"A way to the next slice must have a Fresnel distance of at most the field's {scan.size} pixels. "
            f"Received: {distance:.4g} pixels. Check energy, spacing and pixel size."
        )
    return distance


def needed(name: str, value: float | None, what: str) -> float:
    """Return a number that must be known, or raise ValueError that says what to give."""
    if value is None:
        raise ValueError(
            f"A way through free space must have a length in pixels. Received: {name}=None. Give {what}, or "
            "slice_fresnel_number."
        )
    return value
