"""ptycho inspect: say what a scan or a bundle holds."""

import json
import os
import pathlib

import click

from ptychopinn.params import ExecutionParams
from ptychopinn.preparation.params import Preparation
from ptychopinn.printable import printable
from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.bundles import BundlePath
from ptychopinn_cli.common import check_scans_there, command, losses_in_words
from ptychopinn_cli.diagnosis import facts_of_scan, scan_in_words
from ptychopinn_cli.jobs import given
from ptychopinn_cli.options import collect, params_options, user_fields


@click.command(short_help="Say what a scan file or a bundle holds.")
@click.argument("path", type=BundlePath(path_type=pathlib.Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON: numbers, with their units in their names.")
@click.option(
    "--trials/--no-trials",
    default=True,
    show_default=True,
    help="Whether orientation, signs, angle, scale and delay of a scan are tried, which takes seconds.",
)
@click.option(
    "--forecast",
    is_flag=True,
    help="Foretell resolution and error of a scan as it is, and at twice and four times the dose, by some seconds of "
    "passes over few of its patterns. This alone needs a backend.",
)
@click.option("--report", type=click.Path(path_type=pathlib.Path), help="Page (HTML) of a scan to write.")
@params_options(Preparation)
@command
@click.pass_context
def inspect(context, path, as_json, trials, forecast, report, talk, backend, **options):
    """Say what PATH, a scan file or a bundle, holds; of a scan, what is wrong with it, and what reconstructs it.

    Example: ptycho inspect scan.npz --forecast
    """
    preparation = collect(Preparation, options)
    refuse_idle_backend(backend, forecast)
    check_scans_there(path)
    if path.is_dir() and (path / "params.json").exists():
        refuse_preparation(context)
        facts, in_words = facts_of_bundle(path), bundle_in_words
    else:
        if forecast:
            backends.use(backend, ExecutionParams())
        facts, in_words = examined(path, preparation, trials, forecast, report, talk), scan_in_words
    if as_json:
        talk.result(json.dumps(facts, indent=2))
        return
    lines = in_words(facts)
    width = max(map(len, lines))
    for name, value in lines.items():
        talk.result(f"{name:{width}}  {value}")


def refuse_preparation(context):
    """Raise a usage error where options that prepare a scan are given for a bundle."""
    said = given(context, ["trials", "forecast", "report", *(field.name for field in user_fields(Preparation))])
    if said:
        raise click.UsageError(
            f"A bundle holds no scan to prepare. Received: {', '.join(said)}. Leave them out, or give a scan file."
        )


def refuse_idle_backend(backend, forecast):
    """Raise a usage error where a backend is named, and nothing uses it."""
    if backend and not forecast:
        raise click.UsageError(
            f"inspect must be asked without a backend: it uses none without --forecast. Received: --backend {backend}. "
            "Leave it out."
        )


def examined(path, preparation, trials, forecast, report, talk):
    """Examine a scan, write the page that is asked for, and return the facts, for JSON."""
    from ptychopinn.doctor.examine import examine

    diagnosis = examine(path, preparation, trials)
    foretold = foretold_of(diagnosis) if forecast else None
    if report is not None:
        from ptychopinn.report.doctor_page import write_page

        write_page(report, diagnosis, foretold)
        talk.note(f"Wrote {report}.")
    return facts_of_scan(diagnosis, foretold)


def foretold_of(diagnosis):
    """Foretell, by few of its patterns, what a scan will resolve as it is corrected."""
    from ptychopinn.evaluation.enough import enough
    from ptychopinn.formats import read_scan
    from ptychopinn.reconstruction.params import ReconstructionParams

    scan = diagnosis.corrected_scan or read_scan(diagnosis.path, preparation=diagnosis.preparation)
    return enough(scan, ReconstructionParams(**diagnosis.reconstruction))


def facts_of_bundle(path):
    """Return the facts of a bundle, for JSON, without opening its model."""
    os.environ.setdefault("KERAS_BACKEND", next(iter(backends.installed()), "torch"))
    from ptychopinn.training.record import HISTORY, read_card, read_history, read_record

    record, history = read_record(path), read_history(path / HISTORY)
    return {
        "bundle": printable(path),
        "format_version": record["format_version"],
        "trained_on": record["training_data"],
        "written_by": record["written_by"],
        "from_bundle": record["from_bundle"],
        "model": record["model"],
        "loss": record["loss"],
        "data": record["data"],
        "training": record["training"],
        "epochs": len(history),
        "last_epoch": history[-1] if history else None,
        "card": read_card(path),
    }


def bundle_in_words(facts):
    """Return the facts of a bundle as lines of text, by their names."""
    origin = facts["from_bundle"]
    lines = {
        "bundle": facts["bundle"],
        "format": facts["format_version"],
        "trained on": "; ".join(map(data_in_words, facts["trained_on"])) or "scans whose probes it does not keep",
        **{what.lower(): words for what, words in facts["card"].items()},
        "written by": f"{facts['written_by']['backend']}, {facts['written_by']['versions']}",
    }
    if origin:
        lines["from bundle"] = f"{origin['path']}, SHA-256 {origin['sha256'][:12]}"
    lines |= {name.replace("_", " "): value for name, value in facts["model"].items()}
    if facts["last_epoch"]:
        lines["training"] = f"{facts['epochs']} epochs, {losses_in_words(facts['last_epoch'])}"
    return lines


def data_in_words(one):
    """Return what a bundle says of a scan trained on."""
    return f"{one['name']}, shape {tuple(one['shape'])}, SHA-256 {one['sha256'][:12]}"
