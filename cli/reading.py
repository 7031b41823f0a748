"""The options that say how a scan is read and prepared, for commands that make nothing of a bundle."""

import click

from ptychopinn.params import MEASUREMENTS, ZERO_FREQUENCIES
from ptychopinn.preparation.params import Preparation
from ptychopinn_cli.options import collect, params_options


def reading_options(function):
    """Add the options of a scan's reading and preparation."""
    for option in (
        click.option("--zero-frequency", type=click.Choice(ZERO_FREQUENCIES), default="auto", show_default=True,
                     help="Where a scan keeps the zero frequency; auto tells it from where the light is."),
        click.option("--measurement", type=click.Choice(MEASUREMENTS), default="auto", show_default=True,
                     help="What a scan holds; auto tells it from the values."),
    ):  # fmt: skip
        function = option(function)
    return params_options(Preparation)(function)


def reading_of(options):
    """Take these options out of a command's keyword arguments: `(measurement, zero frequency, Preparation)`."""
    return options.pop("measurement"), options.pop("zero_frequency"), collect(Preparation, options)
