"""What a detector recorded: which pixels count, what a number is, and where the zero frequency is."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.preparation.background import Background, background_of, read_noise
from ptychopinn.preparation.centre import is_at_corner
from ptychopinn.preparation.faults import find_faults
from ptychopinn.preparation.masks import with_polarity
from ptychopinn.preparation.measurement import Told, tell_measurement
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.readout import Readout, read_by
from ptychopinn.preparation.sample import Sample, sampled
from ptychopinn.preparation.sentinels import without_sentinels

UNKNOWN_PHOTONS = 1e6
"""Photons that a pattern of intensities of an unknown unit is taken to have, unless it is said."""

LEAST = 2.0
"""Standard deviations of the read noise below which a value is no light."""


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is said of the numbers of the patterns, besides a `Preparation`.

    Args:
        measurement: `"counts"`, `"intensity"`, `"amplitude"` or `"auto"`.
        zero_frequency: `"centre"`, `"corner"` or `"auto"`.
        photons: float. Mean photons of a pattern, for amplitudes and intensities of arbitrary unit.
        mask: bool array `(y, x)`: of a file that an option names, True on good pixels.
        background: float, or float array `(y, x)`: of an option.
    """

    measurement: str = "auto"
    zero_frequency: str = "auto"
    photons: float | None = None
    mask: np.ndarray | None = None
    background: float | np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Detected:
    """What was found.

    Args:
        recording: Recording, of patterns that are read as photons or amplitudes, with its mask, measurement and corner.
        mean: float array `(y, x)`: mean of the patterns of a sample, as they are read, less the stray light; 0 on bad
            pixels.
        marked: bool. Whether negative values of the patterns mark pixels without data.
        scaled: bool. Whether `photons` were needed, and used.
        place_is_said: bool. Whether the user said where the zero frequency is.
        stray: float. Photons a pixel of stray light that stands in all frames.
    """

    recording: Recording
    mean: np.ndarray
    marked: bool
    scaled: bool
    place_is_said: bool
    stray: float = 0.0


def detected(recording: Recording, wanted: Preparation, asked: Asked) -> Detected:
    """Look at a sample of the patterns, and return a recording that is read as they should be."""
    sample = sampled(recording.patterns)
    good, turned = _mask(recording, asked, sample)
    given = recording.background if asked.background is None else asked.background
    sample = sample.without(~good)
    sample = sample if given is None else sample.less(given)
    sentinels = without_sentinels(sample, ~good)
    faults = find_faults(sentinels.sample, ~good | sentinels.bad)
    bad = ~good | sentinels.bad | faults.bad
    seen = sentinels.sample.without(bad)  # what is faulty has no say, even if it is kept
    told = tell_measurement(seen, asked.measurement, recording.measurement, recording.name)
    besides = _background(recording, wanted, asked, told, seen, bad)
    background = besides.subtracted
    mean = np.where(bad, 0, np.maximum(seen.mean - (background if given is None else 0), 0))
    noisy = told.noisy or not sentinels.negative or bool(np.any(background))
    least = LEAST * read_noise(seen, background if given is None else 0.0, bad) if noisy else 0.0
    factor, scaling, scaled = _factor(told, wanted, asked, float(mean.sum()))
    readout = Readout(background, factor, negative=sentinels.negative and not noisy, least=least)
    found: tuple[str, ...] = (*sentinels.notes, *faults.notes)
    if wanted.faults == "mask":
        limit = None if sample.complete else faults.limit + (0.0 if given is None else given)
        readout = dataclasses.replace(readout, ceiling=sentinels.ceiling, limit=limit)
    else:
        found = ("Faults of the detector are kept as data, as asked.",) if found else ()
    as_stored = readout.changes_nothing and _holds_numbers(recording, sample, good)
    corner, place = _corner(mean, asked, recording)
    read = dataclasses.replace(
        recording, patterns=recording.patterns if as_stored else read_by(recording.patterns, readout),
        measurement="amplitude" if told.measurement == "amplitude" else "counts", corner=corner,
        mask=good if wanted.faults == "keep" else ~bad,
        notes=(*recording.notes, *turned, *found, told.note, *besides.notes, *scaling, *place),
    )  # fmt: skip
    light = np.maximum(mean - besides.stray, 0) * factor
    return Detected(read, light, not as_stored, scaled, asked.zero_frequency != "auto", besides.stray * factor)


