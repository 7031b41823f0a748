"""ptycho export: a bundle's network for programs that know neither Keras nor ptychopinn."""

import pathlib

import click

from ptychopinn.params import ExecutionParams
from ptychopinn.preparation.params import Preparation
from ptychopinn.training.shipped import shipped
from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.bundles import BundlePath
from ptychopinn_cli.common import check_scans_there, check_there, check_writable, command
from ptychopinn_cli.options import Number

FORMATS = ("onnx", "openvino", "litert", "saved-model", "torch-export")


@click.command(short_help="Export a bundle's network to another format.")
@click.argument("bundle", type=BundlePath(path_type=pathlib.Path))
@click.option("--format", "name", required=True, type=click.Choice(FORMATS), help="Format to write.")
@click.option("--output", type=click.Path(path_type=pathlib.Path),
              help="New folder to write to; BUNDLE-FORMAT if not given, here for the shipped one.")  # fmt: skip
@click.option("--batch-size", type=Number(int, low=1, high=2**16, unit="groups"), default=16, show_default=True,
              help="Groups, or windows, at a time, which the exported network is fixed to.")  # fmt: skip
@click.option("--data", type=click.Path(path_type=pathlib.Path),
              help="Scan to suit, by its probe, size and spacing; that of the training if not given.")  # fmt: skip
@command
def export(bundle, name, output, batch_size, data, talk, backend):
    """Export what BUNDLE predicts patches by: measured amplitudes and offsets of groups in, patches of the object out.

    Of the network that ships (BUNDLE `shipped`), which sees objects: windows of one and their dose in, corrected out;
    with --data, patches as of any other.

    What is written is run and compared with Keras, to 1e-4, and not kept if it does not agree. export.json beside it
    says what goes in and comes out.

    Example: ptycho export run --format onnx
    """
    check_there("A bundle", "folder", bundle)
    check_scans_there(data)
    beside = pathlib.Path() if bundle == shipped() else bundle.parent
    output = output or beside / f"{bundle.name}-{name}"
    check_writable(output.parent)
    backends.use(backend, ExecutionParams())
    from ptychopinn.reconstruction.export import export as exported
    from ptychopinn.training.bundle import load_bundle

    trained = load_bundle(bundle)
    scan = None if data is None else read(data, trained)
    difference = exported(trained.model, name, output, batch_size, scan)
    talk.result(f"{output}: {name}, differs from Keras by {difference:.1e} at most")


def read(data, bundle):
    """Read a scan as that which the bundle was trained on."""
    from ptychopinn.formats import read_scan
    from ptychopinn.training.record import prepared_as

    preparation = Preparation(**prepared_as(bundle.record))
    how = {"measurement": bundle.data.measurement, "zero_frequency": bundle.data.zero_frequency}
    return read_scan(data, **how, preparation=preparation).lit()
