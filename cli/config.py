"""The option `--config`: a YAML file of options; defaults yield to it, and it to the command line."""

import collections

import click
import yaml

from ptychopinn_cli.errors import line_of

EXAMPLE = "Write one option a line, like: epochs: 30"
LARGEST = 20_000
"""Characters of a file of options, at most."""

TAG = "tag:yaml.org,2002:"
PLAIN = tuple(TAG + kind for kind in ("str", "int", "float", "bool", "null", "timestamp"))


def read_config(context, option, path):
    """Make a YAML file's options the defaults of the command: defaults < file < command line."""
    if path is None:
        return
    try:
        said = read_pairs(path)
    except OSError as error:
        raise click.ClickException(line_of(error)) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    known = {
        spelled(name): parameter
        for parameter in context.command.params
        for name in (*parameter.opts, parameter.name)
        if isinstance(parameter, click.Option) and parameter is not option
    }
    unknown = sorted(key for key, _ in said if spelled(key) not in known)
    if unknown:
        raise click.UsageError(
            f"{path} must hold options of this command. Received: {', '.join(unknown)}. See --help for their names."
        )
    chosen = [(known[spelled(key)], text) for key, text in said]
    twice = [name for name, times in collections.Counter(one.name for one, _ in chosen).items() if times > 1]
    if twice:
        raise click.UsageError(f"{path} must say an option once. Received: {', '.join(twice)} again. Leave one out.")
    values = {one.name: [text] if one.multiple else text for one, text in chosen if text is not None}
    context.default_map = {**(context.default_map or {}), **values}


def read_pairs(path):
    """Read `(key, text of the value)` from a YAML file; the text is None for null.

    Values stay text, to be read as if they stood on the command line: no object of YAML is ever made.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it does not hold one plain value an option.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise ValueError(f"{path} must hold {LARGEST} characters or fewer. Received: more. {EXAMPLE}")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        reason = "brackets nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise ValueError(f"{path} must be YAML. Received: {reason}. {EXAMPLE}") from None
    if root is None:
        return []
    if not isinstance(root, yaml.MappingNode):
        kind = "a list" if isinstance(root, yaml.SequenceNode) else "a single value"
        raise ValueError(f"{path} must hold options and their values. Received: {kind}. {EXAMPLE}")
    for key, value in root.value:
        check_plain(path, "a name", key)
        check_plain(path, key.value, value)
    return [(key.value, None if value.tag == f"{TAG}null" else value.value) for key, value in root.value]


def check_plain(path, what, node):
    """Raise ValueError where a node of YAML is not one plain value: a list, a dictionary, or a tag of its own."""
    if not isinstance(node, yaml.ScalarNode) or node.tag not in PLAIN:
        kind = node.tag.removeprefix(TAG) if isinstance(node, yaml.ScalarNode) else "several"
        raise ValueError(f"{path} must hold one value an option. Received: {kind} for {what}. {EXAMPLE}")


def spelled(name):
    """Return an option's name without the dashes of the command line."""
    return name.lstrip("-").replace("-", "_")


config_option = click.option(
    "--config", type=click.Path(), callback=read_config, is_eager=True, expose_value=False,
    help="YAML file of options; the command line wins over it.",
)  # fmt: skip
