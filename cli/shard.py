"""The option `--shard`: one of several processes that share an inference, each with a part of the scan."""

import re
import time

import click

from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.jobs import given

MOST_SHARDS = 10**6
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


def shard_option(function):
    """Add `--shard`."""
    words = "Do the i-th of n parts of the scan alone, which ptycho stitch joins; with --passes 0 and a bundle."
    return click.option("--shard", type=ShardNumbers(), help=words)(function)


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
