"""Stray light: what each pixel counts besides the object's light, the same in all."""

import dataclasses
import functools

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.preparation.applied import Applied

WORTH, DIMMEST = 0.01, 5
"""Part of the light that may count besides, from which on it is tried; percentile of the mean pattern that tells it."""


def stray_level(amplitudes: np.ndarray) -> tuple[float, float]:
    """Return how many photons a pixel counts besides, at most, and which part of the light it is; 0 if hardly any.

    Args:
        amplitudes: float array `(pattern, y, x)`, negative where no data is.
    """
    good = (amplitudes >= 0).all(axis=0)
    if not good.any():
        return 0.0, 0.0
    mean = np.square(amplitudes, dtype=np.float64).mean(axis=0)[good]
    level = float(np.percentile(mean, DIMMEST))
    part = level / float(mean.mean())
    return (level, part) if part >= WORTH else (0.0, 0.0)


def without_stray(scan: Scan, level: float) -> Scan:
    """Return a scan of counts with so many photons less in each pixel."""
    patterns = Applied(scan.patterns, functools.partial(_less, level=level), scan.patterns.shape[1:], np.float32)
    return dataclasses.replace(scan, patterns=patterns, whole=None)


def _less(values: np.ndarray, level: float) -> np.ndarray:
    counts = values.astype(np.float32)
    return np.where(counts < 0, counts, np.maximum(counts - np.float32(level), 0))
