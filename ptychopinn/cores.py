"""The cores of this machine, parted among processes."""

import os


def cores_each(processes: int) -> int:
    """Return how many cores each of several processes may have, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // processes)
