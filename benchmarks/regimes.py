"""Where networks win: `python benchmarks/regimes.py --out regimes.jsonl --figure regimes.png [--ptychi PYTHON]`.

Scans of every overlap and dose, reconstructed by passes alone, by the shipped network alone, by both, with the network
as a prior between passes, by a network trained on the scan itself, and by LSQ-ML of pty-chi: error inside the scan's
box, seconds of the processor, training among them. The probe is known. A run goes on where it ended.
"""

import argparse
import itertools
import json
import pathlib
import tempfile
import time

from peers import run
from quality_rows import Row, simulate
from timed_engine import error

PTYCHI = pathlib.Path(__file__).with_name("peer_ptychi.py")
OVERLAPS = {"dense": None, "60 %": 0.6, "30 %": 0.3, "none": -0.3}
DOSES = (1e2, 1e3, 1e4, 1e5, 1e7, 1e9)
OBJECTS = ("lines", "dead_leaves")
GRIDS = {"dense": (16, 16), "60 %": (12, 12), "30 %": (9, 9), "none": (6, 6)}
"""Patterns: about as much of the object each."""

OURS = {
    "passes alone": {"start": "flat"},
    "network alone": {"start": "network", "passes": 0},
    "network, then passes": {"start": "network"},
    "network between passes": {"start": "flat", "prior": "network", "passes": 200},
}
TRAINED, EPOCHS = "network trained on it", 20
LSQML = "LSQ-ML"
COLOURS = {"passes alone": "#4c72b0", "network alone": "#dd8452", "network, then passes": "#55a868",
           "network between passes": "#c44e52", TRAINED: "#8172b3", LSQML: "#8c8c8c"}  # fmt: skip


def cases():
    """Yield `(object, overlap, dose)`."""
    yield from ((drawn, overlap, dose) for drawn in OBJECTS for overlap in OVERLAPS for dose in DOSES)


def scan_of(drawn, overlap, dose, seed):
    """Simulate the scan of a case."""
    return simulate(Row(drawn, dose, 64, GRIDS[overlap], OVERLAPS[overlap]), seed)


def ours(scan, options):
    """Reconstruct a scan in one of our ways: error (none where nothing was found), and seconds of the processor."""
    import ptychopinn as library

    began = time.process_time()
    params = library.ReconstructionParams(refine_probe=False, **options)
    found = library.reconstruct(scan, params=params)
    seconds = time.process_time() - began
    flat = options["start"] == "flat" and found.record["refinement_passes"] == 0
    return None if flat else error(found, scan), seconds


def trained_on(scan, group_side):
    """Train a network on a scan: error of its object, and seconds of the processor."""
    import ptychopinn as library

    began, data = time.process_time(), library.DataParams()
    model = library.fit_to(scan, library.ModelParams(group_side=group_side, probe_trainable=False), data)
    training = library.TrainingParams(epochs=EPOCHS)
    settings = library.Settings(model, library.LossParams(), data, training, library.ExecutionParams())
    found = library.predict_object(library.train(scan, settings).model, scan).stitched
    return error(found, scan), time.process_time() - began


def lsqml(scan, python):
    """Reconstruct a scan by 100 epochs of pty-chi's LSQ-ML: error, and seconds of the processor."""
    from ptychopinn.formats import ptychopinn_npz, read_reconstruction

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        ptychopinn_npz.write(folder / "scan.npz", scan)
        task = {"scan": str(folder / "scan.npz"), "out": str(folder / "out.npz"), "device": "cpu", "threads": 1,
                "algorithm": "LSQML", "epochs": 100, "batch_size": 64, "refine_probe": False, "seed": 0}  # fmt: skip
        said = json.loads(run([python, PTYCHI, json.dumps(task)])["stdout"].splitlines()[-1])
        return error(read_reconstruction(folder / "out.npz"), scan), said["cpu_s"][-1]


def measure(out, seed, python):
    """Reconstruct what a file does not hold yet, and add it."""
    done = {(row["object"], row["overlap"], row["dose"], row["way"]) for row in rows_of(out)}
    for case in cases():
        ways = [*OURS, TRAINED, *([LSQML] if python else [])]
        missing = [way for way in ways if (*case, way) not in done]
        scan = scan_of(*case, seed) if missing else None
        for way in missing:
            if way == LSQML:
                found, seconds = lsqml(scan, python)
            elif way == TRAINED:
                found, seconds = trained_on(scan, group_side=1 if case[1] == "none" else 2)
            else:
                found, seconds = ours(scan, OURS[way])
            row = {**dict(zip(("object", "overlap", "dose"), case)), "way": way, "error": found and round(found, 4),
                   "seconds": round(seconds, 2), "patterns": len(scan)}  # fmt: skip
            with open(out, "a") as file:
                file.write(json.dumps(row) + "\n")
            print(row, flush=True)


def rows_of(out):
    """Return the rows that a file holds."""
    path = pathlib.Path(out)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def figure(rows, path):
    """Draw the error of each way over the least of all against the dose, for every object and overlap."""
    from matplotlib import pyplot

    shape = len(OBJECTS), len(OVERLAPS)
    drawing, axes = pyplot.subplots(*shape, figsize=(13, 6.5), sharey=True, layout="constrained")
    for place, case in zip(axes.flat, itertools.product(OBJECTS, OVERLAPS)):
        found = [row for row in rows if (row["object"], row["overlap"]) == case and row["error"] is not None]
        least = {dose: min(row["error"] for row in found if row["dose"] == dose) for dose in DOSES}
        for way, colour in COLOURS.items():
            over = {row["dose"]: row["error"] / least[row["dose"]] for row in found if row["way"] == way}
            there = [number for number, dose in enumerate(DOSES) if dose in over]
            place.semilogy(there, [over[DOSES[number]] for number in there], "o-", color=colour, label=way)
        said = [f"{dose:.0e}".replace("e+0", "e") + f"\n{error:.2g}" for dose, error in least.items()]
        place.set_xticks(range(len(DOSES)), said, fontsize=9)
        place.minorticks_off()
        place.set_title(f"{case[0].replace('_', ' ')}, overlap {case[1]}", fontsize=10)
        place.grid(alpha=0.3)
    axes.flat[0].set(ylim=(0.93, 5), yticks=(1, 1.5, 2, 3, 5), yticklabels=("1", "1.5", "2", "3", "5"))
    for place in axes[-1]:
        place.set_xlabel("photons of a pattern, and the least error")
    for place in axes[:, 0]:
        place.set_ylabel("complex error over the least")
    named = axes.flat[0].get_legend_handles_labels()
    drawing.legend(*named, loc="outside lower center", ncols=len(COLOURS), fontsize=9)
    drawing.savefig(path, dpi=110)


def main():
    """Measure, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="regimes.jsonl")
    parser.add_argument("--figure", help="picture to draw")
    parser.add_argument("--ptychi", help="Python of pty-chi's environment")
    parser.add_argument("--seed", type=int, default=3)
    asked = parser.parse_args()
    measure(asked.out, asked.seed, asked.ptychi)
    if asked.figure:
        figure(rows_of(asked.out), asked.figure)


if __name__ == "__main__":
    main()
