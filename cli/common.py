"""What every command shares: backend, talk, paths looked at first, and errors said plainly."""

import contextlib
import errno
import functools
import glob
import inspect
import os
import pathlib
import tempfile
import warnings

import click

from ptychopinn.printable import printable, printable_lines
from ptychopinn_cli.backend_option import agreed, backend_option
from ptychopinn_cli.errors import said_plainly

THERE = {"file": pathlib.Path.is_file, "folder": pathlib.Path.is_dir, "file or a folder": pathlib.Path.exists}


def command(function):
    """Add `--quiet` and `--verbose`, and turn errors into one line; a function that computes gets `--backend` too.

    The function receives a `Talk` as `talk`, and, if it has a parameter `backend`, the chosen one's name, or None.
    """
    computes = "backend" in inspect.signature(function).parameters

    @click.option("--quiet", is_flag=True, help="Print results only.")
    @click.option("--verbose", is_flag=True, help="Show every warning, and tracebacks.")
    @click.pass_context
    @functools.wraps(function)
    def run(context, quiet, verbose, **options):
        backend = agreed((context.obj or {}).get("backend"), options.pop("backend", None), context.info_name, computes)
        if computes:
            options["backend"] = backend
        talk = Talk(quiet, verbose)
        with said_plainly(verbose), talk.listening_to_warnings():
            return function(talk=talk, **options)

    return backend_option("Backend; wins over KERAS_BACKEND.")(run) if computes else run


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
        click.echo(printable_lines(text))

    @contextlib.contextmanager
    def listening_to_warnings(self):
        """Say a collapse or a smaller batch in one line; leave other warnings out unless `--verbose`."""
        with warnings.catch_warnings():
            if not self.verbose:
                warnings.simplefilter("ignore")
                warnings.filterwarnings("always", message=".*(collapsed|A batch holds)")
                warnings.showwarning = lambda message, *_, **__: click.echo(printable(f"Warning: {message}"), err=True)
            yield


def keeping():
    """Return a context in which the first interrupt is for the work to heed, which then returns what it has so far."""
    stop = (click.get_current_context().find_root().obj or {}).get("stop")
    return contextlib.nullcontext() if stop is None else stop.keeping()


def losses_in_words(row):
    """Say the loss and the R-factor of an epoch: those of the validation patterns, if there are any."""
    kind = "val_" if "val_loss" in row else ""
    words = f"loss {row[kind + 'loss']:.4g}"
    if kind + "r_factor" in row:
        words += f", R-factor {row[kind + 'r_factor']:.3f}"
    return f"validation {words}" if kind else words


def say_assumed(scans, talk):
    """Say what the reader of each scan assumed or left out."""
    for scan in scans:
        for sentence in scan.notes:
            talk.note(f"{scan.name}: {sentence}" if len(scans) > 1 else sentence)


def check_there(what, kind, *paths):
    """Raise OSError unless paths are there to read: said at once, where importing a backend takes seconds.

    Args:
        what: str. What each path must be, as the error begins: `"A scan"`.
        kind: str. One of `THERE`.
        paths: path objects; `None` is one that was not given.
    """
    for path in paths:
        if path is not None and not THERE[kind](path):
            raise FileNotFoundError(f"{what} must be a {kind}. Received: path={path}, which is none. Check the path.")
        if path is not None and not os.access(path, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def check_scans_there(*paths):
    """Raise OSError unless each is there: a file, a folder, `FOLDER/*` of files, or `FILE:/path` of patterns."""
    for path in filter(None, paths):
        file = pathlib.Path(str(path).rpartition(":/")[0] or path)
        if glob.has_magic(file.name) and not file.exists():
            file = next(file.parent.glob(file.name), file)
        check_there("A scan", "file or a folder", path if path.exists() or not file.is_file() else file)


def check_writable(folder, *sources):
    """Raise OSError unless files can be written in a folder, or where it would be made; nothing is left behind.

    Where it is one of the sources of a result, ValueError is raised.
    """
    folder = pathlib.Path(folder).absolute()
    if any(source is not None and source.resolve() == folder.resolve() for source in sources):
        raise ValueError(
            f"A result must not overwrite what it is made of. Received: --output-dir {folder}, which is read. Give "
            "another folder."
        )
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as error:
        raise type(error)(error.errno, os.strerror(error.errno), str(there)) from None
