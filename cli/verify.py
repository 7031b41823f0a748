"""ptycho verify: say whether a result is still what its receipt says."""

import dataclasses
import json
import pathlib

import click

from ptychopinn_cli.common import check_scans_there, check_there, command

DIFFERS = 3
"""Exit code where something does not agree."""

MARKS = {True: "agrees", False: "DIFFERS", None: "unknown"}


@click.command(short_help="Say whether a result is still what its receipt says.")
@click.argument("out", type=click.Path(path_type=pathlib.Path))
@click.option("--data", type=click.Path(path_type=pathlib.Path), help="The scan, where it is not where it was.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command
@click.pass_context
def verify(context, out, data, as_json, talk):
    """Verify OUT, a folder that reconstruct or infer wrote, by the receipt in its report.json.

    Checksums of files that went in and came out are compared; R-factor and deviance, also of the photons held out, are
    computed again from the arrays and the scan, without a backend. Exits with 0 if all agrees, with 3 if anything does
    not.

    Example: ptycho verify out
    """
    check_there("A result", "folder", out)
    check_scans_there(data)
    from ptychopinn.evaluation.verify import verify as verified

    checks = verified(out, data)
    wrong = sum(one.agrees is False for one in checks)
    if as_json:
        talk.result(json.dumps([dataclasses.asdict(one) for one in checks], indent=2))
    else:
        for one in checks:
            talk.result(f"{MARKS[one.agrees]}  {one.what}: {one.words}")
        talk.result(f"{out}: {wrong} of {len(checks)} differ" if wrong else f"{out}: all agrees")
    if wrong:
        context.exit(DIFFERS)
