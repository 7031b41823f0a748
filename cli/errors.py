"""Library errors as one line for the user."""

import contextlib
import errno
import os

import click

REMEDIES = {
    errno.ENOSPC: "Free some space, or choose another --output-dir.",
    errno.EROFS: "Choose a path on a disk that can be written.",
    errno.EACCES: "Choose a path you may use.",
    errno.EPERM: "Choose a path you may use.",
    errno.ENOTDIR: "Choose a folder, not a file.",
    errno.EEXIST: "Choose a folder, not a file.",
}


@contextlib.contextmanager
def said_plainly(verbose):
    """Turn ValueError and OSError into the line that the command prints, with exit code 1."""
    try:
        yield
    except BrokenPipeError:  # the reader of the output has had enough: click ends the command in silence
        raise
    except (ValueError, OSError, MemoryError) as error:
        if verbose:
            raise
        raise click.ClickException(printable(line_of(error))) from error


def line_of(error):
    """Return what an error says, with the way out for errors of the operating system."""
    if isinstance(error, MemoryError):
        return f"The work must fit in memory. Received: {error or 'out of memory'}. Use a smaller --batch-size."
    if isinstance(error, OSError) and error.errno is not None:
        place = f" ({error.filename})" if error.filename else ""
        remedy = REMEDIES.get(error.errno, "Check the path, or choose another.")
        return f"Files must be there to read, and free to write. Received: {os.strerror(error.errno)}{place}. {remedy}"
    return " ".join(str(error).split()) or type(error).__name__


def printable(text):
    """Return a text with escapes for control characters, which a terminal obeys, and for bytes that are no text."""
    return "".join(one if one.isprintable() or one == "\n" else escaped(one) for one in text)


def escaped(character):
    """Return a character as Python writes it in a string."""
    return character.encode("unicode_escape").decode("ascii")
