"""The page that a command writes beside its results."""

import datetime
import importlib.metadata
import shlex
import sys
import traceback

import click

from ptychopinn_cli.errors import line_of

SAME = 1e-5
"""By how much the agreement of a probe with itself may fall short of 1."""


def report_option(function):
    """Add `--report`."""
    words = "Write report.html: pictures, fit, curves and options on one page."
    return click.option("--report/--no-report", default=True, show_default=True, help=words)(function)


def made_or_noted(make, what, talk):
    """Return `make()`, or `None` with a note: a result is not lost because a part of its report cannot be made."""
    from ptychopinn.report.writing import attempt

    return attempt(make, what, failed(talk))


def failed(talk):
    """Return the function that says what could not be made or written, and why."""

    def say(what, error):
        talk.note(f"Note: no {what}. {line_of(error)}")
        if talk.verbose:
            talk.note("".join(traceback.format_exception(error)))

    return say


def command_facts(**more):
    """Return what was typed, and when, for the page's table of facts."""
    now = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    return {"command": shlex.join(["ptycho", *sys.argv[1:]]), "date": now, **more}


def html_or_none(page_of, arguments, record, wanted, talk):
    """Return the page of an evaluation or a comparison as HTML; `None` if it is not wanted, or cannot be made.

    Args:
        page_of: function of the arguments and of the page's facts.
        arguments: tuple.
        record: dict: what the command writes as JSON.
        wanted: bool.
        talk: Talk.
    """
    if not wanted:
        return None
    from ptychopinn.report.page import PAGE, render

    packages = ("ptychopinn", "numpy", "scipy", "scikit-image")
    facts = {
        "Command": command_facts(),
        "Settings": {name: value for name, value in record.items() if not holds_figures(value)},
        "Versions": {name: importlib.metadata.version(name) for name in packages},
    }
    return made_or_noted(lambda: render(page_of(*arguments, facts)), PAGE, talk)


def holds_figures(value):
    """Tell whether a value of a record is a table of its own."""
    return isinstance(value, dict) or isinstance(value, list) and any(isinstance(one, dict) for one in value)


def page_of(bundle, reconstruction, scan, facts, **more):
    """Return the page of an object, as HTML.

    Args:
        bundle: Bundle that it was made with, or None.
        reconstruction: Reconstruction.
        scan: Scan.
        facts: dict of tables, which those of the bundle follow.
        more: further arguments of `Run`.
    """
    from ptychopinn.physics.probes import agreement
    from ptychopinn.report.page import render
    from ptychopinn.report.run import Run, page_of_run

    first = None if agreement(reconstruction.probe, scan.probe) > 1 - SAME else scan.probe
    history = [] if bundle is None else bundle.history
    facts = facts if bundle is None else facts | facts_of(bundle)
    run = Run(reconstruction=reconstruction, scan=scan, history=history, facts=facts, first_probe=first, **more)
    return render(page_of_run(run))


def facts_of(bundle):
    """Return what a bundle says of itself, as tables of facts; a card says how it was trained, if it has one."""
    record = bundle.record
    if bundle.card:
        trained = {"The network": bundle.card}
    else:
        trained = {"Loss": record["loss"], "Grouping": record["data"], "Training": record["training"]}
    return {
        **{f"Trained on, scan {n}" if n > 1 else "Trained on": one for n, one in enumerate(record["training_data"], 1)},
        **({"Started from the bundle": record["from_bundle"]} if record["from_bundle"] else {}),
        "Model": record["model"],
        **trained,
        "Versions of the training": record["written_by"]["versions"],
    }
