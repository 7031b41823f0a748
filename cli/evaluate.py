"""ptycho evaluate: score a reconstruction against truth, another reconstruction, or the patterns."""

import json
import pathlib

import click

from ptychopinn_cli.common import check_scans_there, check_there, check_writable, command, say_assumed
from ptychopinn_cli.config import config_option
from ptychopinn_cli.jobs import given
from ptychopinn_cli.options import Number
from ptychopinn_cli.pages import failed, html_or_none, report_option
from ptychopinn_cli.reading import as_recorded, reading_of, reading_options

JSON = "evaluation.json"


def evaluation_options(function):
    """Add the options that `evaluate` and `compare` share."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option("--low-pass", type=Number(float, low=0, high=1000, unit="pixels"), metavar="PX", default=None,
                     help="Blur both images by a Gaussian of this sigma first, in pixels."),
        click.option("--region", type=click.Choice(["auto", "weight", "scan"]), default="auto", show_default=True,
                     help="Pixels that count: well lit by weight, inside the scan's box, or both."),
        click.option("--scan", type=click.Path(path_type=pathlib.Path),
                     help="The scan: its positions bound the region, its patterns give the R-factor."),
    ):  # fmt: skip
        function = option(function)
    return reading_options(function)


@click.command(short_help="Score a reconstruction against truth or another one.")
@click.argument("recon", metavar="RECON", type=click.Path(path_type=pathlib.Path))
@click.argument("truth", type=click.Path(path_type=pathlib.Path))
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="eval", show_default=True,
              help="Folder of the figures, curves and pictures.")  # fmt: skip
@evaluation_options
@report_option
@config_option
@command
def evaluate(recon, truth, output_dir, scan, region, low_pass, as_json, report, talk, **options):
    """Score RECON, registered, against TRUTH: a known object, another reconstruction, or a scan.

    A scan that RECON was made of is read as it was then, unless options say how.

    Example: ptycho evaluate out scan.npz --output-dir eval
    """
    said_anew, reading = given(click.get_current_context(), options), reading_of(options)
    check_there("A reconstruction", "file or a folder", recon, truth)
    check_scans_there(scan)
    check_writable(output_dir, recon, truth)
    from ptychopinn.evaluation.evaluate import evaluate_one
    from ptychopinn.evaluation.reference import read_reference
    from ptychopinn.evaluation.tables import record, table_of_one
    from ptychopinn.formats import read_reconstruction
    from ptychopinn.report.evaluation_page import page_of_evaluation
    from ptychopinn.report.writing import write_results

    reconstruction = read_reconstruction(recon)
    if not said_anew:
        reading = as_recorded(recon, scan or truth, talk) or reading
    reference = read_reference(truth, scan, *reading)
    say_assumed(reference.read, talk)
    if reference.note:
        talk.note(f"Note: no comparison with an object. {reference.note}")
    if reference.scan is not None and reconstruction.origin is None:
        talk.note(f"{reconstruction.name} does not say where it lies (origin): it is not compared with the patterns.")
    evaluation = evaluate_one(reconstruction, reference.truth, reference.scan, region, low_pass)
    if not evaluation.figures:
        raise ValueError(
            f"{truth} must hold an object, or RECON an origin to be compared with patterns. "
            f"Received: neither. Give a known object or another reconstruction as TRUTH."
        )
    facts = {"reconstruction": str(recon), "truth": str(truth), "scan": scan and str(scan),
             "low_pass_px": low_pass, **record(evaluation)}  # fmt: skip
    html = html_or_none(
        page_of_evaluation, (evaluation, reconstruction, reference.truth, reference.scan), facts, report, talk
    )
    write_results(output_dir, tables_of(evaluation, facts), drawings_of(evaluation, html), failed(talk))
    if as_json:
        talk.result(json.dumps(facts, indent=2))
        return
    if evaluation.score is not None:
        height, width = evaluation.score.truth.shape
        talk.note(f"{reconstruction.name} against {reference.truth.name}: {height} x {width} pixels")
    for line in table_of_one(evaluation):
        talk.result(line)


def tables_of(evaluation, facts):
    """Return the figures and curves of an evaluation: dict from a file's name to a function of the path, or None."""
    from ptychopinn.evaluation import tables

    known = evaluation.score is not None
    return {
        "evaluation.csv": lambda path: tables.write_figures(path, [evaluation]),
        "curves.csv": (lambda path: tables.write_curves(path, [evaluation])) if known else None,
        JSON: lambda path: tables.write_json(path, facts),
    }


def drawings_of(evaluation, html):
    """Return the pictures and the page of an evaluation: dict from a file's name to a function that makes its bytes."""
    from ptychopinn.report.page import PAGE
    from ptychopinn.report.score_pictures import curves_of_one, panels, png

    score = evaluation.score
    return {
        "curves.png": score and (lambda: png(curves_of_one(score))),
        "comparison.png": score and (lambda: png(panels({"reconstruction": score}, difference=True))),
        PAGE: html and html.encode,
    }
