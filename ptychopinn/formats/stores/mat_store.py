"""A MATLAB file of version 5 as a `Store`; those of version 7.3 are HDF5."""

import math
import pathlib
import typing

import numpy as np
import scipy.io

from ptychopinn.data.checks import NUMBERS
from ptychopinn.formats.stores.store import Lazy, Store
from ptychopinn.formats.unpacking import damage_said
from ptychopinn.printable import printable

START = b"MATLAB 5.0 MAT-file"
MOST_BYTES = 1 << 29
"""Bytes of a variable: MATLAB's old format is unpacked to memory as a whole."""

WIDTHS = {"logical": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "single": 4, "int32": 4, "uint32": 4}
"""Bytes of a number by MATLAB's class; others have 8."""


class MatStore(Store):
    """A MATLAB file; fields of a structure are paths, like `p/dx_spec`.

    Args:
        path: pathlib.Path.
        name: str. What to call it.
    """

    def __init__(self, path: pathlib.Path, name: str) -> None:
        super().__init__(name)
        self.path = path
        with damage_said(name):
            listed = scipy.io.whosmat(path)
        self.variables = {key: (shape, kind) for key, shape, kind in listed}
        self._read: dict[str, typing.Any] = {}

    @property
    def contents(self) -> str:
        """The variables, in words."""
        return f"MATLAB's {printable(', '.join(self.variables))[:200] or 'nothing'}"

    def __contains__(self, path: str) -> bool:
        return self._value(path) is not None

    def names(self, path: str = "/") -> tuple[str, ...]:
        """List the variables, or the fields of a structure."""
        if path == "/":
            return tuple(self.variables)
        value = self._value(path)
        return tuple(value.dtype.names or ()) if isinstance(value, np.ndarray) else ()

    def find(self, path: str) -> Lazy | None:
        """Return a variable or field, in memory."""
        value = self._value(path)
        if value is None:
            return None
        if value.dtype.kind not in NUMBERS:
            raise ValueError(
                f"{self.name}: {printable(path)} must be an array of numbers. Received: dtype={value.dtype.kind!r}. "
                "Save it as numbers."
            )
        return value

    def _value(self, path: str) -> np.ndarray | None:
        variable, *fields = [part for part in path.split("/") if part]
        value = self._variable(variable)
        for field in fields:
            if value is None or field not in (value.dtype.names or ()) or value.size != 1:
                return None
            value = np.asarray(value.reshape(-1)[0][field])
        return value

    def _variable(self, key: str) -> np.ndarray | None:
        if key not in self.variables:
            return None
        if key not in self._read:
            shape, kind = self.variables[key]
            size = math.prod(shape) * WIDTHS.get(kind, 8)
            if size > MOST_BYTES:
                raise ValueError(
                    f"{self.name}: {printable(key)} must be {MOST_BYTES >> 20} MiB at most in MATLAB's format 5. "
                    f"Received: shape={shape}, {size >> 20} MiB. Save it with -v7.3, which is HDF5."
                )
            with damage_said(self.name):
                self._read[key] = np.asarray(scipy.io.loadmat(self.path, variable_names=[key])[key])
        return self._read[key]
