"""The options that say how a scan is read and prepared."""

import pathlib

import click

from ptychopinn.params import MEASUREMENTS, ZERO_FREQUENCIES
from ptychopinn.preparation.params import Preparation
from ptychopinn_cli.options import collect, params_options
from ptychopinn_cli.save_format import save_format_option


def reading_options(function):
    """Add the options of a scan's reading and preparation, of commands that make nothing of a bundle."""
    for option in (
        click.option("--zero-frequency", type=click.Choice(ZERO_FREQUENCIES), default="auto", show_default=True,
                     help="Where a scan keeps the zero frequency; auto tells it from where the light is."),
        click.option("--measurement", type=click.Choice(MEASUREMENTS), default="auto", show_default=True,
                     help="What a scan holds; auto tells it from the values."),
    ):  # fmt: skip
        function = option(function)
    return params_options(Preparation)(function)


def output_and_reading(function):
    """Add where the result of a reconstruction goes, and how the scan is read: as in training, unless it is said."""
    for option in (
        click.option("--zero-frequency", type=click.Choice(ZERO_FREQUENCIES),
                     help="Where the file keeps the zero frequency; if not given, as in training, or where light is."),
        click.option("--measurement", type=click.Choice(MEASUREMENTS),
                     help="What the file holds; as in training, or told from the values, if not given."),
        save_format_option,
        click.option("--auto", is_flag=True,
                     help="Correct what trials find wrong in the scan, as ptycho inspect says it, and let photons held "
                     "out choose modes, positions, background, flux and variation of the probe, where not said."),
        click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="out", show_default=True,
                     help="Folder of the reconstruction."),
    ):  # fmt: skip
        function = option(function)
    return params_options(Preparation)(function)


def reading_of(options):
    """Take these options out of a command's keyword arguments: `(measurement, zero frequency, Preparation)`."""
    return options.pop("measurement"), options.pop("zero_frequency"), collect(Preparation, options)


def as_recorded(folder, data, talk):
    """Return how a scan was read for the result in a folder, as `reading_of` does, and say so; None if unknown."""
    from ptychopinn.evaluation.receipt import recorded_reading

    kept = recorded_reading(folder, data)
    if kept is None:
        return None
    said = {"measurement": kept.measurement, "zero_frequency": kept.zero_frequency, **kept.preparation.said()}
    words = ", ".join(f"{name}={value}" for name, value in said.items() if value != "auto")
    if words:
        talk.note(f"The scan is read as it was for {folder}: {words}. Options override.")
    return kept.measurement, kept.zero_frequency, kept.preparation
