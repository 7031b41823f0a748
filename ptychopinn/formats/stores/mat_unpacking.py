"""Unpack a MATLAB file of version 5 to an NPZ, in a process of its own: SciPy's reader crashes on damaged files.

`python mat_unpacking.py FROM TO` writes every array of numbers under its name, those of structures as `p/dx_spec`.
"""

import math
import sys
from collections.abc import Iterator

import numpy as np
import scipy.io

MOST_BYTES = 1 << 29
"""Bytes of a variable: SciPy reads it to memory as a whole."""

TOO_LARGE = 3
"""What the program returns where a variable is larger."""

WIDTHS = {"logical": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "single": 4, "int32": 4, "uint32": 4}
"""Bytes of a number by MATLAB's class; others have 8."""


def arrays(value: np.ndarray, path: str) -> Iterator[tuple[str, np.ndarray]]:
    """List the arrays of numbers in a variable, by path."""
    if value.dtype.names and value.size == 1:
        for field in value.dtype.names:
            yield from arrays(np.asarray(value.reshape(-1)[0][field]), f"{path}/{field}")
    elif value.dtype.kind in "biufc":
        yield path, value


def main(file: str, unpacked: str) -> int:
    """Unpack a file; return what the program does."""
    listed = scipy.io.whosmat(file)
    if any(math.prod(shape) * WIDTHS.get(kind, 8) > MOST_BYTES for _, shape, kind in listed):
        return TOO_LARGE
    variables = scipy.io.loadmat(file)
    found = [pair for name, _, _ in listed for pair in arrays(np.asarray(variables[name]), name)]
    np.savez(unpacked, **dict(found))  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
