"""The way from a Recording to a Scan."""

import dataclasses
import functools

import numpy as np

from ptychopinn.data.checks import check_frames, check_positions
from ptychopinn.data.recording import Recording
from ptychopinn.data.scan import Scan
from ptychopinn.physics.wavelengths import wavelength_m
from ptychopinn.preparation.applied import Applied
from ptychopinn.preparation.cube import along_axis
from ptychopinn.preparation.cutting import window_of
from ptychopinn.preparation.detector import Asked, Detected, detected
from ptychopinn.preparation.geometry import with_geometry
from ptychopinn.preparation.guess import guessed_probe
from ptychopinn.preparation.near_field import probe_of_mean
from ptychopinn.preparation.pairing import bursts_summed, delayed, paired, without_lost_positions
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.probe import Grid, probe_of_file
from ptychopinn.preparation.scan_positions import as_scanned, in_pixels, without_outliers
from ptychopinn.preparation.trial import trial_of
from ptychopinn.preparation.trials.orientation import told_orientation
from ptychopinn.preparation.window import Window


def prepare(recording: Recording, wanted: Preparation | None = None, asked: Asked | None = None) -> Scan:
    """Make a scan of what a file holds.

    Frames are paired with positions, and positions brought to pixels of the object; what the patterns hold is told from
    a sample of them; they are cut, binned, padded and turned as they are read. A file that is as it should be is read
    as it is.

    Args:
        recording: Recording.
        wanted: Preparation. Defaults to what the file and its patterns tell.
        asked: Asked: what else is said of the patterns.

    Returns:
        Scan. Its `notes` say, in sentences, what was found and assumed, and what overrides it.

    Raises:
        ValueError: where something cannot be told, or be.
    """
    wanted, asked = wanted or Preparation(), asked or Asked()
    if wanted.orient == "auto":
        return _by_trials(recording, wanted, asked)
    check_frames(recording.patterns, recording.name)
    recording = along_axis(recording, wanted)
    recording = without_lost_positions(delayed(paired(recording, wanted), wanted))
    recording = as_scanned(in_pixels(with_geometry(recording, wanted), wanted), wanted)
    told = detected(without_outliers(recording), wanted, asked)
    summed = bursts_summed(told.recording, wanted)
    frames = len(np.asarray(told.recording.positions)) / len(np.asarray(summed.positions))
    told = dataclasses.replace(told, recording=summed, stray=told.stray * frames)
    window, notes = window_of(told, wanted)
    recording = dataclasses.replace(told.recording, notes=(*told.recording.notes, *notes))
    scan = _scan_of(dataclasses.replace(told, recording=recording), window, wanted)
    return scan if asked.photons is None or told.scaled else scan.with_photons(asked.photons)


def _by_trials(recording: Recording, wanted: Preparation, asked: Asked) -> Scan:
    """Prepare a scan as the orientation that trials tell asks for."""
    as_stored = dataclasses.replace(wanted, orient="identity")
    scan = prepare(recording, as_stored, asked)
    orientation, note = told_orientation(scan.lit())
    if orientation != "identity":
        scan = prepare(recording, dataclasses.replace(wanted, orient=orientation), asked)
    return dataclasses.replace(scan, notes=(*scan.notes, note))


def _scan_of(told: Detected, window: Window | None, wanted: Preparation) -> Scan:
    recording, mean = told.recording, told.mean
    patterns, mask, corner = recording.patterns, np.asarray(recording.mask), bool(recording.corner)
    amplitudes = recording.measurement == "amplitude"
    stored, near = min(patterns.shape[1:]), recording.far_field is False
    grid = Grid(stored, 1, stored, near)
    if window is not None:
        cut = functools.partial(window.apply, amplitudes=amplitudes)
        patterns = Applied(patterns, cut, (window.side, window.side), np.float32)
        mask, mean, corner = window.good(mask), np.maximum(cut(mean[None])[0], 0), False
        grid = Grid(stored, window.bin, window.side, near)
    elif corner:
        mask, mean = np.fft.fftshift(mask), np.fft.fftshift(mean)
    positions, obj, moved = _positions(recording, grid)
    check_positions(positions, grid.side)
    pixel = None if recording.pixel_size_m is None else recording.pixel_size_m * grid.pixel_ratio
    number = None if recording.fresnel_number is None else recording.fresnel_number * grid.binned**2
    probe, notes = probe_of_file(recording, grid, wanted)
    probe_made = probe is None
    if probe is None:
        light = mean**2 if amplitudes else mean
        if number is None:
            trial = trial_of(patterns, positions, mask, corner, amplitudes)
            probe, made = guessed_probe(light, mask, positions, trial, _defocus_px(recording, pixel, wanted))
        else:
            probe, made = probe_of_mean(light, mask, number)
        notes = (*notes, made)
    return Scan(
        patterns=patterns, positions=positions, probe_guess=probe, measurement=str(recording.measurement),
        corner=corner, object=obj, mask=None if mask.all() else mask, pixel_size_m=pixel,
        energy_eV=recording.energy_eV, distance_m=recording.distance_m, fresnel_number=number, name=recording.name,
        background=told.stray * grid.binned**2, probe_made=probe_made, notes=(*recording.notes, *moved, *notes),
        marked=told.marked or window is not None,
    )  # fmt: skip


def _defocus_px(recording: Recording, pixel: float | None, wanted: Preparation) -> float | None:
    """Return the defocus that is asked for as wavelength times distance, in squared pixels of the object."""
    if wanted.defocus is None:
        return None
    if pixel is None or recording.energy_eV is None:
        raise ValueError(
            f"defocus needs the energy and the pixel of the object. Received: defocus={wanted.defocus:g}, "
            f"energy={recording.energy_eV}, pixel_size={pixel}. Give --energy, and --pixel-size or the detector's."
        )
    return wavelength_m(recording.energy_eV, recording.electrons) * wanted.defocus / pixel**2


def _positions(recording: Recording, grid: Grid) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Return positions in pixels of the patterns, the object where it is of those, and what is said of them."""
    positions, obj, notes = np.asarray(recording.positions, float), recording.object, []
    if obj is not None and recording.object_first_px is not None:
        positions = positions - np.asarray(recording.object_first_px)
    if grid.pixel_ratio != 1:
        positions = positions / grid.pixel_ratio
        notes.append(
            f"A pixel of the object is {grid.pixel_ratio:.4g} of that of the stored patterns: positions follow; "
            f"--affine overrides."
        )
        if obj is not None:
            obj = None
            notes.append("The object of the file is left out: it is of other pixels.")
    return positions, obj, tuple(notes)
