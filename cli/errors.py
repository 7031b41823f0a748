"""Library errors as one line for the user."""

import contextlib
import errno

import click


@contextlib.contextmanager
def said_plainly(verbose):
    """Turn ValueError and OSError into the line that the command prints, with exit code 1."""
    try:
        yield
    except (ValueError, OSError, MemoryError) as error:
        if verbose:
            raise
        raise click.ClickException(line_of(error)) from error


def line_of(error):
    """Return what an error says, with the way out for errors of the operating system."""
    remedies = {
        errno.ENOSPC: "Free some space, or choose another --output-dir.",
        errno.EACCES: "Choose a path you may use.",
        errno.EROFS: "Choose a path on a disk that can be written.",
        errno.EPERM: "Choose a path you may use.",
        errno.ENOTDIR: "Choose a folder, not a file.",
        errno.EEXIST: "Choose a folder, not a file.",
    }
    if isinstance(error, MemoryError):
        return f"The work must fit in memory. Received: {error or 'out of memory'}. Use a smaller --batch-size."
    if isinstance(error, OSError) and error.errno in remedies:
        return f"Could not use {error.filename or 'the output'}: {error.strerror}. {remedies[error.errno]}"
    return " ".join(str(error).split()) or type(error).__name__
