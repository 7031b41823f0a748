"""Fields of parameters: their limits, how they are checked, and dictionaries read strictly."""

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Self


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a number may be: `low` and `high` are allowed, `above` is not; its unit is said where it is refused."""

    low: float | None = None
    above: float | None = None
    high: float | None = None
    unit: str = ""


def option(
    default: Any, help: str, *, choices: Sequence[str] | None = None, aliases: Sequence[str] = (), **limits: Any
) -> Any:
    """Declare a field that a user sets; `limits` are those of `Limits`."""
    known = {"choices": choices, "derived": False, **vars(Limits(**limits))}
    return dataclasses.field(default=default, metadata={"help": help, "aliases": aliases, **known})


def derived(default: Any, help: str, **limits: Any) -> Any:
    """Declare a field that comes from the data; `limits` are those of `Limits`."""
    known = {"choices": None, "derived": True, **vars(Limits(**limits))}
    return dataclasses.field(default=default, metadata={"help": help, "aliases": (), **known})


@dataclasses.dataclass(frozen=True)
class Params:
    """Base of all parameter sets: validation, and dictionaries read strictly."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            check(field, getattr(self, field.name))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary."""
        return dataclasses.asdict(self)

    def said(self) -> dict[str, Any]:
        """Return the fields that are not at their defaults."""
        fields = dataclasses.fields(self)
        return {field.name: getattr(self, field.name) for field in fields if getattr(self, field.name) != field.default}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make the parameters from a dictionary; a name that is not a field is an error."""
        names = [field.name for field in dataclasses.fields(cls)]
        unknown = sorted(set(values) - set(names))
        if unknown:
            raise ValueError(f"{cls.__name__} knows {', '.join(names)}. Received: {', '.join(unknown)}.")
        return cls(**values)


def field_type(field: dataclasses.Field) -> tuple[Any, bool]:
    """Return `(type, optional)` of a field: `int | None` is `(int, True)`."""
    if isinstance(field.type, types.UnionType):
        kinds = [kind for kind in typing.get_args(field.type) if kind is not type(None)]
        return kinds[0], True
    return field.type, False


def check(field: dataclasses.Field, value: Any) -> None:
    """Raise ValueError where a value is not what its field allows."""
    kind, optional = field_type(field)
    name, limits = field.name, field.metadata
    if value is None and optional:
        return
    accepted = (int, float) if kind is float else kind
    of_kind = isinstance(value, accepted) and (kind is bool or not isinstance(value, bool))
    if kind in (int, float):
        if not of_kind or not within(value, limits):
            raise ValueError(f"{name} must be {numbers_allowed(kind, limits)}. Received: {name}={value}.")
    elif not of_kind:
        raise ValueError(f"{name} must be of type {kind.__name__}. Received: {name}={value!r}.")
    if limits["choices"] and value not in limits["choices"]:
        raise ValueError(f"{name} must be one of {', '.join(limits['choices'])}. Received: {name}={value}.")


def within(value: float, limits: Mapping[str, Any]) -> bool:
    """Tell whether a number keeps limits; NaN keeps none."""
    low, above, high = (limits[name] for name in ("low", "above", "high"))
    return (low is None or value >= low) and (above is None or value > above) and (high is None or value <= high)


def numbers_allowed(kind: type, limits: Mapping[str, Any]) -> str:
    """Say which numbers a field allows: "a whole number, at least 1 and at most 100 pixels"."""
    bounds = {"low": "at least", "above": "more than", "high": "at most"}
    said = [f"{words} {limits[name]:.10g}" for name, words in bounds.items() if limits[name] is not None]
    return f"{'a whole number' if kind is int else 'a number'}, {' and '.join(said)} {limits['unit']}".rstrip(", ")
