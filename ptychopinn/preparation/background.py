"""What a detector reads besides the light of object and probe: an offset to subtract, stray light to expect."""

import dataclasses

import numpy as np

from ptychopinn.preparation.sample import Sample

FLAT, ALIKE = 0.25, 1.1
"""Part of the pixels that stand at a floor, within a tenth; and by how much it may rise towards the middle."""

SURE = 7.0
"""Standard errors of a pixel's mean that a floor is above zero."""

STEADY = 0.5
"""Variance over mean of a floor that is no light: photons have 1."""

AS_LIGHT = (0.7, 1.3)
"""The same of light that is the same in all frames; speckles that move vary more."""


@dataclasses.dataclass(frozen=True)
class Background:
    """What patterns hold besides the light of object and probe.

    Args:
        subtracted: float, or float array `(y, x)`: in the unit of the patterns.
        stray: float. Of light that stands in all frames, in that unit: photons of noise of their own, not subtracted.
        notes: what was found, in sentences.
    """

    subtracted: float | np.ndarray = 0.0
    stray: float = 0.0
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Floor:
    """A level that all frames stand on.

    Args:
        level: float. In the unit of the patterns.
        ratio: float. Variance of its pixels over their mean, in that unit.
    """

    level: float
    ratio: float


def background_of(
    sample: Sample,
    bad: np.ndarray,
    unit: float | None,
    asked: float | np.ndarray | None,
    by_file: np.ndarray | None,
) -> Background:
    """Tell what patterns hold besides the light: as asked, as the file says, or the floor that all frames stand on.

    Args:
        sample: Sample, without what is asked for, or what the file says.
        bad: bool array `(y, x)`.
        unit: float. Value of one photon; None where it is not known.
        asked: float, or float array `(y, x)`.
        by_file: float array `(y, x)`.
    """
    if asked is not None:
        said = (f"A background of {np.mean(asked):.4g} units a pixel is subtracted, as asked.",)
        return Background(asked, notes=said if np.any(asked) else ())
    if by_file is not None and np.any(by_file):
        return Background(by_file, notes=(f"The file's background, {np.mean(by_file):.4g} units a pixel, is "
                                          "subtracted; --dark overrides.",))  # fmt: skip
    floor = floor_of(sample, bad, unit)
    if floor is None:
        return Background()
    stands = f"All frames stand on a floor of {floor.level:.4g} units a pixel"
    if floor.ratio < STEADY:
        return Background(floor.level, notes=(f"{stands}, which varies less than light: it is subtracted; --dark "
                                              "overrides, 0 for none.",))  # fmt: skip
    if _is_light(floor.ratio, unit):
        return Background(stray=floor.level, notes=(f"{stands}, which varies as light does: it is expected as stray "
                                                    "light; --dark overrides, 0 for none.",))  # fmt: skip
    may_be = f"{stands}, which may be stray light: it is kept; --dark {floor.level:.4g} subtracts it."
    return Background(notes=(may_be,))


def floor_of(sample: Sample, bad: np.ndarray, unit: float | None = None) -> Floor | None:
    """Return the level on which the dark part of the detector stands in all frames; None where there is none.

    A quarter of the pixels, or more, have its mean, and it is as high near the middle as far from it: what objects
    scatter is not.
    """
    if bad.all() or sample.quantum <= 0:
        return None
    low, lower = np.percentile(sample.mean[~bad], (5, 25))
    near = ~bad & (sample.mean <= lower)
    noise = float(np.sqrt(np.median(sample.variance[near]) / len(sample.lit)))
    dark = ~bad & (np.abs(sample.mean - low) <= 0.1 * low + 3 * noise)
    level = float(np.median(sample.mean[dark])) if dark.any() else 0.0
    least = 10 * sample.quantum if unit is None else 0.0
    if level <= max(least, SURE * noise) or dark.sum() < FLAT * (~bad).sum() or _rises(sample.mean, dark):
        return None
    return Floor(level, float(sample.variance[dark].mean() / level))


def read_noise(sample: Sample, background: float | np.ndarray, bad: np.ndarray) -> float:
    """Return the standard deviation of what dark pixels read, less a background; 0 where no pixel is dark.

    Args:
        sample: Sample.
        background: float, or float array `(y, x)`: what is subtracted.
        bad: bool array `(y, x)`: pixels that have no say.
    """
    deviation = np.sqrt(sample.variance)
    dark = ~bad & (np.abs(sample.mean - background) < deviation)
    return float(np.median(deviation[dark])) if dark.any() else 0.0


def _is_light(ratio: float, unit: float | None) -> bool:
    low, high = AS_LIGHT
    return unit is not None and low * unit < ratio < high * unit


def _rises(mean: np.ndarray, dark: np.ndarray) -> bool:
    """Tell whether pixels that may be a floor are brighter in the half of them that is nearer to the brightest."""
    bright = np.unravel_index(int(np.argmax(mean)), mean.shape)
    y, x = np.indices(mean.shape)
    away = np.hypot(y - bright[0], x - bright[1])[dark]
    inner = away <= np.median(away)
    if inner.all():
        return False
    return bool(mean[dark][inner].mean() > ALIKE * mean[dark][~inner].mean())
