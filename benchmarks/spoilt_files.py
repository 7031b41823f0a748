"""Open many spoilt files of every source, in children with limits: no crash, no hang, no gigabyte, nothing executed.

Files are written as their programs write them (`tests/foreign_files.py`), one array or some bytes are spoilt, and they
are opened as users do: recorded, prepared, all patterns read (`tests/opened_mutations.py`). What is read must be what
was written, or said on the screen, or what the changed array tells; else it is refused in one line.

    python benchmarks/spoilt_files.py --count 1000 --seed 0
    python benchmarks/spoilt_files.py cxi --only 17
"""

import collections
import json
import os
import pathlib
import resource
import select
import signal
import subprocess
import sys

import click
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import foreign_files
import mutations

LONGEST_S, SILENCE_S, MOST_BYTES = 5, 60, 1 << 30
"""Processor's seconds of a file; seconds of silence after which a child is ended; bytes above those at its start."""

FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class",
             "socket.connect", "ctypes.dlopen", "code.__new__")  # fmt: skip
"""Events of the interpreter that no opening of a file may raise."""

OURS = "mat_unpacking"
"""The one process that is started: SciPy reads MATLAB's files in it, so that it may take no more than it should."""

SAME_FILES = ("ptychodus_product", "ptychodus_folder")
"""Sources whose files are those of another, given by another of their names."""

BAD = ("crash or hang", "executed", mutations.WRONG)
COLUMNS = (mutations.EQUAL, mutations.SAID, mutations.AS_WRITTEN, mutations.UNKNOWABLE, mutations.REFUSED, *BAD)
CALM = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "KERAS_BACKEND": "torch"}


class TooLong(BaseException):
    """A file took more than its seconds."""


@click.command(context_settings={"max_content_width": 100})
@click.argument("sources", nargs=-1, type=click.Choice(list(foreign_files.FILES)))
@click.option("--count", type=click.IntRange(min=1), default=1000, show_default=True, help="Files of each source.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--only", type=click.IntRange(min=0), help="Open the file of this number alone, and say what it told.")
@click.option("--child", "first", type=int, hidden=True)
def main(sources, count, seed, only, first):
    """Spoil and open files of SOURCES, or of all, and print a table of what came of it; exit 1 if any is wrong."""
    if first is not None:
        limit()
        return work(sources[0], range(first, count), seed)
    if only is not None:
        return mutations.run(kind_of(sources[0]), count, seed, only=only)
    total = collections.Counter()
    print(f"| source | {' | '.join(COLUMNS)} |\n| --- |{' ---: |' * len(COLUMNS)}")
    for name in sources or [name for name in foreign_files.FILES if name not in SAME_FILES]:
        counts = watched(name, count, seed)
        total += counts
        print(f"| {name} | {' | '.join(str(counts[column]) for column in COLUMNS)} |", flush=True)
    print(f"| all | {' | '.join(str(total[column]) for column in COLUMNS)} |")
    sys.exit(any(total[column] for column in BAD))


def watched(name, count, seed):
    """Let children open the files of a source: Counter. One that ends is followed by another, after its last file."""
    counts, done = collections.Counter(), 0
    while done < count:
        words = [sys.executable, __file__, name, "--count", count, "--seed", seed, "--child", done]
        child = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, env=os.environ | CALM)
        while done < count and (line := line_of(child)):
            found, said = json.loads(line)
            counts[found] += 1
            if found in BAD:
                click.echo(f"{name} {done}: {found}: {said}", err=True)
            done += 1
        child.kill()
        if done < count:
            click.echo(f"{name} {done}: crash or hang: the child said nothing more, {child.wait()}", err=True)
            counts["crash or hang"] += 1
            done += 1
        child.wait()
    return counts


def line_of(child):
    """Return the next line of a child, or none if it ended, or says nothing for long."""
    ready, _, _ = select.select([child.stdout], [], [], SILENCE_S)
    return child.stdout.readline() if ready else b""


def work(name, numbers, seed):
    """Open files one after the other; write what came of each as a line of JSON."""
    kind, executed = kind_of(name), []
    watch(executed)
    signal.signal(signal.SIGVTALRM, too_long)
    for number in numbers:
        said = []
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_S)
        try:
            counts = mutations.run(kind, 1, seed, say=said.append, only=number)
            (found,) = counts
        except TooLong:
            found, said = "crash or hang", [f"more than {LONGEST_S} s"]
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if executed:
            found, said = "executed", [*said, *map(str, executed)]
            executed.clear()
        sys.stdout.write(json.dumps([found, " ".join(said)[:600]]) + "\n")
        sys.stdout.flush()


def kind_of(name):
    """Return what spoils and judges the files of a source; where none holds a probe, it is not guessed but flat."""
    import opened_mutations

    from ptychopinn.preparation import prepare

    def flat(light, *_):
        return np.ones((1, *light.shape), complex), "The file holds no probe."

    prepare.guessed_probe = flat
    return opened_mutations.Scans(name)


def too_long(number, frame):
    """End a file that takes too long."""
    raise TooLong


def limit():
    """Allow this process so many bytes more than it has."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def watch(executed):
    """Note every event that no opening of a file may raise."""

    def hook(event, arguments):
        if event in FORBIDDEN and OURS not in str(arguments):
            executed.append((event, str(arguments)[:80]))

    sys.addaudithook(hook)


if __name__ == "__main__":
    main()
