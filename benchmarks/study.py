"""Run one study of what limits quality; `experiments.md` keeps what they gave. See `--help`."""

import json
import os
import pathlib

import click
from markdown_tables import table
from questions import STUDIES
from trial import COSTS, FIGURES

BASE = {"object": "lines", "object_size": 392, "size": 64, "probe": "disc", "photons": 1e9, "scan": "jittered"}
QUICK = {"object_size": 160}
EPOCHS = 8
HEADINGS = {**FIGURES, "rank": "rank correlation with the error", "ratio": "error / standard error", **COSTS,
            "parameters": "weights"}  # fmt: skip


@click.command(context_settings={"max_content_width": 100}, help=__doc__ + "\n\n\b\n" + "\n".join(
    f"{name:12}{study.__doc__}" for name, study in STUDIES.items()))  # fmt: skip
@click.argument("name", metavar="STUDY", type=click.Choice(list(STUDIES)))
@click.option("--set", "chosen", multiple=True, metavar="NAME=VALUE", help="An option of simulate or train.")
@click.option("--epochs", type=click.IntRange(min=1), default=EPOCHS, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--quick", is_flag=True, help="Small and soon: to see that it runs.")
@click.option("--backend", type=click.Choice(["torch", "tensorflow", "jax"]), default="torch", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), help="JSON Lines; a row a trial.")
def main(name, chosen, epochs, seed, quick, backend, output):
    """Run one study and write its table."""
    os.environ["KERAS_BACKEND"] = backend
    from ptychopinn.simulation import params

    settings = dict(read_setting(words) for words in chosen)
    kinds = params.ObjectParams, params.ProbeParams, params.PositionParams, params.DetectorParams
    simulated = {field for kind in kinds for field in kind.__dataclass_fields__}
    study = {"simulate": BASE | (QUICK if quick else {}), "train": {}, "epochs": epochs, "seed": seed, "quick": quick}
    for key, value in settings.items():
        study["simulate" if key in simulated else "train"][key] = value
    rows = {}
    try:
        for row, figures in STUDIES[name](study):
            rows[row] = figures
            click.echo(f"{row}: {figures}", err=True)
            if output:
                with output.open("a") as file:
                    file.write(json.dumps({"study": name, "row": row, **figures, "chosen": settings}) + "\n")
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(markdown(rows))


def read_setting(words):
    """Read `name=value`: the value as JSON, else as text."""
    name, _, value = words.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def markdown(rows):
    """Write the table of a study."""
    return table("", HEADINGS, rows, lambda row, key: f"{row[key]:,.0f}" if row[key] > 1e3 else f"{row[key]:.3g}")


if __name__ == "__main__":
    main()
