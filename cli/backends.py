"""ptycho backends: say which backends are installed, and which is used."""

import subprocess
import sys

import click

from ptychopinn_cli.choose_backend import BACKENDS, installed, of_environment
from ptychopinn_cli.common import command


@click.command(short_help="Say which backends are installed.")
@click.option("--devices/--no-devices", default=False, help="Import each backend and list its accelerators.")
@command
def backends(devices, talk, backend):
    """Say which backends are installed, and which one a command would use.

    Example: ptycho backends --devices
    """
    present = installed()
    used = backend or of_environment() or next(iter(present), None)
    for name in BACKENDS:
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