def _holds_numbers(recording: Recording, sample: Sample, good: np.ndarray) -> bool:
    """Tell whether all good pixels of all patterns surely hold numbers that are not negative."""
    if recording.patterns.dtype.kind in "ub":
        return True
    return sample.complete and not ((np.isnan(sample.values) | (sample.values < 0)) & good).any()


def _mask(recording: Recording, asked: Asked, sample: Sample) -> tuple[np.ndarray, list[str]]:
    """Return the good pixels `(y, x)` that the file and the user know, of the polarity that the light tells."""
    good = np.ones(sample.stored.shape[1:], bool)
    notes: list[str] = []
    known = (("The mask of the file", recording.mask), ("The file of --mask", asked.mask))
    if all(mask is None for _, mask in known):
        return good, notes
    light = np.maximum(without_sentinels(sample).sample.mean, 0)
    for words, mask in known:
        if mask is not None:
            right, note = with_polarity(mask, light, words)
            good &= right
            notes += [] if note is None else [note]
    return good, notes


def _background(
    recording: Recording, wanted: Preparation, asked: Asked, told: Told, sample: Sample, bad: np.ndarray
) -> Background:
    if told.measurement == "amplitude":
        if wanted.dark is not None:
            raise ValueError(
                f"dark is subtracted from counts or intensities, and {recording.name} holds amplitudes. "
                f"Received: dark={wanted.dark}. Leave it out, or say --measurement counts or intensity."
            )
        return Background()
    unit = 1.0 if told.unit is None and told.measurement == "counts" else told.unit
    return background_of(sample, bad, unit, asked.background, recording.background)


def _factor(told: Told, wanted: Preparation, asked: Asked, light: float) -> tuple[float, tuple[str, ...], bool]:
    """Return the photons of a unit, what is said of it, and whether the photons that were asked for were needed."""
    given = wanted.photons_per_unit
    if told.measurement == "amplitude":
        if given is not None:
            raise ValueError(
                f"photons_per_unit is for counts and intensities, and these are amplitudes. Received: "
                f"photons_per_unit={given:g}. Give --photons, or --measurement counts or intensity."
            )
        return 1.0, (), False
    if given is not None:
        return given, (f"One unit is {given:g} photons, as asked.",), False
    if told.unit is not None and not (told.measurement == "intensity" and asked.photons):
        photons = 1 / told.unit
        said = f"One unit is taken for {photons:.4g} photons; --photons-per-unit overrides."
        return photons, (said,) if photons != 1 else (), False
    if told.measurement == "counts" or light <= 0:
        return 1.0, (), False
    wished = asked.photons or UNKNOWN_PHOTONS
    why = "as asked" if asked.photons else "as nothing tells their unit"
    said = f"Intensities are scaled to {wished:.4g} photons a pattern, {why}; --photons-per-unit overrides."
    return wished / light, (said,), asked.photons is not None


def _corner(mean: np.ndarray, asked: Asked, recording: Recording) -> tuple[bool, tuple[str, ...]]:
    """Tell whether the zero frequency is at the corner, and how that was told; a near field has none."""
    if recording.far_field is False:
        if asked.zero_frequency != "auto":
            raise ValueError(
                f"zero_frequency is for far fields: a near field has none. Received: "
                f"zero_frequency={asked.zero_frequency}. Leave it out."
            )
        return False, ()
    if asked.zero_frequency != "auto":
        return asked.zero_frequency == "corner", (f"Zero frequency is at the {asked.zero_frequency}, as asked.",)
    if recording.corner is not None:
        place = "corner" if recording.corner else "centre"
        return recording.corner, (f"Zero frequency is at the {place}, as the file says; --zero-frequency overrides.",)
    corner = is_at_corner(mean)
    place = "corner" if corner else "centre"
    return corner, (f"Zero frequency is at the {place}, where the light is; --zero-frequency overrides.",)
