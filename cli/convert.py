"""ptycho convert: write a scan or a result in another program's format."""

import pathlib

import click

from ptychopinn.params import MEASUREMENTS, ZERO_FREQUENCIES
from ptychopinn.preparation.params import Preparation
from ptychopinn.reconstruction.params import SAVE_FORMATS
from ptychopinn_cli.common import check_there, check_writable, command
from ptychopinn_cli.options import collect, params_options


@click.command(short_help="Write a scan or a result in another program's format.")
@click.argument("source", metavar="IN", type=click.Path(path_type=pathlib.Path))
@click.argument("out", type=click.Path(path_type=pathlib.Path))
@click.option("--format", "name", type=click.Choice(SAVE_FORMATS),
              help="Format of OUT; if not given, what its suffix says.")  # fmt: skip
@click.option("--measurement", type=click.Choice(MEASUREMENTS), default="auto", show_default=True,
              help="What a scan holds; auto tells it from the values.")  # fmt: skip
@click.option("--zero-frequency", type=click.Choice(ZERO_FREQUENCIES), default="auto", show_default=True,
              help="Where a scan keeps the zero frequency; auto tells it from where the light is.")  # fmt: skip
@params_options(Preparation)
@command
def convert(source, out, name, measurement, zero_frequency, talk, **options):
    """Write IN, a scan or a reconstruction of whatever program, as OUT, and say what OUT cannot hold.

    OUT ends in .npz, .cxi, .ptyr, .tiff or .h5; a scan becomes ptychodus's diffraction.h5 and product.h5 where OUT is
    a folder.

    Example: ptycho convert scan.npz scan.cxi
    """
    preparation = collect(Preparation, options)
    check_there("A scan or a reconstruction", "file or a folder", source)
    check_writable(out if out.is_dir() else out.parent)
    from ptychopinn.formats.conversion import convert as converted

    done = converted(source, out, name, measurement, zero_frequency, preparation)
    for sentence in done.notes:
        talk.note(sentence)
    for file in done.files:
        talk.result(f"{file}: {done.content}")
