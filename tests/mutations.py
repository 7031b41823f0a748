"""Open many spoilt files, and tell what came of each: `python tests/mutations.py --count 1000 --seed 0 scans`.

A spoilt file is read as equal to what was written, or read as what it now says, or refused in one line. Anything else
is wrong: another exception, more than 5 s of computing, more than 1 GB, content that differs without a word. Exit 1 if
any is. The same seed makes the same files on every machine.
"""

import collections
import os
import pathlib
import resource
import sys
import tempfile
import time
import traceback
import warnings

import click
import numpy as np

LONGEST_S, MOST_BYTES, LONGEST_LINE = 5.0, 1 << 30, 400
EQUAL, AS_WRITTEN, REFUSED, WRONG = "read, equal", "read, as it says", "refused in one line", "WRONG"
SAID, UNKNOWABLE = "read, and said", "bytes without checksum"
KINDS = ("scans", "sources", "results", "bundles", "checkpoints", "yaml")


def outcome(kind, spoilt):
    """Open a spoilt file: `(class, what was said or went wrong)`."""
    began, before = time.process_time(), peak_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = kind.judge(spoilt)
        said = "content differs without a word" if found == WRONG else ""
    except (ValueError, OSError, click.ClickException) as error:
        said = " ".join(str(getattr(error, "message", error)).split())
        plain = "Received: " in said or isinstance(error, click.BadParameter)
        found = REFUSED if plain and len(said) <= LONGEST_LINE else WRONG
        said = said if found == REFUSED else f"{type(error).__name__}, {len(said)} characters: {said[:300]}"
    except Exception as error:
        found, said = WRONG, f"{type(error).__name__}: {error} {traceback.format_exc().splitlines()[-3:-1]}"[:400]
    spent, grown = time.process_time() - began, peak_bytes() - before
    if spent > LONGEST_S or grown > MOST_BYTES:
        return WRONG, f"{spent:.1f} s, {grown >> 20} MiB: {said}"
    return found, said


def peak_bytes():
    """Return the largest resident memory of this process until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def run(kind, count, seed, say=click.echo, only=None):
    """Spoil and open `count` files of a kind: Counter of outcomes. `only` opens the one with this number."""
    counts = collections.Counter()
    for number in range(count) if only is None else (only,):
        draw = np.random.default_rng((seed, number))
        with tempfile.TemporaryDirectory() as folder:
            spoilt = kind.spoil(draw, pathlib.Path(folder))
            found, said = outcome(kind, spoilt)
        counts[found] += 1
        if found == WRONG or only is not None:
            say(f"{number}: {found}, by {spoilt.how}: {said}")
    return counts


def kind_of(name):
    """Make what spoils and judges files of a kind."""
    import mutation_kinds
    import source_mutations

    kinds = {
        "scans": mutation_kinds.Scans,
        "sources": source_mutations.Sources,
        "results": source_mutations.Results,
        "bundles": mutation_kinds.Bundles,
        "checkpoints": mutation_kinds.Checkpoints,
        "yaml": mutation_kinds.Options,
    }
    return kinds[name]()


@click.command()
@click.argument("kinds", type=click.Choice([*KINDS, "all"]), default="all")
@click.option("--count", type=click.IntRange(min=1), default=1000, show_default=True, help="Files of each kind.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--only", type=click.IntRange(min=0), help="Open the file of this number alone, and say what it told.")
def main(kinds, count, seed, only):
    """Spoil files of KINDS, open them, and print a table of what came of it."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    columns = (EQUAL, AS_WRITTEN, REFUSED, WRONG)
    rows = {name: run(kind_of(name), count, seed, only=only) for name in (KINDS if kinds == "all" else (kinds,))}
    click.echo(f"{'':12}" + "".join(f"{column:>22}" for column in columns))
    for name, counts in rows.items():
        click.echo(f"{name:12}" + "".join(f"{counts[column]:22}" for column in columns))
    sys.exit(any(counts[WRONG] for counts in rows.values()))


if __name__ == "__main__":
    main()
