"""Dark current: what a detector reads without light, to subtract."""

import dataclasses

import numpy as np

from ptychopinn.preparation.sample import Sample

FLAT = 0.25
"""A floor is what so many pixels stand at, within a tenth."""

LEAST = 2.0
"""Quanta of a floor that is said."""

STEADY = 0.5
"""Variance over mean of a floor that is no light: photons have 1."""


@dataclasses.dataclass(frozen=True)
class Floor:
    """A level that all frames stand on.

    Args:
        level: float. In the unit of the patterns.
        electronic: bool. Whether it varies less than photons do: an offset of the electronics, and no light.
    """

    level: float
    electronic: bool


def floor_of(sample: Sample, bad: np.ndarray) -> Floor | None:
    """Return the level on which the dark part of the detector stands in all frames; None where there is none.

    Args:
        sample: Sample.
        bad: bool array `(y, x)`.
    """
    mean, variance = sample.mean[~bad], sample.variance[~bad]
    if not len(mean) or sample.quantum <= 0:
        return None
    low = float(np.percentile(mean, 5))
    dark = (mean <= 1.1 * low) & (mean >= 0.9 * low)
    least = LEAST if sample.stored.dtype.kind in "iub" else 10 * sample.quantum
    if low < least or dark.mean() < FLAT:
        return None
    level = float(np.median(mean[dark]))
    return Floor(level, bool(np.median(variance[dark]) < STEADY * level))


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


def background_of(
    sample: Sample, bad: np.ndarray, asked: float | np.ndarray | None, by_file: np.ndarray | None
) -> tuple[float | np.ndarray, tuple[str, ...]]:
    """Return what is subtracted from the patterns, a number or an array `(y, x)`, and what is said of it."""
    if isinstance(asked, np.ndarray):
        return asked, (f"A background of {asked.mean():.4g} units a pixel is subtracted, as asked.",)
    if asked is not None:
        return asked, (f"A background of {asked:.4g} units a pixel is subtracted, as asked.",) if asked else ()
    if by_file is not None and np.any(by_file):
        return by_file, (f"The file's background, {np.mean(by_file):.4g} units a pixel, is subtracted; "
                         "--dark overrides.",)  # fmt: skip
    floor = floor_of(sample, bad)
    if floor is None:
        return 0.0, ()
    if floor.electronic:
        return floor.level, (
            f"All frames stand on a floor of {floor.level:.4g} units, which varies less than light: it is subtracted; "
            "--dark overrides, 0 for none.",
        )
    return 0.0, (
        f"All frames stand on a floor of {floor.level:.4g} units a pixel, which may be stray light: it is kept; "
        f"--dark {floor.level:.4g} subtracts it.",
    )
