"""Time to quality: how long the passes without training, and pty-chi, take to come as near to the truth.

Each is kept to one core and counts the seconds of its processor, reading and writing of files left out. Ours are from
the call to the object, compiling too, in a fresh process for each number of passes; pty-chi's are those of its epochs
alone. It runs in an environment of its own (`pip install ptychi`), given by its Python. See `--help`.
"""

import dataclasses
import datetime
import json
import os
import pathlib
import sys
import tempfile

import click
import machine
import quality_rows
from markdown_tables import table
from peers import run

PTYCHI, OURS = (pathlib.Path(__file__).with_name(name) for name in ("peer_ptychi.py", "timed_engine.py"))
NEAR = 1.02
"""Both are timed until their error is this much of the peer's lowest: its last epochs may gain nothing."""

LADDER = (4, 8, 16)
"""Passes of ours to begin with, besides all; those between are bisected."""

COLUMNS = {"best": "pty-chi's best", "peer_error": "its error", "peer_s": "s to its end", "error": "our error",
           "seconds": "s to our end", "once_s": "of these once", "kept": "passes kept",
           "error_ratio": "our error / its", "peer_near_s": "pty-chi, s to that quality",
           "near_s": "ours, s to it", "time_ratio": "our time / its"}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Peer:
    """An algorithm of pty-chi, and the epochs after which it is looked at."""

    algorithm: str
    batch_size: int
    epochs: tuple


PEERS = {
    "LSQ-ML": Peer("LSQML", 64, (2, 5, 10, 15, 25, 35, 50, 75, 100)),
    "rPIE": Peer("RPIE", 8, (2, 5, 10, 15, 20, 30, 40, 60, 80)),
}


@click.command(context_settings={"max_content_width": 100}, help=__doc__ + "\n\n\b\n" + "\n".join(
    ["Rows:", *(f"  {row.name}" for row in quality_rows.ROWS)]))  # fmt: skip
@click.option("--ptychi", type=click.Path(exists=True, dir_okay=False), help="Python of pty-chi's environment.")
@click.option("--rows", "patterns", multiple=True, metavar="NAME", help="A row, or shell pattern of them; all if none.")
@click.option("--passes", type=click.IntRange(min=1), help="Of ours, at most.  [default: the package's]")
@click.option("--backend", type=click.Choice(machine.BACKENDS), default="jax", show_default=True, help="Of ours.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--quick", is_flag=True, help="One small row, few passes and epochs: to see that it runs.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), default="time_to_quality.md",
              show_default=True, help="Table; JSON with every number of passes and epochs goes beside it.")  # fmt: skip
def main(patterns, output, **options):
    """Write one table of time to quality, a row a scan."""
    rows = [quality_rows.QUICK] if options["quick"] else quality_rows.chosen(patterns)
    if not rows:
        raise click.UsageError(f"--rows must name some of the rows, see --help. Received: {', '.join(patterns)}.")
    os.environ.update(machine.environment(options["backend"], "cpu"), OMP_NUM_THREADS="1")
    report = {"date": datetime.date.today().isoformat(), "device": machine.processor(),
              "kept_to_one_core": machine.keep_to(1), "options": options, "versions": {}, "rows": {}}  # fmt: skip
    if not options["ptychi"]:
        click.echo("pty-chi: left out, it needs --ptychi.", err=True)
    for row in rows:
        with tempfile.TemporaryDirectory() as folder:
            report["rows"][row.name] = measure(row, pathlib.Path(folder), options, report["versions"])
        output.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n")
        output.write_text(markdown(report) + "\n")
    click.echo(markdown(report))


def measure(row, folder, options, versions):
    """Measure both on the scan of a row: dict of the figures of `COLUMNS`, and of every run; versions are noted."""
    from ptychopinn.formats import ptychopinn_npz

    scan = quality_rows.simulate(row, options["seed"])
    ptychopinn_npz.write(folder / "scan.npz", scan)
    peers = measure_ptychi(row, scan, folder, options, versions) if options["ptychi"] else []
    target = NEAR * min(peers, key=lambda one: one["error"])["error"] if peers else None
    ours = measure_ours(row, folder, options, target, versions)
    return {**figures(peers, ours, target), "patterns": len(scan), "target": target, "peers": peers, "ours": ours}


