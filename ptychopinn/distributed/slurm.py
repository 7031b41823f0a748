"""Shards by Slurm: an array of jobs, one a shard, and a job that joins what they wrote once all are done."""

import pathlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence

SBATCH = "sbatch"
TASK = "SLURM_ARRAY_TASK_ID"

ARRAY = """#!/bin/bash
#SBATCH --job-name=ptycho-shards
#SBATCH --array=1-{shards}
#SBATCH --output={folder}/shard-%a.log
{environment}
exec {command} --shard "${task}/{shards}" --output-dir {folder}/part-"${task}"
"""
JOIN = """#!/bin/bash
#SBATCH --job-name=ptycho-stitch
#SBATCH --output={folder}/stitch.log
{environment}
exec {command}
"""


def refuse_without_sbatch() -> None:
    """Raise FileNotFoundError where Slurm is not on this machine."""
    if shutil.which(SBATCH) is None:
        raise FileNotFoundError(
            f"Slurm must be on this machine. Received: no {SBATCH} on PATH. Do the same by hand, as is said above, or "
            "take --engine ray."
        )


def submit(
    folder: pathlib.Path, shards: int, shard: Sequence[str], stitch: Sequence[str], environment: Mapping[str, str]
) -> tuple[str, str]:
    """Write the scripts of both jobs, hand them to Slurm, and return the numbers of array and stitching.

    What a site asks for besides (partition, account, time, memory) stands in `sbatch`'s own variables, as
    `SBATCH_PARTITION`. The stitching begins once all shards ended well, and is called off where one did not.

    Args:
        folder: pathlib.Path. Made; scripts, logs and parts go there.
        shards: int.
        shard: command line of a shard, without `--shard` and `--output-dir`.
        stitch: command line that joins the parts.
        environment: dict of variables that the jobs need.

    Raises:
        ChildProcessError: if Slurm refuses a job.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    known = {"folder": shlex.quote(str(folder)), "shards": shards, "task": TASK}
    known["environment"] = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())
    scripts = {"shards.sh": (ARRAY, shard), "stitch.sh": (JOIN, stitch)}
    for name, (text, command) in scripts.items():
        (folder / name).write_text(text.format(command=shlex.join(command), **known))
    array = _submitted(folder / "shards.sh")
    return array, _submitted(folder / "stitch.sh", f"--dependency=afterok:{array}", "--kill-on-invalid-dep=yes")


def _submitted(script: pathlib.Path, *words: str) -> str:
    """Hand a script to Slurm, and return the number of its job."""
    done = subprocess.run([SBATCH, "--parsable", *words, str(script)], capture_output=True, text=True)
    number = re.fullmatch(r"(\d+)(;\S+)?", done.stdout.strip())
    if done.returncode or number is None:
        said = " ".join((done.stderr or done.stdout).split())[:200]
        raise ChildProcessError(
            f"Slurm must take the job. Received: {said or f'exit code {done.returncode}'}. Look at {script}, and set "
            "what your site asks for in variables like SBATCH_PARTITION."
        )
    return number[1]
