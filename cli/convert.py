"""ptycho convert: write a scan or a result in another program's format."""

import pathlib

import click

from ptychopinn.reconstruction.params import SAVE_FORMATS
from ptychopinn_cli.common import check_there, check_writable, command
from ptychopinn_cli.reading import reading_of, reading_options


@click.command(short_help="Write a scan or a result in another program's format.")
@click.argument("source", metavar="IN", type=click.Path(path_type=pathlib.Path))
@click.argument("out", type=click.Path(path_type=pathlib.Path))
@click.option("--format", "name", type=click.Choice(SAVE_FORMATS),
              help="Format of OUT; if not given, what its suffix says.")  # fmt: skip
@reading_options
@command
def convert(source, out, name, talk, **options):
    """Write IN, a scan or a reconstruction of whatever program, as OUT, and say what OUT cannot hold.

    OUT ends in .npz, .cxi, .ptyr, .tiff or .h5; a scan becomes ptychodus's diffraction.h5 and product.h5 where OUT is
    a folder.

    Example: ptycho convert scan.npz scan.cxi
    """
    reading = reading_of(options)
    check_there("A scan or a reconstruction", "file or a folder", source)
    check_writable(out if out.is_dir() else out.parent)
    from ptychopinn.formats.conversion import convert as converted

    done = converted(source, out, name, *reading)
    for sentence in done.notes:
        talk.note(sentence)
    for file in done.files:
        talk.result(f"{file}: {done.content}")