def measure_ptychi(row, scan, folder, options, versions):
    """Run every algorithm of `PEERS`: list of dicts of `name`, `epochs`, `seconds` and `error`, one a look."""
    from timed_engine import error

    from ptychopinn.formats import read_reconstruction

    found = []
    for name, peer in PEERS.items():
        epochs = [1, 2] if options["quick"] else list(peer.epochs)
        task = {"scan": str(folder / "scan.npz"), "out": str(folder / f"{peer.algorithm}.npz"), "device": "cpu",
                "algorithm": peer.algorithm, "epochs": epochs, "batch_size": peer.batch_size, "threads": 1,
                "refine_probe": row.moves_probe, "seed": options["seed"]}  # fmt: skip
        said = json.loads(run([options["ptychi"], PTYCHI, json.dumps(task)])["stdout"].splitlines()[-1])
        versions |= {name if name == "ptychi" else f"its {name}": text for name, text in said["versions"].items()}
        for count, seconds in zip(epochs, said["cpu_s"]):
            made = read_reconstruction(folder / f"{peer.algorithm}-{count}.npz")
            found.append({"name": name, "epochs": count, "seconds": seconds, "error": error(made, scan)})
        click.echo(f"{row.name}: {name}, {seconds:.1f} s, error {found[-1]['error']:.4f}", err=True)
    return found


def measure_ours(row, folder, options, target, versions):
    """Reconstruct with ever other numbers of passes: list of what `timed_engine.py` says, the most passes first."""
    runs = {}

    def error_of(passes):
        task = {"scan": str(folder / "scan.npz"), "passes": passes, "refine_probe": row.moves_probe}
        said = json.loads(run([sys.executable, OURS, json.dumps(task)])["stdout"].splitlines()[-1])
        versions.update(said.pop("versions"))
        runs[said["passes"]] = said
        click.echo(
            f"{row.name}: ours, {said['made']} passes, {said['seconds']:.1f} s, error {said['error']:.4f}", err=True
        )
        return said["error"]

    error_of(2 if options["quick"] else options["passes"])
    most = max(runs)
    for passes in (1,) if options["quick"] else LADDER:
        if passes < runs[most]["made"]:
            error_of(passes)
    hits = [passes for passes, said in runs.items() if target is not None and said["error"] <= target]
    if hits:
        high = min(min(hits), runs[min(hits)]["made"])
        low = max((passes for passes in runs if passes < high), default=0)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if error_of(middle) <= target else (middle, high)
    return list(runs.values())


def figures(peers, ours, target):
    """Return the figures of `COLUMNS` that there are."""
    end = ours[0]
    found = {name: end[name] for name in ("error", "seconds", "once_s", "kept") if end[name] is not None}
    if peers:
        best = min(peers, key=lambda one: one["error"])
        found |= {"best": f"{best['name']}, {best['epochs']} epochs", "peer_error": best["error"],
                  "peer_s": best["seconds"], "error_ratio": end["error"] / best["error"],
                  "peer_near_s": least_seconds(peers, target)}  # fmt: skip
        near = least_seconds(ours, target)
        found |= {} if near is None else {"near_s": near, "time_ratio": near / found["peer_near_s"]}
    return found


def least_seconds(runs, target):
    """Return the least seconds of the runs that reach an error; None if none does."""
    return min((one["seconds"] for one in runs if one["error"] <= target), default=None)


def markdown(report):
    """Write the table."""
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    cores = "one core" if report["kept_to_one_core"] else "one thread each, not kept to a core"
    lines = [
        f"{report['date']}; {report['device']}, {cores}; {versions}.",
        "",
        "Seconds are of the processor, the complex error is that inside the scan's box. That quality: "
        f"{NEAR:g} of the lowest error of pty-chi, by the algorithm that comes there first; - where ours does not.",
        "",
        table("row", COLUMNS, report["rows"], lambda row, key: cell(row[key])),
    ]
    return "\n".join(lines)


def cell(value):
    """Write a figure, or words as they are."""
    return value if isinstance(value, str) else f"{value:.3g}"


if __name__ == "__main__":
    main()
