"""Halves of a scan: each photon dealt out to one of two scans, whose noise is then independent."""

import dataclasses
from typing import Any

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import Patterns, ReadAsIndexed, verify


class Half(ReadAsIndexed):
    """One half of the photons of patterns, dealt out as they are read: a pattern's own random stream, always the same.

    Args:
        patterns: array-like `(pattern, y, x)`: counts; negative values, where there is no data, stay.
        second: bool. Which half: what the first does not take, the second does.
        seed: int.
    """

    def __init__(self, patterns: Patterns, second: bool, seed: int = 0) -> None:
        self.patterns, self.second, self.seed = patterns, second, seed
        self.shape, self.dtype = patterns.shape, np.dtype(np.float32)

    def verify(self) -> None:
        """Raise ValueError if the file of the patterns is damaged, where they can tell."""
        verify(self.patterns)

    def __getitem__(self, which: Any) -> np.ndarray:
        numbers, stored = np.arange(self.shape[0])[which], np.asarray(self.patterns[which])
        if np.ndim(numbers) == 0:
            return self._half(stored, int(numbers))
        return np.stack([self._half(pattern, int(number)) for pattern, number in zip(stored, numbers)])

    def _half(self, pattern: np.ndarray, number: int) -> np.ndarray:
        counts = np.rint(np.maximum(pattern, 0)).astype(np.int64)
        first = np.random.default_rng((self.seed, number)).binomial(counts, 0.5)
        half = counts - first if self.second else first
        return np.where(pattern < 0, pattern, half).astype(np.float32)


def halves(scan: Scan, seed: int = 0) -> tuple[Scan, Scan]:
    """Deal the photons of a scan out to two scans: each photon goes to one or the other.

    Args:
        scan: Scan, of counts.
        seed: int.

    Returns:
        two Scans, of half the photons each.

    Raises:
        ValueError: if the scan is of amplitudes, which have no photons to deal out.

    Reference:
        Neufeld et al., JMLR 25, 57 (2024), for the independence of thinned counts.
    """
    check_counts(scan)
    first, second = (
        dataclasses.replace(
            scan,
            patterns=Half(scan.patterns, number, seed),
            photons=scan.mean_photons / 2,
            background=scan.background / 2,
            name=f"{'second' if number else 'first'} half of {scan.name}",
            whole=scan if scan.whole is None else scan.whole,
        )
        for number in (False, True)
    )
    return first, second


def check_counts(scan: Scan) -> None:
    """Raise ValueError where a scan is of amplitudes, which have no photons to deal out."""
    if scan.measurement != "counts":
        raise ValueError(
            f"A resolution from one scan deals out its photons, and needs counts. Received: resolution=True for "
            f"{scan.name}, of amplitudes. Leave it out, or give --measurement counts if they are."
        )
