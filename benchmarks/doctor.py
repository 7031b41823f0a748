"""What the doctor finds of what was planted: `python benchmarks/doctor.py --cases 240 --out doctor.jsonl`.

Every case is a scan of about 500 patterns of 64 x 64 pixels (or a real one), a fault with a seed, and one examination,
as `ptycho inspect` makes it. A run goes on where it ended; `--table` prints what there is.
"""

import argparse
import collections
import itertools
import json
import pathlib
import sys
import tempfile
import time

import numpy as np
from planted import geometry, of_experiment
from trial import simulate

BASES = {
    "lines, Gaussian, 1e5": {"object": "lines", "probe": "gaussian", "gaussian_curvature": 2.0, "photons": 1e5,
                             "step": 6.0},
    "dead leaves, zernike, 1e5": {"object": "dead_leaves", "probe": "zernike", "photons": 1e5, "step": 5.0},
    "grf, disc, 1e6": {"object": "grf", "probe": "disc", "photons": 1e6, "step": 6.0},
    "star, zernike, 1e4": {"object": "siemens_star", "probe": "zernike", "photons": 1e4, "step": 5.0},
    "diagonals, zone plate, 1e6": {"object": "diagonals", "probe": "zone-plate", "photons": 1e6, "step": 5.0},
    "points, Gaussian, 1e4": {"object": "points", "probe": "gaussian", "gaussian_curvature": -3.0, "photons": 1e4,
                              "step": 6.0},
}  # fmt: skip
PATTERNS = 500
CLEAN = 4
"""Clean cases of each scan, by their seed."""

REAL = ("siemens-star-small.npz.bz2", "cryo_em_counts.npz")
EXACT = 0.06
"""How far a map of positions may be from the one that undoes the fault."""

HEAD = ("what was planted", "cases", "found", "ambiguous", "not told", "missed", "false alarms", "s, median",
        "s, worst")  # fmt: skip


def arrays_of(name, seed, folder):
    """Return the arrays of a scan: patterns `(pattern, y, x)`, positions, probe."""
    if name in BASES:
        options = BASES[name]
        side = 64 + int(np.ceil(options["step"] * 23))
        scan = simulate(seed=seed, object_size=side, **options)
    else:
        from ptychopinn.formats import read_scan

        scan = read_scan(pathlib.Path(folder) / name)
    kept = np.arange(min(PATTERNS, len(scan)))
    patterns = np.asarray(scan.patterns[kept]).astype(np.int64)
    if scan.corner:
        patterns = np.fft.fftshift(patterns, axes=(1, 2))
    return {"patterns": patterns, "positions": np.array(scan.positions[kept]), "probe": np.array(scan.probe_guess)}


def cases(folder, wanted):
    """Yield `(key, base, fault, seed)`: every fault over the scans in turn, and clean ones of each."""
    bases = [*BASES, *(REAL if folder else ())]
    yield from (
        ((base, "clean", seed), base, None, seed) for base in bases for seed in range(CLEAN if base in BASES else 1)
    )
    faults = [*geometry(), *of_experiment()]
    count = CLEAN * len(BASES)
    for turn in itertools.count():
        for number, fault in enumerate(faults):
            if count >= wanted:
                return
            base = bases[(number + turn) % len(bases)]
            yield (base, f"{number} {fault.kind}", turn), base, fault, 100 + turn
            count += 1


def examined(arrays):
    """Write a file, examine it, and return the diagnosis or the refusal, and seconds of the processor and the clock."""
    from ptychopinn.doctor.examine import examine

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "scan.npz"
        y, x = arrays["positions"].T
        stored = {"diff3d": arrays["patterns"], "xcoords": x, "ycoords": y, "probeGuess": arrays["probe"]}
        np.savez(path, **{name: value for name, value in stored.items() if value is not None})
        began, wall = time.process_time(), time.perf_counter()
        try:
            found = examine(path)
        except ValueError as error:
            found = error
    return found, time.process_time() - began, time.perf_counter() - wall


