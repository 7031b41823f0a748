"""ptycho compare: several reconstructions of one scan side by side."""

import json
import pathlib

import click

from ptychopinn_cli.common import check_writable, command
from ptychopinn_cli.evaluate import judging_options
from ptychopinn_cli.options import config_option
from ptychopinn_cli.pages import html_or_none, report_option

JSON = "compare.json"


@click.command(short_help="Put several reconstructions of one scan side by side.")
@click.argument("reconstructions", metavar="RECON...", nargs=-1, required=True,
                type=click.Path(path_type=pathlib.Path))  # fmt: skip
@click.option("--truth", type=click.Path(path_type=pathlib.Path),
              help="Known object, or a scan that holds it; without it the first RECON is the reference.")  # fmt: skip
@click.option("--names", help="Names of the reconstructions, with commas between them.")
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="compare", show_default=True,
              help="Folder of the figures, curves and pictures.")  # fmt: skip
@judging_options
@report_option
@config_option
@command
def compare(reconstructions, truth, names, output_dir, scan, region, low_pass, as_json, report, talk, backend):
    """Compare reconstructions RECON of one scan, of this program or others, on the pixels that all of them share.

    Example: ptycho compare out lsqml.npz --truth scan.npz --names network,iterative
    """
    names = names_of(reconstructions, names)
    if len(reconstructions) + (truth is not None) < 2:
        raise click.UsageError(
            f"compare needs two reconstructions, or one and --truth. Received: {reconstructions[0]} alone. Add another."
        )
    from ptychopinn.evaluation.judgement import judge, judge_all, read_reference
    from ptychopinn.evaluation.tables import record, table_of_many
    from ptychopinn.files import write_together
    from ptychopinn.formats import read_reconstruction
    from ptychopinn.report.judgement import page_of_comparison
    from ptychopinn.report.page import PAGE

    compared = {name: read_reconstruction(path) for name, path in zip(names, reconstructions)}
    known, measured = read_reference(truth, scan)
    if truth is not None and known is None:
        raise ValueError(f"{truth} must hold an object. Received: a scan without one. Give it as --scan instead.")
    reference = names[0] if known is None else "truth"
    if known is None:
        known = compared.pop(names[0])
    judgements = judge_all(compared, known, measured, region, low_pass)
    if truth is None and measured is not None:
        judgements.insert(0, judge(known, None, measured, name=names[0]))
    facts = {"reference": reference, "truth": truth and str(truth), "scan": scan and str(scan), "low_pass_px": low_pass,
             "reconstructions": [record(one) for one in judgements]}  # fmt: skip
    check_writable(output_dir)
    html = html_or_none(page_of_comparison, (judgements, reference, known.origin), facts, report, talk)
    write_together(output_dir, writers_of(judgements, facts, html), last=JSON)
    if html is None:
        (output_dir / PAGE).unlink(missing_ok=True)  # of an earlier comparison
    if as_json:
        talk.result(json.dumps(facts, indent=2))
        return
    height, width = judgements[-1].score.truth.shape
    talk.note(f"Against {truth or reference}: {height} x {width} pixels.")
    for line in table_of_many(judgements):
        talk.result(line)


def names_of(paths, names):
    """Return a name for each reconstruction: the user's, or the file's or its folder's, made different."""
    if names is not None:
        given = [name.strip() for name in names.split(",")]
        if len(given) != len(paths) or len(set(given)) != len(given) or not all(given):
            raise click.UsageError(
                f"--names must be {len(paths)} different names with commas between them. Received: {names}. "
                "Give one a reconstruction."
            )
        return given
    short = [path.stem if path.stem != "reconstruction" else path.absolute().parent.name for path in paths]
    for names in (short, [str(path) for path in paths]):
        if len(set(names)) == len(names):
            return names
    raise click.UsageError(
        f"compare needs different files. Received: {', '.join(names)}. Leave out what is there twice, or give --names."
    )


def writers_of(judgements, facts, html):
    """Return the files of a comparison: dict from name to a function of the path."""
    from ptychopinn.evaluation import pictures, tables
    from ptychopinn.report.page import page_writer

    scores = {one.name: one.score for one in judgements if one.score is not None}
    return {
        "compare.csv": lambda path: tables.write_figures(path, judgements),
        "curves.csv": lambda path: tables.write_curves(path, judgements),
        "curves.png": pictures.curves_of_many(scores).savefig,
        "comparison.png": pictures.panels(scores, facts["reference"]).savefig,
        JSON: lambda path: tables.write_json(path, facts),
        **page_writer(html),
    }
