"""ptycho evaluate: score a reconstructionstruction against truth, another reconstruction, or the patterns."""

import json
import pathlib

import click

from ptychopinn_cli.common import check_writable, command
from ptychopinn_cli.options import config_option
from ptychopinn_cli.pages import html_or_none, report_option

JSON = "evaluation.json"
OF_TRUTH = ("curves.csv", "curves.png", "comparison.png")
"""Files that are written only where an object is known."""


def judging_options(function):
    """Add the options that `evaluate` and `compare` share."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("--low-pass", type=click.FloatRange(min=0), metavar="PX", default=None,
                     help="Blur both images by a Gaussian of this sigma first, in pixels."),
        click.option("--region", type=click.Choice(["auto", "weight", "scan"]), default="auto", show_default=True,
                     help="Pixels that count: well lit by weight, inside the scan's box, or both."),
        click.option("--scan", type=click.Path(path_type=pathlib.Path),
                     help="The scan: its positions bound the region, its patterns give the R-factor."),
    ):  # fmt: skip
        function = option(function)
    return function


@click.command(short_help="Score a reconstructionstruction against truth or another one.")
@click.argument("recon", metavar="RECON", type=click.Path(path_type=pathlib.Path))
@click.argument("truth", type=click.Path(path_type=pathlib.Path))
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="eval", show_default=True,
              help="Folder of the figures, curves and pictures.")  # fmt: skip
@judging_options
@report_option
@config_option
@command
def evaluate(recon, truth, output_dir, scan, region, low_pass, as_json, report, talk, backend):
    """Score RECON, registered, against TRUTH: a known object, another reconstruction, or a scan.

    Example: ptycho evaluate out scan.npz --output-dir eval
    """
    from ptychopinn.evaluation.judgement import judge, read_reference
    from ptychopinn.evaluation.tables import record, table_of_one
    from ptychopinn.files import write_together
    from ptychopinn.formats import read_reconstruction
    from ptychopinn.report.judgement import page_of_judgement
    from ptychopinn.report.page import PAGE

    reconstruction = read_reconstruction(recon)
    known, measured = read_reference(truth, scan)
    if measured is not None and reconstruction.origin is None:
        talk.note(f"{reconstruction.name} does not say where it lies (origin): it is not compared with the patterns.")
    judgement = judge(reconstruction, known, measured, region, low_pass)
    if not judgement.figures:
        raise ValueError(
            f"{truth} must hold an object, or RECON an origin to be compared with patterns. "
            f"Received: neither. Give a known object or another reconstruction as TRUTH."
        )
    facts = {"reconstruction": str(recon), "truth": str(truth), "scan": scan and str(scan),
             "low_pass_px": low_pass, **record(judgement)}  # fmt: skip
    check_writable(output_dir)
    html = html_or_none(page_of_judgement, (judgement, reconstruction, known, measured), facts, report, talk)
    writers = writers_of(judgement, facts, html)
    write_together(output_dir, writers, last=JSON)
    for name in {*OF_TRUTH, PAGE} - set(writers):
        (output_dir / name).unlink(missing_ok=True)  # of an earlier evaluation
    if as_json:
        talk.result(json.dumps(facts, indent=2))
        return
    if judgement.score is not None:
        height, width = judgement.score.truth.shape
        talk.note(f"{reconstruction.name} against {known.name}: {height} x {width} pixels")
    for line in table_of_one(judgement):
        talk.result(line)


def writers_of(judgement, facts, html):
    """Return the files of an evaluation: dict from name to a function of the path."""
    from ptychopinn.evaluation import pictures, tables
    from ptychopinn.report.page import page_writer

    writers = {
        "evaluation.csv": lambda path: tables.write_figures(path, [judgement]),
        JSON: lambda path: tables.write_json(path, facts),
    }
    if judgement.score is not None:
        score = judgement.score
        writers |= {
            "curves.csv": lambda path: tables.write_curves(path, [judgement]),
            "curves.png": pictures.curves_of_one(score).savefig,
            "comparison.png": pictures.panels({"reconstruction": score}, difference=True).savefig,
        }
    return writers | page_writer(html)
