"""The option `--backend`, of the group and of its commands."""

import click

from ptychopinn_cli.choose_backend import BACKENDS, canonical


class BackendName(click.ParamType):
    """One of `BACKENDS`, or an alias."""

    name = "backend"

    def get_metavar(self, param, ctx=None):
        return f"[{'|'.join(BACKENDS)}]"

    def convert(self, value, param, ctx):
        name = canonical(value)
        if name not in BACKENDS:
            self.fail(f"must be one of {', '.join(BACKENDS)} (pytorch is torch). Received: {value}.", param, ctx)
        return name


def backend_option(words):
    """Make the option `--backend`: it may be repeated, like every option, but not with another name."""
    return click.option("--backend", type=BackendName(), multiple=True, callback=only_one, help=words)


def only_one(context, option, names):
    """Return the backend that `--backend` names, or `None`."""
    if len(set(names)) > 1:
        raise click.UsageError(f"--backend must name one backend. Received: {', '.join(names)}. Leave all but one out.")
    return names[0] if names else None


def agreed(of_group, of_command, command, computes):
    """Return the one backend that `ptycho --backend` and that of its command name, or `None`.

    Args:
        of_group, of_command: str or None.
        command: str. Name of the command.
        computes: bool. Whether the command has any use for a backend.
    """
    if of_group and not computes:
        raise click.UsageError(
            f"{command} must be asked without a backend: it uses none. Received: --backend {of_group}. Leave it out."
        )
    if of_group and of_command and of_group != of_command:
        raise click.UsageError(
            f"--backend must be given once. Received: {of_group} to ptycho, {of_command} to {command}. Leave one out."
        )
    return of_command or of_group
