"""Stray light: what each pixel counts besides the object's light, the same in all."""

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.preparation.applied import Applied

WORTH = 0.01
"""Part of the light that may count besides, from which on it is tried."""


@dataclasses.dataclass(frozen=True)
class Stray:
    """Light that each pixel may count besides: photons of a pixel, and part of the light of a pattern."""

    level: float
    part: float


def stray_of(scan: Scan, figures: Mapping[str, Any]) -> Stray | None:
    """Return what all pixels may count besides, as bright as the dimmest ones; None if that is hardly anything.

    Args:
        scan: Scan.
        figures: dict of its `measures`.
    """
    level = float(figures["background_photons_per_px_at_most"])
    pixels = scan.size**2 if scan.mask is None else int(scan.mask.sum())
    part = level * pixels / scan.mean_photons
    return Stray(level, part) if part >= WORTH and scan.measurement == "counts" else None


def without_stray(scan: Scan, level: float) -> Scan:
    """Return a scan of counts with so many photons less in each pixel."""
    patterns = Applied(scan.patterns, functools.partial(_less, level=level), scan.patterns.shape[1:], np.float32)
    return dataclasses.replace(scan, patterns=patterns, whole=None)


def _less(values: np.ndarray, level: float) -> np.ndarray:
    counts = values.astype(np.float32)
    return np.where(counts < 0, counts, np.maximum(counts - np.float32(level), 0))
