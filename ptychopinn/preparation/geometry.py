"""Geometry of a far-field experiment: from energy, distance and the detector's pixel to the pixel of the object."""

import dataclasses

from ptychopinn.data.recording import Recording
from ptychopinn.physics.wavelengths import far_field_pixel_m, wavelength_m
from ptychopinn.preparation.params import Preparation

SOFTEST_EV = 20.0
"""Photons of less energy than that are rarely used for ptychography: the energy may be in keV."""


def with_geometry(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording with what the user says of its geometry, and the pixel of the object where it follows.

    The pixel is that of patterns as they are stored; of patterns that are not square, that of the shorter side.
    """
    notes = []
    energy = recording.energy_eV if wanted.energy is None else wanted.energy
    distance = recording.distance_m if wanted.distance is None else wanted.distance
    electrons = recording.electrons if wanted.electrons is None else wanted.electrons
    detector = recording.detector_pixel_m
    if wanted.detector_pixel is not None:
        detector = (wanted.detector_pixel, wanted.detector_pixel)
    pixel = recording.pixel_size_m if wanted.pixel_size is None else wanted.pixel_size
    changed = wanted.energy or wanted.distance or wanted.detector_pixel
    if energy is not None and energy < SOFTEST_EV and not electrons:
        notes.append(f"The energy is {energy:g} eV, little for photons: is it in keV? --energy overrides, in eV.")
    if energy and distance and detector and (pixel is None or (changed and wanted.pixel_size is None)):
        side = min(recording.patterns.shape[1:])
        pixel = far_field_pixel_m(wavelength_m(energy, electrons), distance, side, detector[0])
        kind = "electrons" if electrons else "photons"
        notes.append(
            f"The object's pixel is {pixel:.4g} m: {kind} of {energy:g} eV, {distance:g} m from the detector, whose "
            f"pixel is {detector[0]:g} m; --pixel-size overrides."
        )
    elif changed and pixel is None:
        missing = [name for name, known in (("--energy", energy), ("--distance", distance),
                                            ("--detector-pixel", detector)) if not known]  # fmt: skip
        notes.append(f"The object's pixel is not known: {' and '.join(missing)} would tell it.")
    return dataclasses.replace(
        recording, energy_eV=energy, distance_m=distance, electrons=electrons, detector_pixel_m=detector,
        pixel_size_m=pixel, notes=(*recording.notes, *notes),
    )  # fmt: skip
