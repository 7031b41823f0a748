"""What the numbers of a pattern are: photons that were counted, amplitudes, or intensities of an arbitrary unit."""

import dataclasses

import numpy as np

from ptychopinn.preparation.sample import Sample
from ptychopinn.preparation.shot_noise import variance_per_mean

WHOLE = 1e-3
"""By how much a whole number that was divided by another may seem to be none."""

FEW_PHOTONS = 12
"""Up to so many photons, values that are multiples of one are told from values that are not."""

MOSTLY = 0.5
NEARLY_ALL = 0.9
"""Parts of the values."""

SUB_POISSON, LIKE_PHOTONS = 0.3, 2.0
"""Variance over mean that photons never have, and up to which they may seem to."""


@dataclasses.dataclass(frozen=True)
class Told:
    """What the numbers are.

    Args:
        measurement: `"counts"`, `"amplitude"` or `"intensity"`.
        note: str. How it was told.
        unit: float. The value that one photon has; None where it is not known.
        noisy: bool. Whether dark pixels hold noise about zero.
    """

    measurement: str
    note: str
    unit: float | None = None
    noisy: bool = False


def tell_measurement(sample: Sample, asked: str, by_file: str | None, name: str) -> Told:
    """Tell what the numbers are: what the user says, else what the file says, else what they look like.

    Whole numbers, or a majority of them, are counts. Other numbers are told by what they are multiples of: those of one
    photon are intensities, those whose squares are multiples of one are amplitudes.

    Raises:
        ValueError: if they are logarithms of counts.
    """
    if asked != "auto":
        unit = _unit(sample) or variance_per_mean(np.maximum(sample.lit, 0)) if asked == "intensity" else None
        return Told(asked, f"Patterns are read as {asked}, as asked.", unit)
    if by_file is not None:
        return Told(by_file, f"Patterns are read as {by_file}, as the file says; --measurement overrides.")
    if sample.stored.dtype.kind in "iub":
        return _whole_numbers(sample)
    return _real_numbers(sample, name)


def _whole_numbers(sample: Sample) -> Told:
    kind = sample.stored.dtype
    if _is_below_photons(sample):
        return Told("amplitude", f"Patterns are {kind} that vary less than photons do: read as rounded amplitudes; "
                    "--measurement overrides.")  # fmt: skip
    unit = _common_divisor(sample)
    if unit > 1:
        return Told("counts", f"Patterns are {kind}, all multiples of {unit}: read as counts, {unit} units a photon; "
                    f"--photons-per-unit overrides.", float(unit))  # fmt: skip
    return Told("counts", f"Patterns are {kind}: read as counts (photons).")


def _real_numbers(sample: Sample, name: str) -> Told:
    values = sample.positive
    part = _part_whole(values)
    if part == 1:
        divisor = _common_divisor(sample)
        if divisor > 1:
            return Told("counts", f"Patterns are floats, all multiples of {divisor}: read as counts, {divisor} units a "
                        "photon; --photons-per-unit overrides.", float(divisor))  # fmt: skip
        return Told("counts", "Patterns are floats, all whole numbers: read as counts (photons); --measurement "
                    "overrides.")  # fmt: skip
    if part > MOSTLY:
        return Told("counts", f"Patterns are floats, {100 * part:.4g} % of them whole numbers: read as counts "
                    "(photons); --measurement overrides.")  # fmt: skip
    _refuse_logarithms(values, name)
    unit = _unit(sample)
    if unit is not None:
        return Told("intensity", f"Patterns are floats, multiples of {unit:.4g} in a pixel: read as intensities, of "
                    "which that is one photon; --measurement and --photons-per-unit override.", unit)  # fmt: skip
    if _is_noise_about_zero(sample):
        note = "Patterns are floats with noise about a background that was subtracted: read as intensities; " \
               "--measurement overrides."  # fmt: skip
        return Told("intensity", note, variance_per_mean(np.maximum(sample.lit, 0)), noisy=True)
    return Told("amplitude", "Patterns are floats, not whole numbers: read as amplitudes; --measurement overrides, "
                "--photons scales.")  # fmt: skip


