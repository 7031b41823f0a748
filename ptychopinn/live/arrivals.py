"""The scan so far: the patterns of a feed whose positions are there, prepared as the first of them tell."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import Selection
from ptychopinn.formats.position_files import with_positions
from ptychopinn.formats.scans import scan_of
from ptychopinn.live.feeds import Feed
from ptychopinn.preparation.applied import applied_to
from ptychopinn.preparation.geometry import with_geometry
from ptychopinn.preparation.pairing import delayed, paired, without_lost_positions
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.probe import Grid
from ptychopinn.preparation.scan_positions import as_scanned, in_pixels

FEWEST = 64
"""Patterns that tell how all are prepared, unless no more come."""


class Arrivals:
    """The scan so far. What a file does not say (faults, centre, unit, probe) the first patterns tell, once.

    A pair of pattern and position is believed when two looks, one after the other, find the same: a position that is
    half written, or a place that was made for it and not filled, changes.

    Args:
        feed: Feed.
        preparation: Preparation.
        measurement, zero_frequency: as those of `read_scan`.
    """

    def __init__(
        self, feed: Feed, preparation: Preparation, measurement: str = "auto", zero_frequency: str = "auto"
    ) -> None:  # fmt: skip
        self.feed, self.wanted = feed, preparation
        self._numbers = measurement, zero_frequency
        self._pair = preparation.pair
        self._first: Scan | None = None
        self._before, self._anchor = np.zeros((0, 2)), np.zeros(2)
        self.counts = 0, 0
        """Patterns and positions at the last look."""

    @property
    def as_read(self) -> Preparation:
        """The preparation with which `read_scan` reads what is there: the first pairs, where either lacks some."""
        return dataclasses.replace(self.wanted, pair=self._pair)

    def look(self, fewest: int = FEWEST) -> Scan | None:
        """Return the scan so far, or None while there are fewer patterns than tell how they are prepared.

        Raises:
            ValueError, OSError: while it cannot be read.
        """
        recording = self.feed.look()
        if recording is None:
            return None
        pairs = self._believed(self._pairs(recording))
        count = pairs.patterns.shape[0]
        if count < (fewest if self._first is None else 1):
            return None
        if self._first is None:
            as_told = dataclasses.replace(self.wanted, positions_from=None, pair=None, late=0, bursts="keep")
            first = scan_of(pairs, *self._numbers, preparation=as_told)
            first.check()
            self._first, self._anchor = first, np.asarray(pairs.positions)[0]
        return self._like_first(pairs, self._first)

    def _pairs(self, recording: Recording) -> Recording:
        """Return the patterns whose position is there, in pairs."""
        wanted = self.wanted
        if wanted.positions_from is not None:
            recording = with_positions(recording, wanted.positions_from)
        positions = 0 if recording.positions is None else len(recording.positions)
        self.counts = recording.patterns.shape[0], positions
        indexed = recording.frame_indexes is not None and recording.position_indexes is not None
        if wanted.pair is None and positions and not indexed:
            wanted = dataclasses.replace(wanted, pair="first")
        if not indexed and self.counts[0] == positions:  # so that there is nothing to choose now
            wanted = dataclasses.replace(wanted, pair=None)
        self._pair = wanted.pair
        return without_lost_positions(delayed(paired(recording, wanted), wanted))

    def _believed(self, pairs: Recording) -> Recording:
        """Return the pairs whose position is where the look before found it."""
        now, before = np.asarray(pairs.positions, float), self._before
        self._before = now
        both = min(len(now), len(before))
        same = np.flatnonzero((now[:both] == before[:both]).all(axis=1))
        return dataclasses.replace(
            pairs, patterns=Selection(pairs.patterns, same), positions=now[same],
            frame_indexes=None, position_indexes=None,  # which paired them, and count those that are left out too
        )  # fmt: skip

    def _like_first(self, pairs: Recording, first: Scan) -> Scan:
        """Return the scan of pairs, patterns and positions changed as those were that made the first one."""
        anchored = dataclasses.replace(pairs, positions=np.vstack([self._anchor, np.asarray(pairs.positions, float)]))
        placed = as_scanned(in_pixels(with_geometry(anchored, self.wanted), self.wanted), self.wanted)
        positions = np.asarray(placed.positions, float)
        stored, near = min(pairs.patterns.shape[1:]), placed.far_field is False
        pixel = Grid(stored, self.wanted.bin or 1, first.size, near).pixel_ratio
        return dataclasses.replace(
            first, patterns=applied_to(first.patterns, pairs.patterns), object=None, whole=first,
            positions=(positions[1:] - positions[0]) / pixel + first.positions[0],
        )  # fmt: skip
