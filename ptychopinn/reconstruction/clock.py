"""Seconds by part of the work."""

import contextlib
import time


class Clock:
    """Add up the seconds that parts of the work take, in `seconds`: `with clock("read"): ...`."""

    def __init__(self):
        self.seconds = {}

    @contextlib.contextmanager
    def __call__(self, part):
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - began
