"""The option `--engine`: shards of an inference done by tasks of Ray or by jobs of Slurm, passes by workers of Ray."""

import contextlib
import os
import shlex
import sys
import time

import click

from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.written import write

OF_THIS_COMMAND = ("engine", "shards", "output_dir", "save_format", "report", "config", "quiet", "verbose")
"""Options that a shard does not take over."""


def run_engine(request, scan, reading, kept, restated, talk):
    """Have all shards done, and write what they make together, or leave that to the last job."""
    from ptychopinn.reconstruction.blocks import Shard, blocks_of
    from ptychopinn.reconstruction.shards import refuse_passes

    engine, shards = request.engine, request.shards
    refuse_passes(request.params, f"engine={engine}")
    Shard(1, shards).own(len(blocks_of(scan.positions)))
    if engine == "slurm":
        run_slurm(request, shards, talk)
    else:
        run_ray(request, shards, scan, reading, kept, restated, talk)


def run_ray(request, shards, scan, reading, kept, restated, talk):
    """Do all shards by tasks of Ray, and write what they make together."""
    from ptychopinn.distributed.ray_shards import Work, parts_by_ray
    from ptychopinn.reconstruction.parts import join_parts
    from ptychopinn.training.bundle import load_bundle
    from ptychopinn_cli.progress import counting

    generator = restated.get("generator") or ""
    module = generator.partition(":")[0] if ":" in generator else None
    sha256 = kept["inputs"]["scan"]["sha256"]
    work = Work(reading, request.bundle, request.params, request.execution, sha256, module)
    with counting(talk.quiet) as progress:
        parts = parts_by_ray(work, shards, lambda done: progress("shards", done, shards))
    done = time.perf_counter()
    found = join_parts(parts, scan, request.params)
    found.record["seconds"]["stitch"] += time.perf_counter() - done
    write(request, load_bundle(request.bundle), scan, found, kept, talk)


def team_of(request):
    """Return a context in which passes are shared, of who shares them: processes of this machine, or workers of Ray."""
    if request.engine == "ray":
        from ptychopinn.distributed.ray_team import team_by_ray

        return team_by_ray()
    from ptychopinn.engine.processes import Processes

    return contextlib.nullcontext(Processes)


def run_slurm(request, shards, talk):
    """Hand the jobs to Slurm, and say what they will write."""
    from ptychopinn.distributed.slurm import refuse_without_sbatch, submit

    out = request.output_dir.absolute()
    folder = out.with_name(f"{out.name}.shards")
    parts = [f"{folder}/part-{number}" for number in range(1, shards + 1)]
    save = [word for name in request.save for word in ("--save-format", name)]
    shard = words_of(click.get_current_context())
    stitch = ["stitch", *parts, *save, "--report" if request.report else "--no-report", "--output-dir", str(out)]
    try:
        refuse_without_sbatch()
    except FileNotFoundError:
        by_hand = shlex.join(shard), shlex.join(stitch).replace(shlex.join(parts), f"{shlex.quote(str(folder))}/part-*")
        talk.note(f"Each i from 1 to {shards}: ptycho {by_hand[0]} --shard i/{shards} --output-dir {folder}/part-i")
        talk.note(f"Then: ptycho {by_hand[1]}")
        raise
    program = [sys.executable, "-m", "ptychopinn_cli"]
    environment = {"KERAS_BACKEND": backends.chosen()}
    array, last = submit(folder, shards, [*program, *shard], [*program, *stitch], environment)
    talk.result(f"{folder}: jobs {array} ({shards} shards) and {last}, which writes {out}")


def words_of(context):
    """Return the words that say again what a command was told, but for the options of the whole."""
    default, words = click.core.ParameterSource.DEFAULT, [context.info_name]
    for param in context.command.params:
        value = context.params.get(param.name)
        if isinstance(param, click.Argument):
            words += [os.fspath(one) for one in (value if isinstance(value, tuple) else (value,))]
        elif param.name not in OF_THIS_COMMAND and context.get_parameter_source(param.name) is not default:
            if isinstance(value, bool):
                words.append((param.opts if value else param.secondary_opts)[0])
            elif value is not None:
                words += [word for one in values_of(value) for word in (param.opts[0], str(one))]
    return words


def values_of(value):
    """Return the values of an option, which may be given again."""
    return value if isinstance(value, tuple) else (value,)
