"""ptycho backends: say which backends are installed, and which is used."""

import os
import subprocess
import sys

import click

from ptychopinn_cli import choose_backend as choice
from ptychopinn_cli.common import command


@click.command(short_help="Say which backends are installed.")
@click.option("--devices/--no-devices", default=False, help="Import each backend and list its accelerators.")
@command
def backends(devices, talk, backend):
    """Say which backends are installed, and which one a command would use.

    Example: ptycho backends --devices
    """
    present = choice.installed()
    used = backend or os.environ.get("KERAS_BACKEND") or next(iter(present), None)
    for name in choice.BACKENDS:
        if name not in present:
            talk.result(f"  {name:10}  not installed: pip install 'ptychopinn[{name}]'")
            continue
        mark = "*" if name == used else " "
        found = f"  {accelerators(name)}" if devices else ""
        talk.result(f"{mark} {name:10}  {present[name]}{found}")


def accelerators(name):
    """Return the accelerators that a backend finds, in a process of its own: only one can be imported in each."""
    code = f"from ptychopinn_cli.choose_backend import devices; print(', '.join(devices({name!r})) or 'cpu only')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]
