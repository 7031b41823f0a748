"""The image so far: object and probe, improved a round at a time by the patterns that were seen least."""

import dataclasses
import time

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.data.survey import DARK, MAD
from ptychopinn.engine.engine import Engine, Moves
from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.pace import MOMENTUM, Turn
from ptychopinn.engine.photons import Photons
from ptychopinn.physics.numpy_physics import nearest_corners
from ptychopinn.reconstruction.stitching import canvas_of

TURNS = 2
"""Passes over the patterns of a round; one, where more patterns wait than a round takes."""

FEWEST, MOST_BYTES = 64, 1 << 25
"""Patterns of a round, unless there are fewer, and bytes of their photons, at most."""

QUICK_S, SLOW_S = 0.1, 0.3
"""A round that takes less is followed by one of twice the patterns, one that takes more by one of half as many."""

SUBSETS = 2
"""Steps of a pass, at most."""

BATCH = 64
"""Patterns at a time."""

WINDOW = 6
"""Side of the part of the canvas that a round improves, in sides of a pattern: its cost is not that of the whole."""

GROWTH, MARGIN = 128, 8
"""The canvas begins and ends at multiples of so many pixels, and so many around the patches."""

STEADY = 4
"""Times that patterns are seen, on average, before they move the probe: what an object lacks would go to it."""


