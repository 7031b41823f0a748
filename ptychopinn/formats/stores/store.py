"""Store: a container of arrays by path, and what every reader asks of one: a number, an array, a text, a unit."""

import abc
import functools
import math
import typing

import numpy as np

from ptychopinn.data.checks import NUMBERS, REAL
from ptychopinn.formats.quantities import Quantity
from ptychopinn.formats.unpacking import Damaged
from ptychopinn.printable import printable

MOST_IN_MEMORY = 1 << 25
"""Numbers of an array that is read to memory: a probe or object of 5792 x 5792 pixels."""


class Lazy(typing.Protocol):
    """An array of any number of axes that is read as it is indexed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""

    @property
    def dtype(self) -> np.dtype:
        """Type of a number."""

    def __getitem__(self, which: typing.Any, /) -> typing.Any:
        """Read some of it."""


class Store(abc.ABC):
    """A container of arrays by path. Nothing in it is believed: what is read is checked, or refused in one line.

    Args:
        name: str. What to call the file.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    @abc.abstractmethod
    def contents(self) -> str:
        """What the file holds, in words."""

    @abc.abstractmethod
    def __contains__(self, path: str) -> bool:
        """Tell whether an array, of whatever type, stands under a path."""

    @abc.abstractmethod
    def names(self, path: str = "/") -> tuple[str, ...]:
        """List the names under a path; none where there is no such group."""

    @abc.abstractmethod
    def find(self, path: str) -> Lazy | None:
        """Return the array under a path, or None where there is none; raise ValueError if it is not of numbers.

        What it is can be looked at; `known` returns it fit to be read.
        """

    @functools.cached_property
    def arrays(self) -> dict[str, Lazy]:
        """All arrays of numbers, by path, as far as one looks: a few thousand."""
        return {key: array for key in self.names() if (array := self._or_none(key)) is not None}

    def attribute(self, path: str, key: str) -> typing.Any:
        """Return an attribute of what stands under a path, or None: not every container has attributes."""
        return None

    def text(self, path: str) -> str | None:
        """Return a text, or None where there is none under the path."""
        return None

    def has(self, *paths: str) -> bool:
        """Tell whether arrays stand under all of the paths."""
        return all(path in self for path in paths)

    def is_stack(self, path: str) -> bool:
        """Tell whether real numbers of three axes or more stand under a path, whether or not they can be read."""
        array = self._or_none(path) if path in self else None
        return array is not None and len(array.shape) >= 3 and array.dtype.kind in REAL

    def first(self, *paths: str) -> str | None:
        """Return the first of the paths that an array stands under."""
        return next((path for path in paths if path in self), None)

    def known(self, path: str) -> Lazy:
        """Return the array of numbers under a path, fit to be read; raise ValueError where there is none."""
        array = self.find(path)
        if array is None:
            raise ValueError(
                f"{self.name} must hold an array of numbers as {printable(path)}. Received: {self.contents}. "
                "Add it, or rename the one that holds it."
            )
        return array

    def array(self, path: str, kinds: str = REAL, most: int = MOST_IN_MEMORY) -> np.ndarray:
        """Read an array of so many numbers at most; raise ValueError unless its dtype is of the kinds asked for."""
        array = self.known(path)
        if array.dtype.kind not in kinds:
            raise ValueError(
                f"{self.name}: {printable(path)} must be real numbers. Received: dtype={array.dtype}. "
                "Save its real part."
            )
        _check_length(array, most, f"{self.name}: {printable(path)}")
        return np.asarray(array[()])

    def complex_array(self, path: str) -> np.ndarray | None:
        """Read an array of real or complex numbers as complex ones, or return None where there is none."""
        if path not in self:
            return None
        with np.errstate(over="ignore", invalid="ignore"):
            return self.array(path, NUMBERS).astype(np.complex64)

    def number(self, path: str, quantity: Quantity, unit: str | None = None) -> float | None:
        """Read one number in the quantity's unit, or return None where there is none under the path.

        Args:
            path: str.
            quantity: Quantity. What it is, and between what it lies.
            unit: str. The unit that the file is known to write. Defaults to the quantity's own.
        """
        value = self.one(path)
        if value is None:
            return None
        return quantity.within(value * quantity.factor(unit or quantity.unit, self.name), self.name, path)

    def measured(self, path: str, quantity: Quantity, unit: str | None = None) -> float | None:
        """Read one number in the unit that stands beside it, else in the one that is given; see `number`."""
        return self.number(path, quantity, self.units(path) or unit)

    def one(self, path: str) -> float | None:
        """Read one real number, whatever it means, or return None where there is none under the path."""
        if path not in self:
            return None
        count = math.prod(self.known(path).shape)
        values = self.array(path).reshape(-1) if count == 1 else np.zeros(0)
        if count != 1 or not np.isfinite(values[0]):
            found = values[0] if count == 1 else f"{count} numbers"
            raise ValueError(
                f"{self.name} must hold one finite number as {printable(path)}. "
                f"Received: {printable(path)}={found}. Correct it, or leave it out."
            )
        return float(values[0])

    def units(self, path: str) -> str | None:
        """Return the unit that stands beside an array, or None."""
        unit = self.attribute(path, "units")
        if isinstance(unit, bytes):
            unit = unit.decode("utf-8", "replace")
        return str(unit) if isinstance(unit, str) and unit.strip() else None

    def _or_none(self, path: str) -> Lazy | None:
        try:
            return self.find(path)
        except Damaged:
            raise
        except ValueError:  # it is none of numbers
            return None


def _check_length(array: Lazy, most: int, name: str) -> None:
    if math.prod(array.shape) > most:
        raise ValueError(
            f"{name} must hold {most} numbers at most. Received: shape={tuple(array.shape)}. Is it the right array?"
        )


def both(y: float | None, x: float | None) -> tuple[float, float] | None:
    """Return the sizes of a pixel, `(y, x)`; one that is not known is as the other is; None where neither is."""
    if y is None and x is None:
        return None
    known = y if x is None else x
    assert known is not None
    return (known if y is None else y, known if x is None else x)
