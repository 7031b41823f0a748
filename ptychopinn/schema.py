"""Fields of parameters: their limits, how they are checked, and dictionaries read strictly."""

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Self


def option(
    default: Any,
    help: str,
    *,
    choices: Sequence[str] | None = None,
    low: float | None = None,
    above: float | None = None,
    high: float | None = None,
    aliases: Sequence[str] = (),
) -> Any:
    """Declare a field that a user sets: the limits `low` and `high` are allowed, `above` is not."""
    limits = {"choices": choices, "low": low, "above": above, "high": high}
    return dataclasses.field(default=default, metadata={"help": help, "aliases": aliases, "derived": False, **limits})


def derived(default: Any, help: str, *, low: float | None = None) -> Any:
    """Declare a field that comes from the data."""
    limits = {"choices": None, "low": low, "above": None, "high": None}
    return dataclasses.field(default=default, metadata={"help": help, "aliases": (), "derived": True, **limits})


@dataclasses.dataclass(frozen=True)
class Params:
    """Base of all parameter sets: validation, and dictionaries read strictly."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            check(field, getattr(self, field.name))

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary."""
        return dataclasses.asdict(self)

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
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        raise ValueError(f"{name} must be of type {kind.__name__}. Received: {name}={value!r}.")
    if limits["choices"] and value not in limits["choices"]:
        raise ValueError(f"{name} must be one of {', '.join(limits['choices'])}. Received: {name}={value}.")
    for bound, wrong, words in (
        ("low", lambda limit: not value >= limit, "at least"),
        ("above", lambda limit: not value > limit, "more than"),
        ("high", lambda limit: not value <= limit, "at most"),
    ):
        if limits[bound] is not None and wrong(limits[bound]):
            raise ValueError(f"{name} must be {words} {limits[bound]}. Received: {name}={value}.")