class LiveImage:
    """Object and probe of a scan that grows.

    A round takes patterns of one neighbourhood that were seen least, new ones first and in their order, and makes
    passes over them: steps of the engine, on a part of the canvas of a fixed size. So it costs the same however far the
    scan goes, and compiled steps keep their shapes.

    Args:
        scan: Scan, as far as it goes: its probe is what the image begins with.
    """

    def __init__(self, scan: Scan) -> None:
        self.probe, self.optics, self.size = scan.probe, scan.optics, scan.size
        self.pixel_size_m = scan.pixel_size_m
        self.origin = np.zeros(2, int)
        self.object, self.cover = np.ones((0, 0), np.complex64), np.zeros((0, 0), np.float32)
        self.positions, self.seen, self.shown = np.zeros((0, 2)), np.zeros(0, int), np.zeros(0, bool)
        self.at_once, self.rounds = FEWEST, 0
        self.latest: tuple[Reconstruction, Scan] | None = None
        """The part of the image that the last round improved, and its patterns, in memory."""
        light = np.sum(np.abs(self.probe) ** 2, axis=0)
        self._light = (light / light.max()).astype(np.float32)

    def take(self, scan: Scan) -> None:
        """Heed the patterns that are new; where the others are not as before, all are taken for new."""
        known = len(self.seen)
        if len(scan) < known or not np.array_equal(scan.positions[:known], self.positions):
            known = 0
            self.cover[:] = 0
        new = len(scan) - known
        self.seen = np.concatenate([self.seen[:known], np.zeros(new, int)])
        self.shown = np.concatenate([self.shown[:known], np.zeros(new, bool)])
        self.positions = scan.positions
        self._grow()

    def improve(self, scan: Scan) -> None:
        """Make a round: passes over some of the patterns of the scan that was taken."""
        began = time.perf_counter()
        random = np.random.default_rng(self.rounds)
        self.rounds += 1
        chosen, corner = self._choose(random)
        self.seen[chosen] += 1
        part, lit = self._read(scan, chosen)
        if len(lit):
            self._cover(self.positions[lit[~self.shown[lit]]])
            self.shown[lit] = True
            self._pass_over(part, corner, random)
        spent = time.perf_counter() - began
        if spent < QUICK_S and len(chosen) == self.at_once:
            self.at_once = min(2 * self.at_once, max(FEWEST, MOST_BYTES // (4 * self.size**2)))
        elif spent > SLOW_S:
            self.at_once = max(self.at_once // 2, FEWEST)

    def reconstruction(self) -> Reconstruction:
        """Return the image as it is now, 0 where no light fell."""
        return self._part(np.s_[:, :], self.origin)

    def _choose(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return patterns, as many as a power of two, and the first pixel of a window of the canvas that holds them."""
        order = np.lexsort((random.random(len(self.seen)) * self.shown, self.seen))
        side = self._window
        place = self.positions[order[0]] - self.origin
        corner = np.clip(np.round(place - side / 2).astype(int), 0, np.array(self.object.shape) - side)
        inside = self.positions - self.origin - corner
        half = self.size // 2 + 1
        near = ((inside >= half) & (inside < side - half)).all(axis=1)
        near[order[0]] = True
        candidates = order[near[order]]
        count = min(self.at_once, 2 ** int(np.log2(len(candidates))))
        return np.sort(candidates[:count]), corner

    def _read(self, scan: Scan, chosen: np.ndarray) -> tuple[Scan, np.ndarray]:
        """Return the scan of chosen patterns, in memory, without those that are dark or far too bright; and which."""
        part = scan.subset(chosen)
        part = dataclasses.replace(part, patterns=np.asarray(part.patterns[:]))
        light = np.square(np.maximum(part.amplitudes(slice(None)), 0)).sum(axis=(1, 2)) / scan.mean_photons
        lit = np.flatnonzero((light > DARK) & (light < MAD))
        return part.subset(lit), chosen[lit]

    def _pass_over(self, part: Scan, corner: np.ndarray, random: np.random.Generator) -> None:
        """Make passes over some patterns, on the window of the canvas that begins at a pixel."""
        window = tuple(slice(first, first + self._window) for first in corner)
        first = self.origin + corner
        estimate = Estimate(self.object[window], self.probe, part.positions - first, np.ones(len(part)))
        photons = Photons(part, self.probe, BATCH, zero_first=self.optics.zero_first, holdout=0.0)
        moves = Moves(probe=bool(self.seen.mean() > STEADY))
        engine = Engine(estimate, photons, self.cover[window], moves, self.optics)
        subsets = min(SUBSETS, len(photons.chunks))
        for number in range(1 if np.count_nonzero(self.seen == 0) > self.at_once else TURNS):
            engine.turn(Turn(subsets, MOMENTUM if number else 0.0), random.permutation(subsets))
        found = engine.estimate()
        self.object[window], self.probe = found.object, found.probe
        self.latest = self._part(window, first), part

    def _part(self, window: tuple[slice, ...], first: np.ndarray) -> Reconstruction:
        """Return a window of the canvas, which begins at a position."""
        lit = np.where(self.cover[window] > 0, self.object[window], 0).astype(np.complex64)
        return Reconstruction(
            lit, self.cover[window].copy(), (int(first[0]), int(first[1])), probe=self.probe, optics=self.optics,
            pixel_size_m=self.pixel_size_m,
        )  # fmt: skip

    def _cover(self, positions: np.ndarray) -> None:
        """Add the light of the probe at positions."""
        for row, column in nearest_corners(positions - self.origin, self.size)[0]:
            self.cover[row : row + self.size, column : column + self.size] += self._light

    @property
    def _window(self) -> int:
        return WINDOW * self.size

    def _grow(self) -> None:
        """Make room on the canvas for all positions, and for a window."""
        low, shape = canvas_of(self.positions, self.size)
        high = np.maximum(low + shape + MARGIN, low - MARGIN + self._window)
        low = (low - MARGIN) // GROWTH * GROWTH
        if self.object.size:
            low, high = np.minimum(low, self.origin), np.maximum(high, self.origin + self.object.shape)
        before = self.origin - low if self.object.size else np.zeros(2, int)
        after = -(-(high - low) // GROWTH) * GROWTH - self.object.shape - before
        if before.any() or after.any():
            around = list(zip(before, after))
            self.object = np.pad(self.object, around, constant_values=1)
            self.cover = np.pad(self.cover, around)
            self.origin = low
