"""ptycho infer: reconstruct a scan with a bundle."""

import pathlib

import click

from ptychopinn.params import ExecutionParams, ModelParams
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.training.shipped import found, shipped
from ptychopinn_cli.common import command
from ptychopinn_cli.config import config_option
from ptychopinn_cli.options import params_options
from ptychopinn_cli.pages import report_option
from ptychopinn_cli.reading import output_and_reading
from ptychopinn_cli.reconstruct import perform
from ptychopinn_cli.shard import shard_options


@click.command(short_help="Reconstruct a scan with a trained bundle.")
@click.argument("paths", metavar="[BUNDLE] DATA", nargs=-1, required=True, type=click.Path(path_type=pathlib.Path))
@output_and_reading
@params_options(ReconstructionParams)
@report_option
@shard_options
@config_option
@params_options(ModelParams, restate=True)
@params_options(ExecutionParams)
@command
def infer(paths, report, talk, backend, **options):
    """Reconstruct the scan DATA with BUNDLE: object, pictures, report, and a page that shows them.

    It is `ptycho reconstruct DATA --start network --bundle BUNDLE`. Without BUNDLE, that which ships with the package.

    Example: ptycho infer run scan.npz --output-dir out --batch-size 16
    """
    if len(paths) > 2:
        raise click.UsageError(
            f"infer takes a bundle and a scan, or a scan alone. Received: {len(paths)} paths. Leave others out."
        )
    bundle = found(paths[0]) if len(paths) == 2 else shipped()
    perform(bundle, paths[-1], report, talk, backend, options)
