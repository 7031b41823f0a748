"""Quality against time: the same patterns given to our network and to pty-chi, scored alike.

Our network is trained on one half of an object; all are tested on the other half, which it never saw. pty-chi runs in
an environment of its own (`pip install ptychi`), given by its Python. See `--help`.
"""

import dataclasses
import datetime
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

import click
import machine
from markdown_tables import table

PTYCHI = pathlib.Path(__file__).with_name("peer_ptychi.py")
COLUMNS = {"nrmse_complex": "complex error", "ssim_amplitude": "amplitude SSIM", "frc_area_complex": "FRC area",
           "alone_s": "reconstruction, s", "wall_s": "whole program, s", "cpu_s": "its CPU, s",
           "training_s": "trained before, s"}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Peer:
    """An algorithm of pty-chi, and how often it goes through the patterns."""

    name: str
    algorithm: str
    epochs: tuple


PEERS = (Peer("pty-chi LSQ-ML", "LSQML", (5, 20, 100)), Peer("pty-chi ePIE", "EPIE", (5, 20, 100)))


@click.command(context_settings={"max_content_width": 100})
@click.option("--train", "training", type=click.Path(exists=True, dir_okay=False, path_type=pathlib.Path),
              help="Scan to train on; simulated if not given.")  # fmt: skip
@click.option("--test", "testing", type=click.Path(exists=True, dir_okay=False, path_type=pathlib.Path),
              help="Scan to reconstruct: counts and object, PtychoPINN's NPZ; simulated if not given.")  # fmt: skip
@click.option("--ptychi", type=click.Path(exists=True, dir_okay=False), help="Python of pty-chi's environment.")
@click.option("--object", "drawn", default="lines", show_default=True, help="Object to simulate (ptycho simulate).")
@click.option("--photons", default=1e5, show_default=True, help="Photons per pattern to simulate.")
@click.option("--epochs", default=10, show_default=True, help="Passes of our training.")
@click.option("--seed", default=0, show_default=True)
@click.option("--refine-probe/--fix-probe", default=False, show_default=True, help="Whether pty-chi refines the probe.")
@click.option("--quick", is_flag=True, help="Simulate little, train one epoch, and let pty-chi pass twice.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), default="peers.md", show_default=True
)
def main(training, testing, ptychi, output, **options):
    """Write one table of quality against time for one scan.

    Example: python benchmarks/peers.py --ptychi ~/ptychi-env/bin/python --object dead_leaves
    """
    if (training is None) != (testing is None):
        raise click.UsageError("--train and --test go together. Received: one of them.")
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if training is None:
            training, testing = simulate(folder, options)
        rows |= measure_ours(folder, training, testing, options)
        if ptychi:
            rows |= measure_ptychi(folder, testing, ptychi, options)
        else:
            click.echo("pty-chi: left out, it needs --ptychi.", err=True)
    report = {"date": datetime.date.today().isoformat(), "device": machine.processor(), "cores": machine.cores(),
              "options": options, "rows": rows}  # fmt: skip
    output.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n")
    output.write_text(markdown(report) + "\n")
    click.echo(markdown(report))


def simulate(folder, options):
    """Simulate the two halves of one object: paths of the scan to train on and of the one to test on."""
    side, step = (256, 8) if options["quick"] else (392, 5)
    run(["ptycho", "simulate", folder / "scan.npz", "--object", options["drawn"], "--object-size", side,
         "--step", step, "--photons", options["photons"], "--probe", "gaussian", "--gaussian-curvature", "2",
         "--seed", options["seed"], "--train-fraction", "0.6"])  # fmt: skip
    return folder / "scan-train.npz", folder / "scan-test.npz"


def measure_ours(folder, training, testing, options):
    """Train, then reconstruct the test scan with the command.

    All that made the object which is scored counts, passes over the scan too; as with pty-chi, opening files does not.
    """
    epochs = 1 if options["quick"] else options["epochs"]
    trained = run(["ptycho", "train", training, "--output-dir", folder / "run", "--epochs", epochs,
                   "--seed", options["seed"], "--quiet", "--no-report"])  # fmt: skip
    spent = run(["ptycho", "infer", folder / "run", testing, "--output-dir", folder / "ours", "--quiet", "--no-report"])
    del spent["stdout"]
    seconds = json.loads((folder / "ours" / "report.json").read_text())["seconds"]
    spent["alone_s"] = round(sum(took for part, took in seconds.items() if part != "open"), 2)
    name = f"ptychopinn, {epochs} epoch{'s' * (epochs > 1)} on the other half"
    return {name: {**scored(folder / "ours", testing), **spent, "training_s": trained["wall_s"]}}


def measure_ptychi(folder, testing, python, options):
    """Reconstruct the test scan with every algorithm and number of passes of `PEERS`."""
    rows = {}
    for peer in PEERS:
        for epochs in (2,) if options["quick"] else peer.epochs:
            out = folder / f"{peer.algorithm}-{epochs}.npz"
            task = {"scan": str(testing), "out": str(out), "algorithm": peer.algorithm, "epochs": epochs,
                    "batch_size": 64, "threads": machine.cores(), "device": "cpu",
                    "refine_probe": options["refine_probe"]}  # fmt: skip
            said = run([python, PTYCHI, json.dumps(task)])
            alone = json.loads(said.pop("stdout").splitlines()[-1])["seconds"]
            rows[f"{peer.name}, {epochs} epochs"] = {**scored(out, testing), **said, "alone_s": round(alone, 2)}
            click.echo(f"{peer.name}, {epochs} epochs: {alone:.1f} s", err=True)
    return rows


def scored(reconstruction, testing):
    """Score a reconstruction against the object of the test scan: dict of figures."""
    from ptychopinn.evaluation.against_truth import score
    from ptychopinn.formats import read_reconstruction

    figures = score(read_reconstruction(reconstruction), read_reconstruction(testing)).figures
    return {name: round(figures[name], 4) for name in COLUMNS if name in figures}


def run(command):
    """Run a command; return its wall and CPU seconds and what it wrote. Its last words are the error if it fails."""
    command = [str(word) for word in command]
    command[0] = shutil.which(command[0], path=os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]))
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    if done.returncode:
        raise click.ClickException(f"{' '.join(command[:3])} must end well. Received: {done.stderr.strip()[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "stdout": done.stdout}


def markdown(report):
    """Write the table."""
    lines = [
        f"{report['date']}; {report['device']}, {report['cores']} cores. Reconstruction: patterns in memory to object; "
        "whole program: from the start of Python to the files.",
        "",
        table("", COLUMNS, report["rows"], lambda row, key: f"{row[key]:.3g}"),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
