"""ptycho infer: reconstruct a scan with a bundle."""

import pathlib

import click

from ptychopinn.params import ExecutionParams, ModelParams
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn_cli.common import command
from ptychopinn_cli.config import config_option
from ptychopinn_cli.options import params_options
from ptychopinn_cli.pages import report_option
from ptychopinn_cli.reconstruct import output_and_reading, perform


@click.command(short_help="Reconstruct a scan with a trained bundle.")
@click.argument("bundle", type=click.Path(path_type=pathlib.Path))
@click.argument("data", type=click.Path(path_type=pathlib.Path))
@output_and_reading
@params_options(ReconstructionParams)
@report_option
@config_option
@params_options(ModelParams, restate=True)
@params_options(ExecutionParams)
@command
def infer(bundle, data, report, talk, backend, **options):
    """Reconstruct the scan DATA with BUNDLE: object, pictures, report, and a page that shows them.

    It is `ptycho reconstruct DATA --bundle BUNDLE`.

    Example: ptycho infer run scan.npz --output-dir out --batch-size 16
    """
    perform(bundle, data, report, talk, backend, options)
