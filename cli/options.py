"""Command-line options made from the parameter dataclasses."""

import dataclasses

import click
import yaml

from ptychopinn.schema import field_type

EXAMPLE = "Write one option a line, like: epochs: 30"
KINDS = {int: click.INT, float: click.FLOAT, str: click.STRING}


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


def read_config(context, option, path):
    """Make a YAML file's options the defaults of the command: defaults < file < command line."""
    if path is None:
        return
    try:
        with open(path) as file:
            content = yaml.safe_load(file) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise click.UsageError(f"{path} must be YAML. Received: {reason}. {EXAMPLE}") from None
    if not isinstance(content, dict):
        raise click.UsageError(
            f"{path} must hold options and their values. Received: {type(content).__name__}. {EXAMPLE}"
        )
    known = {
        name.lstrip("-").replace("-", "_"): parameter.name
        for parameter in context.command.params
        for name in (*parameter.opts, parameter.name)
        if isinstance(parameter, click.Option)
    }
    names = {key: str(key).lstrip("-").replace("-", "_") for key in content}
    unknown = sorted(str(key) for key, name in names.items() if name not in known)
    if unknown:
        raise click.UsageError(
            f"{path} must hold options of this command. Received: {', '.join(unknown)}. See --help for their names."
        )
    many = sorted(str(key) for key, value in content.items() if isinstance(value, (list, dict)))
    if many:
        raise click.UsageError(
            f"{path} must hold one value an option. Received: several for {', '.join(many)}. {EXAMPLE}"
        )
    context.default_map = {
        **(context.default_map or {}),
        # as text, like the command line's: 1.5 and true are no integers
        **{known[name]: str(content[key]) for key, name in names.items() if content[key] is not None},
    }


config_option = click.option(
    "--config", type=click.Path(exists=True, dir_okay=False), callback=read_config, is_eager=True, expose_value=False,
    help="YAML file of options; the command line wins over it.",
)  # fmt: skip


def _option(field, restate):
    kind, _ = field_type(field)
    words, limits = field.metadata["help"], field.metadata
    names = [name.replace("_", "-") for name in (field.name, *limits["aliases"])]
    settings = {"help": words, "default": None if restate else field.default, "hidden": restate}
    settings["show_default"] = settings["default"] is not None
    if kind is bool:
        return click.option("/".join((f"--{names[0]}", f"--no-{names[0]}")), field.name, **settings)
    settings["type"] = click.Choice(limits["choices"]) if limits["choices"] else KINDS[kind]
    return click.option(*(f"--{name}" for name in names), field.name, **settings)