def _part_whole(values: np.ndarray) -> float:
    """Return which part of positive values are whole numbers; 1 of none."""
    if not len(values):
        return 1.0
    return float(np.mean(values == np.rint(values)))


def _common_divisor(sample: Sample) -> int:
    """Return what all values are multiples of, where they are of several kinds; else 1."""
    values = sample.positive
    if not len(values) or values[-1] > 2**53:
        return 1
    kinds = np.unique(values.astype(np.int64))
    return int(np.gcd.reduce(kinds)) if len(kinds) > 2 else 1


def _unit(sample: Sample) -> float | None:
    """Return the value of one photon, the typical one of pixels that saw few; None where values are no multiples.

    Each pixel may have a unit of its own, as after a correction by a flat field.
    """
    values = sample.lit
    positive = values > 0
    dim = (np.isfinite(values) & ~positive).mean(axis=0) > 0.1
    some = dim & (positive.sum(axis=0) >= 3)
    if some.sum() < 8:
        return None
    least = np.where(positive, values, np.inf).min(axis=0)[some]
    photons = np.where(positive, values, np.nan)[:, some] / least
    photons = photons[photons < FEW_PHOTONS]
    more = photons[photons > 1.5]
    if len(more) < 20 or np.mean(np.abs(more - np.rint(more)) < WHOLE * FEW_PHOTONS) < NEARLY_ALL:
        return None
    unit = float(np.median(least))
    return 1.0 if abs(unit - 1) < 0.05 else unit


def _refuse_logarithms(values: np.ndarray, name: str) -> None:
    """Raise ValueError if values are logarithms of whole numbers, or of those and 1."""
    if not len(values) or values[-1] > 50:
        return
    for raised, base in ((10.0**values, "10"), (np.exp(values), "e")):
        few = raised[(raised > 1.5) & (raised < 1000)]
        whole = np.abs(few - np.rint(few)) < 5e-4 * few
        if len(few) > 20 and whole.mean() > NEARLY_ALL and len(np.unique(np.rint(few))) > 3:
            raise ValueError(
                f"{name} must hold counts, intensities or amplitudes. Received: logarithms of whole numbers, base "
                f"{base}. Raise {base} to their power, and subtract 1 where it was added, before you save them."
            )


def _is_below_photons(sample: Sample) -> bool:
    """Tell whether whole numbers vary much less than photons do, and their squares as photons do."""
    values = sample.lit
    if sample.quantum < 1 or not np.isfinite(values).all():
        return False
    of_counts, of_squares = variance_per_mean(values), variance_per_mean(np.square(values, dtype=np.float64))
    if of_counts is None or of_squares is None:
        return False
    return of_counts < SUB_POISSON and 1 / LIKE_PHOTONS < of_squares < LIKE_PHOTONS


def _is_noise_about_zero(sample: Sample) -> bool:
    """Tell whether dark pixels hold noise about zero, most often near zero, as intensities do and their roots do not.

    Where noise of a standard deviation was read, a Gaussian is below a tenth of it in 8 % of the values; roots of it
    with their sign, in 1 %. Of noise that was clipped at zero, positive values tell.
    """
    values = sample.lit
    below, zero = values < 0, values == 0
    dark = np.abs(sample.mean) < np.sqrt(np.maximum(sample.variance, 1e-30))
    if below[:, dark].mean() < 0.05 and zero[:, dark].mean() < 0.05:
        return False
    noisy = values[:, dark]
    noisy = np.abs(noisy[np.isfinite(noisy) & (noisy != 0)])
    if len(noisy) < 200 or len(np.unique(noisy)) < len(noisy) / 4:
        return False
    return bool(np.mean(noisy < 0.1 * np.sqrt(np.mean(noisy**2))) > 0.04)
