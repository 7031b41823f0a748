"""ptycho compare: several reconstructions of one scan side by side."""

import json
import pathlib

import click

from ptychopinn.printable import printable
from ptychopinn_cli.common import check_scans_there, check_there, check_writable, command, say_assumed
from ptychopinn_cli.config import config_option
from ptychopinn_cli.evaluate import evaluation_options
from ptychopinn_cli.pages import failed, html_or_none, report_option
from ptychopinn_cli.reading import reading_of

JSON = "compare.json"


@click.command(short_help="Put several reconstructions of one scan side by side.")
@click.argument("reconstructions", metavar="RECON...", nargs=-1, required=True,
                type=click.Path(path_type=pathlib.Path))  # fmt: skip
@click.option("--truth", type=click.Path(path_type=pathlib.Path),
              help="Known object, or a scan that holds it; without it the first RECON is the reference.")  # fmt: skip
@click.option("--names", help="Names of the reconstructions, with commas between them.")
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="compare", show_default=True,
              help="Folder of the figures, curves and pictures.")  # fmt: skip
@evaluation_options
@report_option
@config_option
@command
def compare(reconstructions, truth, names, output_dir, scan, region, low_pass, as_json, report, talk, **options):
    """Compare reconstructions RECON of one scan, of this program or others, on the pixels that all of them share.

    Example: ptycho compare out lsqml.npz --truth scan.npz --names network,iterative
    """
    names, reading = names_of(reconstructions, names), reading_of(options)
    if len(reconstructions) + (truth is not None) < 2:
        raise click.UsageError(
            f"compare needs two reconstructions, or one and --truth. Received: {reconstructions[0]} alone. Add another."
        )
    check_there("A reconstruction", "file or a folder", *reconstructions, truth)
    check_scans_there(scan)
    check_writable(output_dir, *reconstructions, truth)
    from ptychopinn.evaluation.evaluate import evaluate_one, evaluate_together
    from ptychopinn.evaluation.reference import read_reference
    from ptychopinn.evaluation.tables import record, table_of_many
    from ptychopinn.formats import read_reconstruction
    from ptychopinn.report.evaluation_page import page_of_comparison
    from ptychopinn.report.writing import write_results

    compared = {name: read_reconstruction(path) for name, path in zip(names, reconstructions)}
    given = read_reference(truth, scan, *reading)
    say_assumed(given.read, talk)
    known, measured = given.truth, given.scan
    if truth is not None and known is None:
        why = given.note or f"{truth} must hold an object. Received: a scan without one."
        raise ValueError(f"{why} Give it as --scan instead.")
    reference = names[0] if known is None else "truth"
    if known is None:
        known = compared.pop(names[0])
    evaluations = evaluate_together(compared, known, measured, region, low_pass)
    if truth is None and measured is not None:
        evaluations.insert(0, evaluate_one(known, None, measured, name=names[0]))
    facts = {"reference": reference, "truth": truth and str(truth), "scan": scan and str(scan), "low_pass_px": low_pass,
             "reconstructions": [record(one) for one in evaluations]}  # fmt: skip
    html = html_or_none(page_of_comparison, (evaluations, reference, known.origin), facts, report, talk)
    drawings = drawings_of(evaluations, reference, html)
    write_results(output_dir, tables_of(evaluations, facts), drawings, failed(talk))
    if as_json:
        talk.result(json.dumps(facts, indent=2))
        return
    height, width = evaluations[-1].score.truth.shape
    talk.note(f"Against {truth or reference}: {height} x {width} pixels.")
    for line in table_of_many(evaluations):
        talk.result(line)


def names_of(paths, names):
    """Return a name for each reconstruction: the user's, or the file's or its folder's, made different."""
    if names is not None:
        given = [printable(name.strip()) for name in names.split(",")]
        if len(given) != len(paths) or len(set(given)) != len(given) or not all(given):
            raise click.UsageError(
                f"--names must be {len(paths)} different names with commas between them. Received: {names}. "
                "Give one a reconstruction."
            )
        return given
    short = [path.stem if path.stem != "reconstruction" else path.absolute().parent.name for path in paths]
    for names in ([printable(name) for name in some] for some in (short, map(str, paths))):
        if len(set(names)) == len(names):
            return names
    raise click.UsageError(
        f"compare needs different files. Received: {', '.join(names)}. Leave out what is there twice, or give --names."
    )


def tables_of(evaluations, facts):
    """Return the figures and curves of a comparison: dict from a file's name to a function of the path."""
    from ptychopinn.evaluation import tables

    return {
        "compare.csv": lambda path: tables.write_figures(path, evaluations),
        "curves.csv": lambda path: tables.write_curves(path, evaluations),
        JSON: lambda path: tables.write_json(path, facts),
    }


def drawings_of(evaluations, reference, html):
    """Return the pictures and the page of a comparison: dict from a file's name to a function that makes its bytes."""
    from ptychopinn.report.page import PAGE
    from ptychopinn.report.score_pictures import curves_of_many, panels, png

    scores = {one.name: one.score for one in evaluations if one.score is not None}
    return {
        "curves.png": lambda: png(curves_of_many(scores)),
        "comparison.png": lambda: png(panels(scores, reference)),
        PAGE: html and html.encode,
    }
