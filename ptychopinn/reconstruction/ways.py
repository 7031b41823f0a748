"""The way of the light through an experiment: from what a scan's file and the options say, to `Optics`."""

from ptychopinn.data.scan import Scan
from ptychopinn.physics.optics import Optics
from ptychopinn.physics.wavelengths import wavelength_m
from ptychopinn.reconstruction.params import ReconstructionParams


def optics_of(params: ReconstructionParams, scan: Scan) -> Optics:
    r"""Return the optics that options and the scan's geometry make.

    A beam that diverges from a focus $z_1$ before the sample to a detector $z_2$ behind it makes the pattern of a
    parallel beam after $z_2 / M$, $M = (z_1 + z_2) / z_1$ times as large: the Fresnel scaling theorem. Its curvature is
    not in the probe then, and the object's pixel is the detector's, divided by M.

    Args:
        params: ReconstructionParams.
        scan: Scan, with its `pixel_size_m` that of the object.

    Raises:
        ValueError: if a distance is needed that nothing tells, or one too long for the field.

    Reference:
        Paganin, Coherent X-Ray Optics (2006), doi:10.1093/acprof:oso/9780198567288.001.0001, appendix B
    """
    distance = near_distance(params, scan) if params.propagation == "near" else None
    spacing = slice_distance(params, scan) if params.slices > 1 else 0.0
    return Optics(distance, params.slices, spacing, params.blur)


def near_distance(params: ReconstructionParams, scan: Scan) -> float:
    """Return the Fresnel distance to a detector in the near field."""
    if params.fresnel_number is not None:
        distance = 1 / params.fresnel_number
    else:
        behind = needed("distance_m", scan.distance_m, "the distance in the scan's file, --distance, or fresnel_number")
        magnification = 1.0 if params.focus_distance is None else 1 + behind / params.focus_distance
        distance = fresnel_distance(behind / magnification, scan, "fresnel_number")
    return sampled(distance, scan.size, "a detector in the near field")


def slice_distance(params: ReconstructionParams, scan: Scan) -> float:
    """Return the Fresnel distance from a slice to the next."""
    if params.slice_fresnel_number is not None:
        return sampled(1 / params.slice_fresnel_number, scan.size, "the next slice")
    spacing_m = needed("slice_spacing", params.slice_spacing, "slice_spacing, or slice_fresnel_number")
    return sampled(fresnel_distance(spacing_m, scan, "slice_fresnel_number"), scan.size, "the next slice")


def fresnel_distance(distance_m: float, scan: Scan, instead: str) -> float:
    """Return a distance in metres as the Fresnel distance of the scan's pixels."""
    energy = needed("energy_eV", scan.energy_eV, f"the photon energy in the scan's file, or {instead}")
    pixel = needed("pixel_size_m", scan.pixel_size_m, f"the object's pixel size in the scan's file, or {instead}")
    return wavelength_m(energy) * distance_m / pixel**2


def needed(name: str, value: float | None, what: str) -> float:
    """Return a number that must be known, or raise ValueError that says what to give."""
    if value is None:
        raise ValueError(
            f"A way through free space must have a length in pixels. Received: {name}=None. Give {what}."
        )  # fmt: skip
    return value


def sampled(distance: float, size: int, where: str) -> float:
    """Return a distance after which neighbouring frequencies of a field differ by half a turn at most, or refuse it."""
    if distance > size:
        raise ValueError(
            f"A way to {where} must have a Fresnel distance of at most the field's {size} pixels. "
            f"Received: {distance:.4g} pixels. Check energy, distance and pixel size; farther off it is the far field."
        )
    return distance
