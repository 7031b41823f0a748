"""Command-line options made from the parameter dataclasses."""

import dataclasses
import math

import click

from ptychopinn.schema import field_type, numbers_allowed, within


class Number(click.ParamType):
    """A number within limits.

    Args:
        kind: `int` or `float`.
        low, above, high: the limits; `above` itself is not allowed, the others are.
        unit: str.
    """

    def __init__(self, kind, *, low=None, above=None, high=None, unit=""):
        self.kind, self.name = kind, "integer" if kind is int else "float"
        self.limits = {"low": low, "above": above, "high": high, "unit": unit}

    def convert(self, value, param, ctx):
        try:
            number = self.kind(value)
        except (ValueError, OverflowError):
            number = math.nan
        if not within(number, self.limits):
            name = param.name if param else "value"
            allowed = numbers_allowed(self.kind, self.limits)
            raise click.UsageError(f"{name} must be {allowed}. Received: {name}={value}.", ctx)
        return number


def params_options(*classes, restate=False):
    """Add an option for every field that does not come from the data.

    With `restate`, the options are hidden and have no default: they may only say again what a bundle holds.
    """

    def decorate(command):
        for field in reversed([field for cls in classes for field in user_fields(cls)]):
            command = _option(field, restate)(command)
        return command

    return decorate


def user_fields(cls):
    """Return the fields that a user sets."""
    return [field for field in dataclasses.fields(cls) if not field.metadata["derived"]]


def collect(cls, values):
    """Take a class's options out of a command's keyword arguments and make the parameters."""
    try:
        return cls(**{field.name: values.pop(field.name) for field in user_fields(cls)})
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def refuse_contradictions(restated, params):
    """Raise a usage error if an option contradicts what a bundle was trained with.

    Args:
        restated: dict of options; `None` where one was not given.
        params: ModelParams of the bundle.
    """
    for field in user_fields(type(params)):
        said, held = restated.get(field.name), getattr(params, field.name)
        if said is not None and said != held:
            raise click.UsageError(
                f"The bundle was trained with {field.name}={held}. Received: {field.name}={said}. Leave the option out."
            )


def _option(field, restate):
    kind, _ = field_type(field)
    words, limits = field.metadata["help"], field.metadata
    names = [name.replace("_", "-") for name in (field.name, *limits["aliases"])]
    settings = {"help": words, "default": None if restate else field.default, "hidden": restate}
    settings["show_default"] = settings["default"] is not None
    if kind is bool:
        return click.option("/".join((f"--{names[0]}", f"--no-{names[0]}")), field.name, **settings)
    if kind is str:
        settings["type"] = click.Choice(limits["choices"]) if limits["choices"] else click.STRING
    else:
        settings["type"] = Number(kind, **{name: limits[name] for name in ("low", "above", "high", "unit")})
    return click.option(*(f"--{name}" for name in names), field.name, **settings)
