"""What every command shares: backend, talk, and errors said plainly."""

import contextlib
import functools
import pathlib
import tempfile
import warnings

import click

from ptychopinn_cli.choose_backend import BackendName
from ptychopinn_cli.errors import printable, said_plainly


def command(function):
    """Add `--backend`, `--quiet` and `--verbose`, and turn errors into one line.

    The function receives a `Talk` as `talk`, and the chosen backend's name, or None, as `backend`.
    """

    @click.option("--backend", type=BackendName(), help="Backend; wins over KERAS_BACKEND.")
    @click.option("--quiet", is_flag=True, help="Print results only.")
    @click.option("--verbose", is_flag=True, help="Show every warning, and tracebacks.")
    @click.pass_context
    @functools.wraps(function)
    def run(context, backend, quiet, verbose, **options):
        of_group = (context.obj or {}).get("backend")
        if backend and of_group and backend != of_group:
            raise click.UsageError(
                f"--backend must be given once. Received: {of_group} to ptycho, {backend} to {context.info_name}. "
                "Leave one out."
            )
        talk = Talk(quiet, verbose)
        with said_plainly(verbose), talk.listening_to_warnings():
            return function(talk=talk, backend=backend or of_group, **options)

    return run


class Talk:
    """What a command says: notes on stderr, results on stdout."""

    def __init__(self, quiet, verbose):
        self.quiet, self.verbose = quiet, verbose

    def note(self, text):
        """Say something on stderr, unless `--quiet`."""
        if not self.quiet:
            click.echo(printable(text), err=True)

    def result(self, text):
        """Print a result on stdout."""
        click.echo(printable(text))

    @contextlib.contextmanager
    def listening_to_warnings(self):
        """Say a collapse in one line as it is noticed; leave other warnings out unless `--verbose`."""
        with warnings.catch_warnings():
            if not self.verbose:
                warnings.simplefilter("ignore")
                warnings.filterwarnings("always", message=".*collapsed")
                warnings.showwarning = lambda message, *_, **__: click.echo(f"Warning: {message}", err=True)
            yield


def losses_in_words(row):
    """Say the loss and the R-factor of an epoch: those of the validation patterns, if there are any."""
    kind = "val_" if "val_loss" in row else ""
    words = f"loss {row[kind + 'loss']:.4g}, R-factor {row[kind + 'r_factor']:.3f}"
    return f"validation {words}" if kind else words


def check_writable(folder):
    """Raise OSError unless files can be written in a folder; it is made if it does not exist."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        return folder
