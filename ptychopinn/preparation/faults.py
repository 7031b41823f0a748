"""Pixels of a detector that do not count: dead, hot, blinking or stuck, found over a sample of the frames."""

import dataclasses

import numpy as np
from scipy.ndimage import median_filter, percentile_filter

from ptychopinn.preparation.sample import Sample
from ptychopinn.preparation.sentinels import places

AROUND = np.ones((5, 5), bool)
AROUND[2, 2] = False
"""The pixels that one is compared with: light is sampled finely enough that neighbours see it too."""

HOT, BLINKING = 8.0, 16.0
"""By how many times a mean, or a highest value, exceeds what four of five neighbours stay below."""

SURELY = 30.0
"""Quanta that a fault must show."""

NOISE = 6.0
"""Standard errors by which a mean must exceed what is expected."""

EXPECTED = 100.0
"""Quanta that the neighbours of a dead pixel saw, on both sides."""

LINE = 0.2
"""Part of a line of pixels that is surely dead, where all of it is dark: then all of it is."""

FEWEST = 8
"""Frames that are needed to tell anything."""


@dataclasses.dataclass(frozen=True)
class Faults:
    """Pixels that do not count.

    Args:
        bad: bool array `(y, x)`.
        limit: float array `(y, x)`: more than that is no light, in frames that were not looked at.
        notes: what was found, in sentences.
    """

    bad: np.ndarray
    limit: np.ndarray
    notes: tuple[str, ...]


def find_faults(sample: Sample, known_bad: np.ndarray) -> Faults:
    """Find dead, hot, blinking and stuck pixels, beyond those that are known.

    Args:
        sample: Sample, without values that stand for no data.
        known_bad: bool array `(y, x)`.
    """
    notes = []
    bad = np.zeros_like(known_bad)
    if len(sample.lit) >= FEWEST and sample.quantum > 0:  # without any light nothing is told
        for found, kind in (
            (_hot(sample, known_bad), "hot or blinking: far brighter than those around it"),
            (_stuck(sample, known_bad), "stuck: the same in all frames"),
            (_dead(sample, known_bad), "dead: without light between pixels that see it"),
        ):
            found &= ~(known_bad | bad)
            if found.any():
                notes.append(f"Masked: {places(found)} {kind}; --faults keep overrides.")
                bad |= found
    limit = BLINKING * 4 * _upper(np.where(known_bad | bad, 0, sample.highest)) + SURELY * sample.quantum
    limit = np.maximum(limit, 2 * float(np.max(np.where(known_bad | bad, 0, sample.highest), initial=0)))
    return Faults(bad, limit, tuple(notes))


def _hot(sample: Sample, known_bad: np.ndarray) -> np.ndarray:
    """Return pixels that are brighter than light can make them beside their neighbours, on average or now and then."""
    mean, highest = (np.where(known_bad, 0, image) for image in (sample.mean, sample.highest))
    smooth = median_filter(mean, 3, mode="nearest")
    if not smooth.any():  # all the light is in single pixels: there is none to compare them with
        return np.zeros_like(known_bad)
    beam = np.hypot(*_from(np.unravel_index(int(smooth.argmax()), smooth.shape), smooth.shape))
    frames = len(sample.lit)
    least = max(SURELY * sample.quantum / frames, 5e-4 * smooth.max())
    hot = mean > HOT * _upper(mean) + least + NOISE * np.sqrt(sample.variance / frames)
    least = max(SURELY * sample.quantum, 0.02 * median_filter(highest, 3, mode="nearest").max())
    hot |= highest > BLINKING * _upper(highest) + least
    return hot & (beam > max(2, min(mean.shape) / 16))


def _stuck(sample: Sample, known_bad: np.ndarray) -> np.ndarray:
    """Return pixels that hold one value in all frames, where those around them change."""
    if len(sample.lit) < 2 * FEWEST:
        return np.zeros_like(known_bad)
    steady = (sample.variance == 0) & (sample.mean > 1.5 * sample.quantum) & ~known_bad
    changing = percentile_filter((sample.variance > 0).astype(np.uint8), 30, footprint=AROUND, mode="nearest") > 0
    return steady & changing


def _dead(sample: Sample, known_bad: np.ndarray) -> np.ndarray:
    """Return pixels that are 0 in all frames, between pixels that saw light; a whole line of such goes as a whole."""
    zero = (sample.highest <= 0) & np.isfinite(sample.lit).any(axis=0) & ~known_bad
    seen = np.where(known_bad, 0, sample.mean) * len(sample.lit) / max(sample.quantum, 1e-30)
    dark = zero | known_bad
    enclosed = np.minimum(*_nearest_lit(seen, dark)) > EXPECTED
    enclosed |= np.minimum(*(side.T for side in _nearest_lit(seen.T, dark.T))) > EXPECTED
    dead = zero & enclosed
    rows = dark.all(axis=1) & (dead.mean(axis=1) > LINE)
    columns = dark.all(axis=0) & (dead.mean(axis=0) > LINE)
    return dead | (zero & (rows[:, None] | columns))


def _nearest_lit(seen: np.ndarray, dark: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the nearest pixels that are not dark saw, above and below each pixel: two arrays `(y, x)`."""
    return _last_lit(seen, dark), _last_lit(seen[::-1], dark[::-1])[::-1]


def _last_lit(seen: np.ndarray, dark: np.ndarray) -> np.ndarray:
    rows = np.where(dark, -1, np.arange(len(seen))[:, None])
    last = np.maximum.accumulate(rows, axis=0)
    return np.where(last < 0, 0, np.take_along_axis(seen, np.maximum(last, 0), axis=0))


def _upper(image: np.ndarray) -> np.ndarray:
    """Return what four of five neighbours stay below, at each pixel `(y, x)`."""
    return percentile_filter(image, 80, footprint=AROUND, mode="nearest")


def _from(place: tuple, shape: tuple[int, int]) -> list[np.ndarray]:
    return list(np.ogrid[: shape[0], : shape[1]][axis] - place[axis] for axis in (0, 1))
