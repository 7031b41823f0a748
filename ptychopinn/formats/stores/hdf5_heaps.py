"""Heaps, where HDF5 keeps its texts: in some that are damaged libhdf5 goes round for ever, and hears no Ctrl-C."""

import os
import pathlib

from ptychopinn.formats.unpacking import damaged

HEAP, FILE = b"GCOL", b"\x89HDF\r\n\x1a\n"
"""How a heap begins, and a file."""

LOOKED_AT = 1 << 22
"""Bytes at either end of a file in which heaps are looked for: texts are written first, or last."""

LENGTHS = {0: 14, 1: 14, 2: 10, 3: 10}
"""Byte that says how many a length takes, by the version of the file's first block."""

HEADER = 16
"""Bytes before the first object of a heap, and before the content of each, where lengths take eight."""


def check_heaps(path: pathlib.Path, name: str) -> None:
    """Raise Damaged if a heap near either end of a file cannot be gone through."""
    with path.open("rb") as file:
        parts = [file.read(LOOKED_AT)]
        if not _has_long_lengths(parts[0]):
            return
        size = file.seek(0, os.SEEK_END)
        if size > LOOKED_AT:
            file.seek(max(LOOKED_AT, size - LOOKED_AT))
            parts.append(file.read())
    for part in parts:
        place = part.find(HEAP)
        while place >= 0:
            if _goes_round(part, place):
                raise damaged(name)
            place = part.find(HEAP, place + len(HEAP))


def _has_long_lengths(start: bytes) -> bool:
    known = start.startswith(FILE) and len(start) > HEADER and start[8] in LENGTHS
    return known and start[LENGTHS[start[8]]] == 8


def _goes_round(part: bytes, first: int) -> bool:
    """Tell whether an object of the heap at a place takes no room, so that none comes after it."""
    end = min(len(part), first + int.from_bytes(part[first + 8 : first + HEADER], "little"))
    place = first + HEADER
    while place + HEADER <= end:
        index = int.from_bytes(part[place : place + 2], "little")
        length = int.from_bytes(part[place + 8 : place + HEADER], "little")
        room = length if index == 0 else HEADER + -(-length // 8) * 8  # 0 is what is free, its own header included
        if room < HEADER:
            return True
        place += room
    return False
