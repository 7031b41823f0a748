"""ptycho evaluate: score a reconstruction against truth, another reconstruction, or the patterns."""

import functools
import json
import pathlib

import click

from ptychopinn_cli.common import check_there, check_writable, command
from ptychopinn_cli.config import config_option
from ptychopinn_cli.errors import line_of
from ptychopinn_cli.options import Number
from ptychopinn_cli.pages import html_or_none, made_or_noted, report_option

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
    return function


@click.command(short_help="Score a reconstruction against truth or another one.")
@click.argument("recon", metavar="RECON", type=click.Path(path_type=pathlib.Path))
@click.argument("truth", type=click.Path(path_type=pathlib.Path))
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="eval", show_default=True,
              help="Folder of the figures, curves and pictures.")  # fmt: skip
@evaluation_options
@report_option
@config_option
@command
def evaluate(recon, truth, output_dir, scan, region, low_pass, as_json, report, talk):
    """Score RECON, registered, against TRUTH: a known object, another reconstruction, or a scan.

    Example: ptycho evaluate out scan.npz --output-dir eval
    """
    check_there("A reconstruction", "file or a folder", recon, truth)
    check_there("A scan", "file", scan)
    check_writable(output_dir)
    from ptychopinn.evaluation.evaluate import evaluate_one
    from ptychopinn.evaluation.reference import read_reference
    from ptychopinn.evaluation.tables import record, table_of_one
    from ptychopinn.formats import read_reconstruction
    from ptychopinn.report.evaluation_page import page_of_evaluation

    reconstruction = read_reconstruction(recon)
    reference = read_reference(truth, scan)
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
    write_evaluation(output_dir, tables_of(evaluation, facts), drawings_of(evaluation, html), talk)
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


def write_evaluation(folder, tables, drawings, talk):
    """Write tables, and pictures and page beside them, which fail alone; what an earlier evaluation left goes away.

    Args:
        folder: path.
        tables: dict from a file's name to a function that writes to the path that it is given, or None: no such file.
        drawings: dict from a file's name to a function that returns bytes, or None.
        talk: Talk.
    """
    from ptychopinn.files import write_together

    pictures = {name: make and made_or_noted(make, name, talk) for name, make in drawings.items()}
    pictures = {name: content and functools.partial(write_bytes, content) for name, content in pictures.items()}
    known = [*tables, *drawings]
    try:
        write_together(folder, existing(tables | pictures), known)
    except OSError as error:
        talk.note(f"Note: no pictures and no page. {line_of(error)}")
        write_together(folder, existing(tables), known)


def existing(writers):
    """Leave out the files that there shall not be."""
    return {name: write for name, write in writers.items() if write is not None}


def write_bytes(content, path):
    """Write bytes to a path."""
    path.write_bytes(content)
