"""The group `ptycho`: its commands, and the backend for all of them."""

import importlib.metadata

import click

from ptychopinn_cli.backend_option import backend_option
from ptychopinn_cli.backends import backends
from ptychopinn_cli.compare import compare
from ptychopinn_cli.convert import convert
from ptychopinn_cli.demo import demo
from ptychopinn_cli.errors import fit_for_a_terminal
from ptychopinn_cli.evaluate import evaluate
from ptychopinn_cli.export import export
from ptychopinn_cli.infer import infer
from ptychopinn_cli.inspect import inspect
from ptychopinn_cli.reconstruct import reconstruct
from ptychopinn_cli.simulate import simulate
from ptychopinn_cli.stitch import stitch
from ptychopinn_cli.train import train
from ptychopinn_cli.verify import verify
from ptychopinn_cli.watch import watch


def hyphens(name):
    """Take underscores in the name of an option for hyphens."""
    return name.replace("_", "-")


class Group(click.Group):
    """A group of commands whose errors are fit for a terminal, whatever was typed."""

    def make_context(self, *arguments, **settings):
        with fit_for_a_terminal():
            return super().make_context(*arguments, **settings)

    def invoke(self, context):
        with fit_for_a_terminal():
            return super().invoke(context)


CONTEXT = {"help_option_names": ["-h", "--help"], "token_normalize_func": hyphens, "max_content_width": 100}


@click.group(cls=Group, context_settings=CONTEXT)
@backend_option("Backend of the command; wins over KERAS_BACKEND.")
@click.version_option(importlib.metadata.version("ptychopinn"), prog_name="ptycho")
@click.pass_context
def main(context, backend):
    """Reconstruct ptychography, by physics alone or with a neural network trained on it.

    Example: ptycho reconstruct scan.npz --output-dir out
    """
    context.obj = {**(context.obj or {}), "backend": backend}


COMMANDS = (
    reconstruct, train, infer, watch, stitch, evaluate, compare, verify, inspect, convert, export, simulate, demo,
    backends,
)  # fmt: skip

for command in COMMANDS:
    main.add_command(command)
