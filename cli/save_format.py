"""The option `--save-format`: formats of other programs that a reconstruction is written in besides its own."""

import click

from ptychopinn.reconstruction.params import SAVE_FORMATS

save_format_option = click.option(
    "--save-format", multiple=True, type=click.Choice(SAVE_FORMATS),
    help="Format to write besides reconstruction.npz; may be given again.",
)  # fmt: skip


def refuse_unwritable(names, scan):
    """Raise ValueError, before the work, where a scan does not know what one of the formats has to tell."""
    from ptychopinn.formats.writers.table import FORMATS, check_writable_as

    for name in names:
        check_writable_as(FORMATS[name].results, scan)


def say_told(names, reconstruction, talk):
    """Say what the formats cannot hold of a reconstruction."""
    from ptychopinn.formats.writers.table import FORMATS, told

    for name in names:
        for sentence in told(FORMATS[name].results, reconstruction):
            talk.note(sentence)