def left_wrong(diagnosis, fault):
    """Return what the options that were found leave of a fault of geometry: `"nothing"`, `"twin"` or `"wrong"`."""
    from ptychopinn.doctor.corrections import composed
    from ptychopinn.preparation.scan_positions import scan_matrix
    from ptychopinn.preparation.trials.hypothesis import axes_of

    wanted = diagnosis.preparation
    matrix, orientation = (np.eye(2), "identity") if fault is None else (fault.matrix, fault.orientation)
    pixel = 1.0 if wanted.pixel_size is None else 1 / wanted.pixel_size
    left = axes_of(composed(orientation, wanted.orient)) @ scan_matrix(wanted) @ matrix * pixel
    if wanted.late != (0 if fault is None else fault.late):
        return "wrong"
    if np.abs(left - np.eye(2)).max() < EXACT:
        return "nothing"
    return "twin" if np.abs(left + np.eye(2)).max() < EXACT else "wrong"


def judged(diagnosis, fault):
    """Return a verdict on a diagnosis (found, ambiguous, not told, missed, false alarm), and whether it misled too."""
    if isinstance(diagnosis, ValueError):
        return ("refused" if fault is not None else "false alarm"), False
    left = left_wrong(diagnosis, fault)
    kinds = {one.kind: one.sureness for one in diagnosis.findings}
    if fault is None or fault.words is not None:
        changed = any(sure == "clear" for sure in kinds.values())
        misled = (changed and left == "wrong") or (fault is None and bool(diagnosis.reconstruction))
        misled |= left == "twin" and "twin" not in kinds and fault is None
        if fault is None:
            return ("false alarm" if misled else "clean"), misled
        if fault.is_said(diagnosis):
            return "found", misled
        return ("not told" if "untold" in kinds.values() else "missed"), misled
    doubted = "late" if fault.late else "scale" if fault.kind.startswith("scale") else None
    if left == "wrong" and kinds.get(doubted) == "ambiguous":
        return "ambiguous", False
    if left == "nothing":
        return "found", False
    if left == "twin":
        return ("ambiguous" if "twin" in kinds else "missed"), False
    return ("not told", False) if "untold" in kinds.values() else ("missed", False)


def run(out, folder, wanted):
    """Run the cases that a file does not hold yet, and add them to it."""
    done = {tuple(row["key"]) for row in rows_of(out)}
    for key, base, fault, seed in cases(folder, wanted):
        if key in done:
            continue
        arrays = arrays_of(base, seed, folder)
        before = dict(arrays)
        if fault is not None:
            fault.spoil(arrays, np.random.default_rng(seed))
            if all(np.array_equal(arrays[name], before[name]) for name in arrays):
                continue  # no fault: a disc has no phase to lose
        diagnosis, seconds, wall = examined(arrays)
        verdict, misled = judged(diagnosis, fault)
        said = str(diagnosis) if isinstance(diagnosis, ValueError) else diagnosis.command.split(" ", 3)[3:]
        row = {"key": key, "kind": "clean" if fault is None else fault.kind, "verdict": verdict, "misled": bool(misled),
               "seconds": round(seconds, 2), "wall": round(wall, 2), "said": said}  # fmt: skip
        with open(out, "a") as file:
            file.write(json.dumps(row) + "\n")
        print(key, verdict, misled, f"{seconds:.1f} s", said, file=sys.stderr, flush=True)


def rows_of(out):
    """Return the rows that a file holds."""
    path = pathlib.Path(out)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(rows):
    """Return the table of rows as Markdown."""
    by_kind = collections.defaultdict(list)
    for row in rows:
        by_kind[row["kind"]].append(row)
    lines = ["| " + " | ".join(HEAD) + " |", "|---" + "|---:" * (len(HEAD) - 1) + "|"]
    for kind, some in (*by_kind.items(), ("all", rows)):
        count = collections.Counter(row["verdict"] for row in some)
        seconds = [row["seconds"] for row in some]
        cells = (kind, len(some), count["found"] + count["refused"], count["ambiguous"], count["not told"],
                 count["missed"], sum(row["misled"] for row in some), f"{np.median(seconds):.1f}",
                 f"{max(seconds):.1f}")  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def main():
    """Run the cases, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=240)
    parser.add_argument("--real", help="folder of real scans: " + ", ".join(REAL))
    parser.add_argument("--out", default="doctor.jsonl")
    parser.add_argument("--table", action="store_true", help="print what was found before, and run nothing")
    asked = parser.parse_args()
    if not asked.table:
        run(asked.out, asked.real, asked.cases)
    print(table(rows_of(asked.out)))


if __name__ == "__main__":
    main()
