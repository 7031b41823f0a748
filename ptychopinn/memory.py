"""Memory is estimated before it is taken: a system that runs out of it kills the program without a word."""

import psutil

GIB = 2**30


def check_memory(needed: float, what: str, way_out: str) -> None:
    """Raise MemoryError unless memory is free for what is about to be done.

    Args:
        needed: float. Bytes; an estimate within a factor of 3.
        what: str. What needs them, as the error begins.
        way_out: str. What the user can do, a sentence.
    """
    free = psutil.virtual_memory().available
    if needed > free:
        raise MemoryError(
            f"{what} must fit in memory, of which {free / GIB:.3g} GiB are free. "
            f"Received: about {needed / GIB:.3g} GiB. {way_out}"
        )
