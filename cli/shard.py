"""The option `--shard`: one of several processes that share an inference, each with a part of the scan."""

import re
import time

import click

from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.jobs import given
from ptychopinn_cli.options import Number

MOST_SHARDS = 10**6
ENGINES = ("ray", "slurm")
OF_ALL = ("auto", "save_format", "report")
"""Options that act on the result of the whole scan."""

OF_EXECUTION = ("precision", "jit")
"""Options of the execution that results depend on."""


class ShardNumbers(click.ParamType):
    """`i/n`: the i-th of n shards."""

    name = "i/n"

    def convert(self, value, param, ctx):
        """Return the pair of numbers."""
        found = re.fullmatch(r"(\d{1,7})/(\d{1,7})", value)
        if found is None or not 1 <= int(found[1]) <= int(found[2]) <= MOST_SHARDS:
            raise click.UsageError(
                f"shard must be i/n, the i-th of n shards, n at most {MOST_SHARDS:,}. Received: shard={value}. "
                "Counting starts at 1."
            )
        return int(found[1]), int(found[2])


def shard_options(function):
    """Add `--shard`, and what shares all shards out."""
    for option in (
        click.option("--shards", type=Number(int, low=1, high=MOST_SHARDS, unit="shards"),
                     help="How many parts --engine makes of the scan."),
        click.option("--engine", type=click.Choice(ENGINES),
                     help="Do all of --shards by tasks of Ray, or by jobs of Slurm, with --passes 0 and a bundle; or "
                     "share passes among --workers of Ray, of its whole cluster."),
        click.option("--shard", type=ShardNumbers(), help="Do the i-th of n parts of the scan alone, which ptycho "
                     "stitch joins; with --passes 0 and a bundle."),
    ):  # fmt: skip
        function = option(function)
    return function


def sharing_of(options):
    """Take `shard`, `engine` and `shards` out of a command's keyword arguments.

    Raise a usage error where they contradict each other, or what else was said.
    """
    found = {name: options.pop(name, None) for name in ("shard", "engine", "shards")}
    shard, engine, shards = found["shard"], found["engine"], found["shards"]
    refuse_of_all(shard)
    if engine is not None and shards is None and shard is None and options["workers"]:
        check_workers(engine, options["workers"])
        return found
    if (engine is None) != (shards is None) or (shard is not None and engine is not None):
        said = {"--shard": shard and f"{shard[0]}/{shard[1]}", "--engine": engine, "--shards": shards}
        words = ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)
        raise click.UsageError(
            "An engine does all of so many shards, or shares passes among workers, and --shard does one part alone. "
            f"Received: {words}. Say --engine and --shards, --engine and --workers, or --shard."
        )
    if engine is not None and click.get_current_context().params["auto"]:
        raise click.UsageError(
            f"An engine does shards, and --auto looks at the whole scan. Received: --auto, --engine {engine}. Leave it "
            "out."
        )
    return found


def check_workers(engine, workers):
    """Raise a usage error unless an engine can share passes among so many workers."""
    if engine == "slurm":
        raise click.UsageError(
            f"Workers talk to each other in every pass, and jobs of Slurm do not. Received: --engine slurm, --workers "
            f"{workers}. Start Ray in a job of Slurm and take --engine ray, or leave it out for one machine."
        )
    if workers < 2:
        raise click.UsageError(
            f"An engine shares passes among two workers or more. Received: --engine {engine}, --workers {workers}. "
            "Leave it out, or take more."
        )


def refuse_of_all(shard):
    """Raise a usage error where options are given beside a shard that act on the whole."""
    asked = [name for name, value in given(click.get_current_context(), OF_ALL).items() if value]
    if shard is not None and asked:
        name = f"--{asked[0].replace('_', '-')}"
        raise click.UsageError(
            f"A shard makes a part, and {name} is of the whole scan. Received: {name}, --shard "
            f"{shard[0]}/{shard[1]}. Leave it out; ptycho stitch has --report and --save-format."
        )


def run_shard(request, scan, bundle, reading, inputs, talk):
    """Do one shard, and write its part."""
    from ptychopinn.formats.writers.table import FORMATS
    from ptychopinn.reconstruction.blocks import Shard
    from ptychopinn.reconstruction.shards import reconstruct_shard
    from ptychopinn.report.page import PAGE
    from ptychopinn.report.parts import write_part
    from ptychopinn.training.record import versions
    from ptychopinn_cli.progress import counting

    began, shard = time.perf_counter(), Shard(*request.shard)
    with counting(talk.quiet) as progress:
        sha256 = inputs["scan"]["sha256"]
        part = reconstruct_shard(scan, bundle, shard, request.params, request.execution, sha256, progress)
    record = {
        "shard": request.shard, "tiles": len(part.tiles), "made": part.record, "data": str(request.data),
        "bundle": str(request.bundle), "options": options_of(request), "reading": reading.to_dict(), "inputs": inputs,
        "backend": backends.chosen(), "versions": versions(), "seconds": round(time.perf_counter() - began, 4),
    }  # fmt: skip
    write_part(request.output_dir, part, record, [*(form.file for form in FORMATS.values()), PAGE])
    talk.result(f"{request.output_dir}: shard {shard}, {len(part.tiles)} tiles")


def options_of(request):
    """Return the options that parts of one reconstruction share."""
    return {**request.params.to_dict(), **{name: getattr(request.execution, name) for name in OF_EXECUTION}}
