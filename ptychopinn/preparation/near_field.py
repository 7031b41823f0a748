"""The near field: the object's pixel and Fresnel number that a geometry makes, and a probe where the file has none."""

import dataclasses

import numpy as np
from scipy.ndimage import distance_transform_edt

from ptychopinn.data.recording import Recording
from ptychopinn.physics.numpy_physics import near_field
from ptychopinn.physics.wavelengths import wavelength_m
from ptychopinn.preparation.params import Preparation


def is_near(recording: Recording, wanted: Preparation) -> bool:
    """Tell whether the detector is in the near field: as the user says, else as the file does."""
    if wanted.propagation is not None:
        return wanted.propagation == "near"
    return recording.fresnel_number is not None or recording.far_field is False


def refuse_near_options(wanted: Preparation) -> None:
    """Raise ValueError where options of the near field are given for a scan of the far field."""
    for name in ("focus_distance", "fresnel_number"):
        value = getattr(wanted, name)
        if value is not None:
            raise ValueError(
                f"{name} acts with propagation=near. Received: {name}={value:g}. Leave it out, or ask for that."
            )


def in_near_field(recording: Recording, wanted: Preparation) -> Recording:
    r"""Return a recording of the near field with the pixel of its object, and the Fresnel number of that pixel.

    A beam that diverges from a focus $z_1$ before the sample to a detector $z_2$ behind it makes the pattern of a
    parallel beam after $z_2 / M$, $M = (z_1 + z_2) / z_1$ times as large: the Fresnel scaling theorem. Its curvature is
    not in the probe then, and the object's pixel is the detector's, divided by M.

    Args:
        recording: Recording, with what the user says of its geometry.
        wanted: Preparation.

    Raises:
        ValueError: where the Fresnel number cannot be told, or what is asked for belongs to the far field.

    Reference:
        Paganin, Coherent X-Ray Optics (2006), doi:10.1093/acprof:oso/9780198567288.001.0001, appendix B
    """
    _refuse_far_options(wanted)
    pixel = recording.pixel_size_m if wanted.pixel_size is None else wanted.pixel_size
    detector = None if recording.detector_pixel_m is None else recording.detector_pixel_m[0]
    magnification = _magnification(recording.distance_m, detector, pixel, wanted)
    if detector is not None and wanted.pixel_size is None:
        pixel = detector / magnification
    number, notes = wanted.fresnel_number, recording.notes
    if number is None and (recording.fresnel_number is None or _is_said_anew(wanted)):
        number = _fresnel_number(recording, pixel, magnification)
        notes += (
            f"The detector is in the near field, {recording.distance_m:g} m behind the sample and {magnification:.5g} "
            f"times magnified: the object's pixel is {pixel:.4g} m, of Fresnel number {number:.4g}; --focus-distance, "
            "--pixel-size and --fresnel-number override.",
        )
    else:
        number = recording.fresnel_number if number is None else number
        notes += (f"The detector is in the near field, the object's pixel of Fresnel number {number:.4g}; "
                  "--fresnel-number overrides.",)  # fmt: skip
    return dataclasses.replace(recording, pixel_size_m=pixel, fresnel_number=number, far_field=False, notes=notes)


def probe_of_mean(light: np.ndarray, mask: np.ndarray, fresnel_number: float) -> tuple[np.ndarray, str]:
    """Return a first guess of the probe, complex `(1, y, x)`, and a sentence that says how it was made.

    The root of the mean frame is what an empty beam sends to the detector, a little smeared by the object: it is sent
    back to the sample.

    Args:
        light: float array `(y, x)`: mean frame.
        mask: bool array `(y, x)`, True on good pixels: the nearest one stands for each of the others.
        fresnel_number: float. Of a pixel.
    """
    _, nearest = distance_transform_edt(~mask, return_indices=True)
    amplitude = np.sqrt(light[tuple(nearest)])
    said = "The probe is made of the mean frame, sent back to the sample."
    return near_field(amplitude, -1 / fresnel_number)[None], said


def _refuse_far_options(wanted: Preparation) -> None:
    for name, why in (("centre", "a near field has no zero frequency: --crop keeps the middle"),
                      ("defocus", "the probe is the mean frame, sent back")):  # fmt: skip
        if getattr(wanted, name) is not None:
            raise ValueError(
                f"{name} is for far fields; {why}. Received: {name}={getattr(wanted, name)}. Leave it out."
            )


def _is_said_anew(wanted: Preparation) -> bool:
    names = ("energy", "distance", "detector_pixel", "pixel_size", "focus_distance")
    return any(getattr(wanted, name) is not None for name in names)


def _magnification(
    distance: float | None, detector: float | None, pixel: float | None, wanted: Preparation
) -> float:  # fmt: skip
    """Return by how much a pattern is larger than that of a parallel beam, which a focus or the object's pixel tell."""
    if wanted.focus_distance is not None and distance is not None:
        return 1 + distance / wanted.focus_distance
    return detector / pixel if detector is not None and pixel is not None else 1.0


def _fresnel_number(recording: Recording, pixel: float | None, magnification: float) -> float:
    energy, distance = recording.energy_eV, recording.distance_m
    if energy is None or distance is None or pixel is None:
        raise ValueError(
            f"A near field needs the energy, the distance, and the pixel of detector or object. Received: "
            f"energy_eV={energy}, distance_m={distance}, pixel_size_m={pixel}. Give --energy, --distance and "
            "--detector-pixel or --pixel-size, or --fresnel-number."
        )
    return pixel**2 * magnification / (wavelength_m(energy, recording.electrons) * distance)
