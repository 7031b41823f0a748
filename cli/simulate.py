"""ptycho simulate: make a scan whose object is known."""

import pathlib

import click

from ptychopinn.simulation.choices import GOES_WITH, takes
from ptychopinn.simulation.params import (
    DetectorParams,
    FileParams,
    ObjectParams,
    PositionParams,
    ProbeParams,
    SimulationParams,
)
from ptychopinn_cli.common import check_there, check_writable, command
from ptychopinn_cli.config import config_option
from ptychopinn_cli.options import collect, params_options

SECTIONS = (ObjectParams, ProbeParams, PositionParams, DetectorParams, FileParams)


@click.command(short_help="Make a scan whose object is known.")
@click.argument("out", type=click.Path(path_type=pathlib.Path))
@config_option
@params_options(*SECTIONS)
@command
@click.pass_context
def simulate(context, out, talk, **options):
    """Simulate a scan and write it to OUT, an NPZ with the object, and the options beside it as JSON.

    With --train-fraction or --objects, OUT.npz stands for OUT-train.npz and OUT-test.npz (numbered where several),
    which share no pixel of an object.

    Example: ptycho simulate scan.npz --object siemens_star --probe gaussian --photons 1e6
    """
    refuse_strangers(context, options)
    if out.suffix != ".npz":
        raise click.UsageError(f"OUT must be the name of an .npz file. Received: {out}. Name it {out.name}.npz.")
    try:
        params = SimulationParams(*(collect(section, options) for section in SECTIONS))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    for name, path in params.files_read().items():
        check_there(f"--{name.replace('_', '-')}", "file", pathlib.Path(path))
    check_writable(out.parent)
    from ptychopinn.simulation import experiments

    parts = experiments.run(params)
    for path, made in experiments.write(out, parts).items():
        talk.result(describe(path, made.scan))


def refuse_strangers(context, options):
    """Raise a usage error if an option is given that has no say with the chosen object, probe or scan."""
    default = click.core.ParameterSource.DEFAULT
    for name, (chooser, choices) in GOES_WITH.items():
        if context.get_parameter_source(name) is not default and not takes(options, name):
            raise click.UsageError(
                f"{name} goes with --{chooser} {', '.join(choices)}. Received: {name}={options[name]} with "
                f"--{chooser} {options[chooser]}. Leave it out."
            )


def describe(path, scan):
    """Say what was written, in one line."""
    from ptychopinn.data.grouping import spacing
    from ptychopinn.physics.probes import footprint

    said = f"{path}: {len(scan)} patterns of {scan.size} x {scan.size}, {scan.mean_photons:.4g} photons each"
    if len(scan) == 1:
        return said
    width = footprint(scan.probe).sum() ** 0.5
    return f"{said}, overlap {max(0, 1 - spacing(scan.positions) / width):.0%} of the probe's width"
