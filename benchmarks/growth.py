"""How commands grow with a scan: seconds and memory from the command to its result, for more and more patterns.

Each run is a fresh process. See `--help`.
"""

import datetime
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import click
import machine
from markdown_tables import brief, table

COMMANDS = {
    "inspect": ("inspect", "--no-trials"),
    "reconstruct, 8 passes": ("reconstruct", "--passes", "8", "--no-report"),
    "infer, the shipped network alone": ("infer", "--passes", "0", "--no-report"),
}


class Counts(click.ParamType):
    """Numbers of patterns with commas between them."""

    name = "counts"

    def convert(self, value, param, ctx):
        """Return the numbers, in their order."""
        try:
            return sorted(int(word) for word in value.split(","))
        except ValueError:
            self.fail(f"must be whole numbers with commas between them. Received: {value}.", param, ctx)


@click.command(context_settings={"max_content_width": 100})
@click.option("--patterns", "counts", type=Counts(), default="1000,10000,100000", show_default=True,
              help="Patterns of the scans, nearly.")  # fmt: skip
@click.option("--size", type=click.IntRange(min=32), default=64, show_default=True, help="Side of a pattern, pixels.")
@click.option(
    "--command",
    "names",
    multiple=True,
    type=click.Choice(list(COMMANDS)),
    help="Command, again for more; all if not given.",
)
@click.option("--backend", type=click.Choice(machine.BACKENDS), default="torch", show_default=True, help="Backend.")
@click.option("--device", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True, help="Device.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), help="File of the table.")
def main(counts, size, names, backend, device, output):
    """Run commands on simulated scans of more and more patterns, of 2,000 photons and an eighth of their side apart.

    Example: python benchmarks/growth.py --patterns 1000,10000 --output growth.md
    """
    found = {name: {} for name in names or COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for count in counts:
            scan, made = scan_of(count, size, pathlib.Path(folder))
            for name, done in found.items():
                done[made] = run(COMMANDS[name], scan, backend, device)
                said = markdown(found, f"{backend}, {device}, patterns of {size} x {size}")
                if output:
                    output.write_text(said + "\n")
            scan.unlink()
    click.echo(said)


def scan_of(count, size, folder):
    """Simulate a scan of nearly so many patterns: its path, and how many they are."""
    step, side = size // 8, math.ceil(math.sqrt(count))
    path = folder / "scan.npz"
    extent = size + 3 + step * (side - 1)
    words = {"object-size": extent, "size": size, "step": step, "probe": "gaussian", "photons": 2000}
    command = [sys.executable, "-m", "ptychopinn_cli", "simulate", str(path)]
    command += [word for name, value in words.items() for word in (f"--{name}", str(value))]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return path, int(said.partition(": ")[2].split()[0])


def run(words, scan, backend, device):
    """Run a command on a scan: seconds from the command to its end, and the largest resident memory, MiB."""
    name, *options = words
    out = [] if name == "inspect" else ["--output-dir", str(scan.with_name("out"))]
    command = [sys.executable, "-m", "ptychopinn_cli", name, str(scan), *options, *out]
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=machine.environment(backend, device), stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if status:
            said.seek(0)
            raise click.ClickException(said.read().decode()[-2000:])
    return {"s": seconds, "MiB": machine.resident_MiB(used)}


def markdown(found, words):
    """Write a table: a row for each command and unit, a column for each number of patterns."""
    counts = sorted({count for done in found.values() for count in done})
    columns = {count: f"{count:,} patterns" for count in counts}
    rows = {
        f"{name}, {unit}": {count: one[unit] for count, one in done.items()}
        for name, done in found.items()
        for unit in ("s", "MiB")
    }
    grown = table("command", columns, rows, lambda figures, count: brief(figures[count]))
    return f"{datetime.date.today()}; {machine.processor()}, cores {machine.cores()}; {words}.\n\n{grown}"


if __name__ == "__main__":
    main()
