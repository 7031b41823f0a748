"""Library errors as one line for the user."""

import contextlib
import errno
import os

import click

from ptychopinn.printable import printable, printable_lines

REMEDIES = {
    errno.ENOSPC: "Free some space, or choose another --output-dir.",
    errno.EROFS: "Choose a path on a disk that can be written.",
    errno.EACCES: "Choose a path you may use.",
    errno.EPERM: "Choose a path you may use.",
    errno.EISDIR: "Check the path, or move that folder away.",
    errno.ENOTDIR: "Choose a folder, not a file.",
    errno.EEXIST: "Choose a folder, not a file.",
}

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "resource_exhausted")
"""How backends, each by an error of its own, say that memory is at an end."""

LONGEST, LEFT_OUT = 400, " ... "
"""Characters of an error, at most, and what stands for the middle of a longer one."""


@contextlib.contextmanager
def said_plainly(verbose):
    """Turn ValueError, OSError and a lack of memory into the line that the command prints, with exit code 1."""
    try:
        yield
    except BrokenPipeError:  # the reader of the output has had enough: click ends the command in silence
        raise
    except Exception as error:
        if verbose or not (isinstance(error, ValueError | OSError) or is_lack_of_memory(error)):
            raise
        raise click.ClickException(printable(line_of(error))) from error


@contextlib.contextmanager
def fit_for_a_terminal():
    """Keep control characters of names, and endless lines, out of the errors of a command line."""
    try:
        yield
    except click.ClickException as error:
        error.message = shortened(printable_lines(error.message))
        raise


def line_of(error):
    """Return what an error says, with the way out for errors of the operating system."""
    said = " ".join(str(error).split())
    if is_lack_of_memory(error) and "Received:" not in said:
        return f"The work must fit in memory. Received: {said or 'out of memory'}. Use a smaller --batch-size."
    if isinstance(error, OSError) and error.errno is not None:
        place = f" ({error.filename})" if error.filename else ""
        remedy = REMEDIES.get(error.errno, "Check the path, or choose another.")
        return f"Files must be there to read, and free to write. Received: {os.strerror(error.errno)}{place}. {remedy}"
    return said or type(error).__name__


def is_lack_of_memory(error):
    """Tell whether an error, of Python or of a backend, says that memory is at an end."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY)


def shortened(line):
    """Return a line without the middle that is too much."""
    half = (LONGEST - len(LEFT_OUT)) // 2
    return line if len(line) <= LONGEST else f"{line[:half]}{LEFT_OUT}{line[-half:]}"
