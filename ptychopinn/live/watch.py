"""Watch a scan that runs: look for what is new, improve the image, and show it, until it ends."""

import collections
import dataclasses
import time
import typing
from collections.abc import Callable

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.live.arrivals import FEWEST, Arrivals
from ptychopinn.live.image import LiveImage
from ptychopinn.live.picture import Figures, corrected, judged, pictures, with_dose_error
from ptychopinn.reconstruction.refinement import Prior

LOOK_S, SHOW_S = 0.1, 0.2
"""Seconds from a look to the next, and from a picture to the next, at least."""

SHARE = 0.25
"""Part of the time that pictures may take."""

PAUSE_S, FEW = 2.0, 8
"""Where no more come for so long, so few patterns are shown too."""

ENOUGH = 40
"""Times that a pattern is seen, at most: passes at the end of the scan do the rest."""

SETTLED_S = 1.0
"""Seconds for which what is late may still come, after the end was said."""

AGREEING = 2
"""Looks without anything new after which all that came is believed, and taken."""

LATELY_S = 5.0
"""Seconds that patterns a second are counted over."""


@dataclasses.dataclass(frozen=True)
class Ends:
    """When watching is over, besides a KeyboardInterrupt.

    Args:
        count: int. At so many patterns.
        idle_s: float. When none came for so long.
    """

    count: int | None = None
    idle_s: float | None = None


class Watch:
    """Watch a scan that runs.

    Args:
        arrivals: Arrivals.
        show: function called, twice a second at most, with the `Figures` and the `pictures` of the image so far; or
            with None and an empty dict while there is none.
        ends: Ends.
        network: function of an object and the photons that fell on its pixels, to a likelier object, which is shown.
    """

    def __init__(
        self, arrivals: Arrivals, show: Callable[[Figures | None, dict[str, typing.Any]], object], ends: Ends,
        network: Prior | None = None,
    ) -> None:  # fmt: skip
        self.arrivals, self.show, self.ends, self.network = arrivals, show, ends, network
        self.live: LiveImage | None = None
        self.trouble: Exception | None = None
        """Why the feed could not be read, at the last look."""
        now = time.monotonic()
        self._scan: Scan | None = None
        self._came, self._looks_at, self._shows_at, self._looks_without = now, now, now, 0
        self._found = collections.deque([(now, 0)])
        self._unshown: collections.deque[tuple[float, int]] = collections.deque()
        self._latency_s: float | None = None

    def run(self) -> int:
        """Watch until it is over, and return how many patterns came."""
        try:
            while not self._over:
                self._look()
                busy = self._improve()
                self._show()
                if not busy:
                    time.sleep(LOOK_S)
            self._shows_at = 0.0
            self._show()
        except KeyboardInterrupt:
            pass
        finally:
            self.arrivals.feed.close()
        return self.patterns

    @property
    def patterns(self) -> int:
        """Patterns with their positions, so far."""
        return 0 if self.live is None else len(self.live.seen)

    @property
    def _over(self) -> bool:
        since = time.monotonic() - self._came
        reached = self.ends.count is not None and self.live is not None and self.patterns >= self.ends.count
        if reached or (self.arrivals.feed.over and since > SETTLED_S and self._looks_without > AGREEING):
            return self.live is None or bool(self.live.seen.min() > 0)
        return self.ends.idle_s is not None and since > self.ends.idle_s

    def _look(self) -> None:
        """Look for what is new."""
        now = time.monotonic()
        if now < self._looks_at:
            return
        counts, self._looks_at = self.arrivals.counts, now + LOOK_S
        try:
            few = self.arrivals.feed.over or now - self._came > PAUSE_S
            self._scan = self.arrivals.look(FEW if few else FEWEST)
            self.trouble = None
        except (ValueError, OSError) as error:
            self._scan, self.trouble = None, error
        self._looks_without += 1
        if self.arrivals.counts != counts:
            self._came, self._looks_without = now, 0
        if self._scan is not None and len(self._scan) > self._found[-1][1]:
            self._found.append((now, len(self._scan)))
            self._unshown.append((now, len(self._scan)))

    def _improve(self) -> bool:
        """Make a round, and return whether there was one to make."""
        if self._scan is None:
            return False
        if self.live is None:
            self.live = LiveImage(self._scan)
        self.live.take(self._scan)
        if self.live.seen.min() >= ENOUGH:
            return False
        try:
            self.live.improve(self._scan)
        except (ValueError, OSError) as error:  # a file changed, or went, while it was read
            self.trouble = error
            return False
        return True

    def _show(self) -> None:
        """Show the image so far, and say how it is."""
        began = time.monotonic()
        if began < self._shows_at:
            return
        if self.live is None or self.live.latest is None:
            self.show(None, {})
        else:
            self._show_image(self.live, self.live.latest)
        now = time.monotonic()
        self._shows_at = now + max(SHOW_S, (now - began) * (1 / SHARE - 1))

    def _show_image(self, live: LiveImage, latest: tuple[Reconstruction, Scan]) -> None:
        left, image, error = judged(*latest), live.reconstruction(), None
        if self.network is not None:
            image = corrected(image, self.network)
        if left.noise_deviance is not None:
            image = with_dose_error(image)
            error = float(np.median(np.asarray(image.uncertainty)[image.weight > 0]))
        drawn = pictures(image)
        figures = Figures(
            patterns=len(live.seen), shown=int(live.shown.sum()),
            waiting=abs(self.arrivals.counts[0] - self.arrivals.counts[1]),
            per_second=self._per_second(), latency_s=self._latency_s,
            r_factor=left.r_factor, deviance=left.deviance_per_photon, noise_deviance=left.noise_deviance, error=error,
        )  # fmt: skip
        self.show(figures, drawn)
        self._count_latency(live)

    def _count_latency(self, live: LiveImage) -> None:
        """Count how long it took the slowest of the patterns that were shown now for the first time."""
        now, slowest = time.monotonic(), None
        while self._unshown and live.seen[: self._unshown[0][1]].all():
            found, _ = self._unshown.popleft()
            slowest = slowest or now - found
        self._latency_s = slowest or self._latency_s

    def _per_second(self) -> float:
        """Return how many patterns a second came lately."""
        now = time.monotonic()
        while len(self._found) > 1 and self._found[1][0] < now - LATELY_S:
            self._found.popleft()
        since, count = self._found[0]
        return (self._found[-1][1] - count) / max(now - since, LOOK_S)
