"""Seconds by part of the work."""

import contextlib
import time
from collections.abc import Iterator, Mapping


class Clock:
    """Add up the seconds that parts of the work take, in `seconds`: `with clock("read"): ...`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - began

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add seconds that were counted elsewhere."""
        for part, spent in seconds.items():
            self.seconds[part] = self.seconds.get(part, 0.0) + spent
