"""The header of an array in NumPy's format, read from bytes that nobody vouches for."""

import dataclasses
import io
import math
from typing import IO

import numpy as np

from ptychopinn.data.checks import NUMBERS

MAGIC = b"\x93NUMPY"
WIDTHS = {1: 2, 2: 4, 3: 4}
"""Bytes of the header's length, by the format's version."""

PARSERS = {2: np.lib.format.read_array_header_1_0, 4: np.lib.format.read_array_header_2_0}

LONGEST = 10_000
"""Bytes of a header: that of plain numbers has about a hundred."""

MOST_AXES, MOST_BYTES = 8, 1 << 50


@dataclasses.dataclass(frozen=True)
class Header:
    """What a header says of its array.

    Args:
        shape: tuple of ints.
        fortran: bool. Whether the first axis runs fastest.
        dtype: numpy.dtype of numbers.
        length: int. Bytes before the array's own.
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    length: int

    @property
    def nbytes(self) -> int:
        """Bytes of the array, without the header."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes]) -> Header | None:
    """Read the header at the beginning of a binary stream: `Header`, or None unless it describes numbers."""
    start = stream.read(len(MAGIC) + 2)
    width = WIDTHS.get(start[-2]) if len(start) == len(MAGIC) + 2 and start.startswith(MAGIC) else None
    if width is None:
        return None
    counted = stream.read(width)
    length = int.from_bytes(counted, "little")
    if length > LONGEST:
        return None
    try:
        shape, fortran, dtype = PARSERS[width](io.BytesIO(counted + stream.read(length)))
    except Exception:  # the text is parsed as Python, whose parser raises what it likes
        return None
    header = Header(shape, fortran, dtype, len(start) + width + length)
    return header if _describes_numbers(header) else None


def _describes_numbers(header: Header) -> bool:
    plain = len(header.shape) <= MOST_AXES and all(type(side) is int and side >= 0 for side in header.shape)
    if header.dtype.kind not in NUMBERS or not plain:
        return False
    return math.prod(max(side, 1) for side in header.shape) * header.dtype.itemsize <= MOST_BYTES
