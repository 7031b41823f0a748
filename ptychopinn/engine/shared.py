"""Memory that processes share."""

import math
import pathlib
import shutil
from multiprocessing.shared_memory import SharedMemory

import numpy as np

SHARED_MEMORY = pathlib.Path("/dev/shm")
"""Where Linux keeps the memory that processes share."""


class Shared:
    """A float32 array that processes share.

    Args:
        shape: tuple of ints.
        name: str. Of one that another process made; without, one is made.

    Attributes:
        array: float32 array of the shape.
        known: what another process makes its own of: shape and name.
    """

    def __init__(self, shape: tuple[int, ...], name: str | None = None) -> None:
        self._memory = SharedMemory(name, create=name is None, size=4 * math.prod(shape))
        self.array: np.ndarray = np.ndarray(shape, np.float32, self._memory.buf)
        self.known = shape, self._memory.name

    def remove(self) -> None:
        """Give the memory back, from whoever made it."""
        del self.array  # which holds on to it
        self._memory.close()
        self._memory.unlink()


def check_shared(needed: int) -> None:
    """Raise MemoryError unless processes may share so many bytes: more would kill them without a word."""
    if SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free < needed:
        raise MemoryError(
            f"Workers must share {needed / 2**20:.0f} MiB in {SHARED_MEMORY}. Received: "
            f"{shutil.disk_usage(SHARED_MEMORY).free / 2**20:.0f} MiB free. Enlarge it (docker run --shm-size), or use "
            "fewer workers."
        )
