"""Compare the backends on one simulated scan: training, prediction, stitching, and from the file to the object.

Each backend, and each repeat, has a fresh process; repeats take turns (A B C A B C ...). See `--help`.
"""

import dataclasses
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

import click
import machine
from markdown_tables import last_line, markdown, summary
from shares import with_shares

from ptychopinn.simulation import objects, probes, scans

PEER = "plain PyTorch"
WORKER = pathlib.Path(__file__).with_name("measure_backend.py")


@dataclasses.dataclass(frozen=True)
class Load:
    """How much a run does.

    Args:
        repeats: int. Processes per backend.
        size: int. Side of a pattern, in pixels.
        batch_size: int. Groups per step.
        points: int. Side of the raster, in positions.
        steps: int. Steps of an epoch.
        seconds: float. Least time that each figure is measured for, in a process.
    """

    repeats: int = 3
    size: int = 64
    batch_size: int = 16
    points: int = 24
    steps: int = 8
    seconds: float = 10.0


LOADS = {
    "cpu": Load(),
    "gpu": Load(points=64, batch_size=128, steps=16, seconds=3.0),
    "quick": Load(repeats=1, size=32, batch_size=4, points=8, steps=4, seconds=0.5),
}


class BackendNames(click.ParamType):
    """Names of backends with commas between them."""

    name = "names"

    def convert(self, value, param, ctx):
        names = value if isinstance(value, list) else value.split(",")
        unknown = [name for name in names if name not in machine.BACKENDS]
        if unknown:
            self.fail(f"must be some of {','.join(machine.BACKENDS)}. Received: {', '.join(unknown)}.", param, ctx)
        return list(dict.fromkeys(names))


def keep_to_cores(context, option, count):
    """Keep this process, and those it starts, to some cores: every backend then makes as many threads."""
    if count is not None and not machine.keep_to(count):
        raise click.BadParameter(f"must be cores of this system, if it lets a process choose. Received: {count}.")


@click.command(context_settings={"max_content_width": 100})
@click.option("--backends", "names", type=BackendNames(), default=list(machine.BACKENDS),
              help="Backends, with commas between them; those installed if not given.")  # fmt: skip
@click.option("--device", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True, help="Device.")
@click.option("--repeats", type=click.IntRange(min=1), help="Processes per backend.  [default: 3; quick: 1]")
@click.option("--size", type=click.IntRange(min=32), help="Side of a pattern, pixels.  [default: 64; quick: 32]")
@click.option("--group-side", type=click.IntRange(1, 4), default=2, show_default=True,
              help="Side g of a group of g*g patterns.")  # fmt: skip
@click.option("--batch-size", type=click.IntRange(min=1), help="Groups per step.  [default: 16; GPU: 128; quick: 4]")
@click.option("--cores", type=click.IntRange(min=1), callback=keep_to_cores, expose_value=False,
              help="Cores to use; all if not given. One is steadiest where others work too.")  # fmt: skip
@click.option("--peer/--no-peer", default=True, show_default=True, help="Measure plain PyTorch beside them.")
@click.option("--quick", is_flag=True, help="Measure little, and roughly: about a minute on two cores.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=pathlib.Path),
    help="JSON of all figures, written after each run.",
)
def main(names, device, group_side, peer, quick, output, **given):
    """Compare the backends on one simulated scan, in patterns per second.

    From the file to the object means reading, prediction, stitching and, on some backends, compilation: that is left
    out after the first batch. The peer is the same network and physics in plain PyTorch, without Keras; it counts the
    network's operations, whose share of the machine's own matrix products, measured beside, is told.

    Example: python benchmarks/compare_backends.py --backends torch,jax --device gpu --output backends.json
    """
    load = LOADS["quick" if quick else device]
    load = dataclasses.replace(load, **{name: value for name, value in given.items() if value is not None})
    rows, absent = choose_rows(names, peer)
    with tempfile.TemporaryDirectory() as folder:
        scan = write_scan(pathlib.Path(folder) / "scan.npz", load)
        task = {"device": device, "group_side": group_side, **dataclasses.asdict(load)}
        for runs, failures in run_in_turns(rows, load.repeats, {**task, "scan": str(scan)}):
            report = {**describe(task, runs), "failures": failures, "absent": absent}
            if output:
                output.write_text(json.dumps(report, indent=2) + "\n")
    click.echo(markdown(report))
    sys.exit(1 if failures else 0)


def choose_rows(names, peer):
    """Return the names of what to measure, and of the backends that are not installed."""
    present = machine.installed()
    rows, absent = ([name for name in names if (name in present) == wanted] for wanted in (True, False))
    for name in absent:
        click.echo(f"{name} is not installed: left out.", err=True)
    if not rows:
        raise click.ClickException(f"One of {', '.join(names)} must be installed. Received: none is.")
    return rows + [PEER] * (peer and "torch" in present), absent


def describe(task, runs):
    """Return what was measured, on what, with what: everything but the failures."""
    found = [run for some in runs.values() for run in some]
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "settings": {**task, "patterns": task["points"] ** 2},
        "device": found[0]["device"] if found else "no device",
        "cores": machine.cores(),
        "versions": {name: version for run in found for name, version in run["versions"].items()},
        "rows": with_shares({name: summary(some) for name, some in runs.items() if some}, PEER),
        "runs": runs,
    }


def write_scan(path, load, seed=1):
    """Simulate the scan that all backends see, and write it; return its path."""
    step = load.size / 12
    side = int(load.size + 2 + step * load.points)
    probe = probes.gaussian(load.size, width=0.14, curvature=1.5)
    positions = scans.jittered_raster((side, side), load.size, step, seed=seed)
    scan = scans.simulate(objects.lines(side, count=150, seed=seed), probe, positions, photons=1e6, seed=seed)
    scans.write_ptychopinn(path, scan)
    return path


def run_in_turns(rows, repeats, task):
    """Run every row once, then every row again.

    Yields:
        After each run, dict of lists of figures so far, and dict of what failed with its words.
    """
    runs, failures = {name: [] for name in rows}, {}
    for repeat in range(repeats):
        for name in rows:
            if name in failures:
                continue
            try:
                runs[name].append(run(name, task))
                said = f"{runs[name][-1]['training']:.1f} patterns/s in training"
            except ChildProcessError as error:
                failures[name] = str(error)
                said = f"failed: {last_line(failures[name])}"
            click.echo(f"{name}, repeat {repeat + 1} of {repeats}: {said}", err=True)
            yield runs, failures


def run(name, task):
    """Measure one row in a process of its own: dict of figures.

    Raises:
        ChildProcessError: if the process fails; its text is the end of what the process wrote.
    """
    backend = "torch" if name == PEER else name
    with tempfile.TemporaryDirectory() as folder:
        result = pathlib.Path(folder) / "result.json"
        words = json.dumps({**task, "peer": name == PEER, "result": str(result)})
        environment = machine.environment(backend, task["device"])
        done = subprocess.run([sys.executable, WORKER, words], env=environment, capture_output=True, text=True)
        if done.returncode:
            killed = f"\nended by signal {-done.returncode}" if done.returncode < 0 else ""
            raise ChildProcessError(done.stderr[-4000:].strip() + killed)
        return json.loads(result.read_text())


if __name__ == "__main__":
    main()
