"""Geometry of an experiment: from energy, distance and the detector's pixel to the pixel of the object."""

import dataclasses

from ptychopinn.data.recording import Recording
from ptychopinn.physics.wavelengths import far_field_pixel_m, wavelength_m
from ptychopinn.preparation.near_field import in_near_field, is_near, refuse_near_options
from ptychopinn.preparation.params import Preparation

SOFTEST_EV = 20.0
"""Photons of less energy than that are rarely used for ptychography: the energy may be in keV."""


def with_geometry(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording with what the user says of its geometry, and the pixel of the object where it follows.

    The pixel is that of patterns as they are stored; of patterns that are not square, that of the shorter side.
    """
    said = _as_said(recording, wanted)
    if is_near(recording, wanted):
        return in_near_field(said, wanted)
    refuse_near_options(wanted)
    return _in_far_field(said, wanted)


def _as_said(recording: Recording, wanted: Preparation) -> Recording:
    """Return a recording with what the user says of energy, distance and the detector's pixel."""
    notes = recording.notes
    energy = recording.energy_eV if wanted.energy is None else wanted.energy
    electrons = recording.electrons if wanted.electrons is None else wanted.electrons
    if energy is not None and energy < SOFTEST_EV and not electrons:
        notes += (f"The energy is {energy:g} eV, little for photons: is it in keV? --energy overrides, in eV.",)
    detector = recording.detector_pixel_m
    if wanted.detector_pixel is not None:
        detector = (wanted.detector_pixel, wanted.detector_pixel)
    return dataclasses.replace(
        recording, energy_eV=energy, electrons=electrons, detector_pixel_m=detector, notes=notes,
        distance_m=recording.distance_m if wanted.distance is None else wanted.distance,
    )  # fmt: skip


def _in_far_field(recording: Recording, wanted: Preparation) -> Recording:
    energy, distance, detector = recording.energy_eV, recording.distance_m, recording.detector_pixel_m
    pixel, notes = recording.pixel_size_m if wanted.pixel_size is None else wanted.pixel_size, recording.notes
    changed = wanted.energy or wanted.distance or wanted.detector_pixel
    if energy and distance and detector and (pixel is None or (changed and wanted.pixel_size is None)):
        side = min(recording.patterns.shape[1:])
        pixel = far_field_pixel_m(wavelength_m(energy, recording.electrons), distance, side, detector[0])
        kind = "electrons" if recording.electrons else "photons"
        notes += (
            f"The object's pixel is {pixel:.4g} m: {kind} of {energy:g} eV, {distance:g} m from the detector, whose "
            f"pixel is {detector[0]:g} m; --pixel-size overrides.",
        )
    elif changed and pixel is None:
        missing = [name for name, known in (("--energy", energy), ("--distance", distance),
                                            ("--detector-pixel", detector)) if not known]  # fmt: skip
        notes += (f"The object's pixel is not known: {' and '.join(missing)} would tell it.",)
    return dataclasses.replace(recording, pixel_size_m=pixel, fresnel_number=None, notes=notes)
