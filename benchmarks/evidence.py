"""Which physics evidence chooses where the truth is known: `python benchmarks/evidence.py --out evidence.jsonl`.

A case is a scan of 196 patterns of 64 x 64 pixels with modes, errors of its positions, a probe that varies, light that
is unsteady, or background, none of which its file tells; a plain run; and what evidence chooses, as `reconstruct
--auto` does after the doctor's trials. A run goes on where it ended; `--table` prints what there is.
"""

import argparse
import collections
import dataclasses
import itertools
import json
import os
import pathlib
import sys
import time

import machine
import numpy as np
from markdown_tables import table

SIZE, STEP, SIDE = 64, 6.0, 14
"""Pixels of a pattern, between neighbours, and positions along a side."""

WIDTH, CURVATURE_RAD = 0.14, 1.5
"""Of the beam: standard deviation of its modulus, of the side, and its phase there."""

ROOM, FARTHEST = 8, 2.5
"""Pixels around the scan that wrong positions lie in, and how many standard deviations they are wrong by, at most."""

MODE_POWER = 0.3
"""Power of a mode, of the one before it."""

VARIATION = 0.25
"""Root mean square of the phase by which the probe's astigmatism varies, at the beam's standard deviation, radians."""

UNSTEADY, DRIFT = 0.1, 0.1
"""Of the light: standard deviation from pattern to pattern, and by how much it grows from beginning to end."""

KINDS = ("modes", "positions", "opr", "flux", "background", "blur")
BLUR_PX = 0.25
"""By how much a blur may be wrong and still be right."""

COLUMNS = {"cases": "cases", "right": "truth chosen", "asked_too_much": "more than the truth", "missed": "less",
           "error": "error over plain's, median", "worst": "worst", "cost": "cost in plain runs, median",
           "dearest": "dearest"}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Truth:
    """How a scan was made: its modes, rms error of positions (pixels), and the rest of the physics."""

    modes: int = 1
    positions: float = 0.0
    opr: bool = False
    flux: bool = False
    background: float = 0.0
    blur: float = 0.0

    @property
    def name(self):
        """What is told apart in the table."""
        said = [f"{value:g} {name}" if isinstance(value, float) else name if value is True else f"{value} {name}"
                for name, value in vars(self).items() if value != getattr(Truth(), name)]  # fmt: skip
        return ", ".join(said) or "nothing"


ALONE = (Truth(), Truth(modes=2), Truth(modes=3), Truth(positions=1.0), Truth(positions=3.0), Truth(opr=True),
         Truth(flux=True), Truth(background=0.5))  # fmt: skip
BLURRED = (Truth(), Truth(blur=0.5), Truth(blur=0.8))
SCANS = (("lines", 1e5), ("dead_leaves", 1e5), ("lines", 1e6), ("dead_leaves", 1e6))
"""What is scanned, and photons of a pattern."""


def cases(count):
    """Yield `(number, truth, drawing, photons)`: each part of the physics alone, of each scan, then some at random."""
    for number in range(count):
        drawing, photons = SCANS[number // len(ALONE) % len(SCANS)]
        if number < len(ALONE) * len(SCANS):
            truth = ALONE[number % len(ALONE)]
        else:
            random = np.random.default_rng(number)
            truth = Truth(int(random.integers(1, 4)), float(random.choice([0, 1, 3])), bool(random.integers(2)),
                          bool(random.integers(2)), float(random.choice([0, 0.5])))  # fmt: skip
            drawing, photons = SCANS[number % len(SCANS)]
        yield number, truth, drawing, photons


def blurred():
    """Yield `(number, truth, drawing, photons)` of detectors that blur, or do not, of each scan."""
    for number, (scan, truth) in enumerate(itertools.product(SCANS, BLURRED)):
        yield 1000 + number, truth, *scan


def simulate(truth, drawing, photons, seed, positions_a_side=SIDE):
    """Simulate a scan as it was, and return it as its file tells it: one mode, wrong positions, nothing besides."""
    from ptychopinn.physics.experiment import Experiment
    from ptychopinn.physics.optics import Optics
    from ptychopinn.simulation import modes, objects, positions, probes, scans

    random = np.random.default_rng((seed, 1))
    probe = modes.incoherent(probes.gaussian(SIZE, WIDTH, CURVATURE_RAD), truth.modes, MODE_POWER)
    side = SIZE + int((positions_a_side - 1) * STEP) + 2 * ROOM + 4
    told = positions.jittered_raster((side, side), SIZE, STEP, seed=seed, margin=ROOM)
    true = told + truth.positions * np.clip(random.normal(size=told.shape), -FARTHEST, FARTHEST)
    experiment = Experiment(
        objects.transmission(objects.OBJECTS[drawing](side, seed)), probe, background=truth.background,
        optics=Optics(blur=truth.blur),
        **varied(probe, len(told), random) if truth.opr else {},
        flux=unsteady(len(told), random) if truth.flux else None,
    )  # fmt: skip
    scan = scans.simulate_experiment(experiment, true, photons, seed)
    return dataclasses.replace(scan, positions=told, probe_guess=probe[:1])


def varied(probe, count, random):
    """Return how the probe varies: its astigmatism wanders, over some ten patterns."""
    y, x = (np.mgrid[:SIZE, :SIZE] - SIZE // 2) / (WIDTH * SIZE)
    wandering = np.convolve(random.normal(size=count + 60), np.exp(-np.arange(31) / 10), "same")[30 : 30 + count]
    weights = (wandering - wandering.mean()) / wandering.std()
    return {"variation": (1j * VARIATION * (y**2 - x**2) * probe)[None], "weights": weights[:, None].astype(complex)}


def unsteady(count, random):
    """Return the brightness of the light, pattern by pattern: 1 on average."""
    flux = np.exp(UNSTEADY * random.normal(size=count)) * np.linspace(1 - DRIFT / 2, 1 + DRIFT / 2, count)
    return flux / flux.mean()


def measured(truth, drawing, photons, seed, positions_a_side):
    """Return what evidence chose for a case, both errors, and seconds of the processor."""
    from trial import compared

    from ptychopinn import ReconstructionParams, reconstruct
    from ptychopinn.evaluation.by_evidence import reconstruct_by
    from ptychopinn.evaluation.evidence import choose

    scan = simulate(truth, drawing, photons, seed, positions_a_side)
    began = time.process_time()
    plain = reconstruct(scan, params=ReconstructionParams())
    plain_s = time.process_time() - began
    found = choose(scan)
    tried_s = time.process_time() - began - plain_s
    make = lambda scan, params: reconstruct(scan, params=params)  # noqa: E731
    chosen = reconstruct_by(found, scan, make) if found.chosen else plain
    whole_s = time.process_time() - began - plain_s - tried_s if found.chosen else plain_s
    errors = [compared(one, scan).figures["nrmse_complex"] for one in (plain, chosen)]
    return {
        "chosen": dict(found.chosen), "tried": [one.record for one in found.tried],
        "untried": list(found.untried), "plain_runs": round(found.runs, 2),
        "plain": round(errors[0], 5), "auto": round(errors[1], 5),
        "again": bool(chosen.record.get("again")), "plain_s": round(plain_s, 1),
        "tried_s": round(tried_s, 1), "auto_s": round(tried_s + whole_s, 1),
    }  # fmt: skip


def verdicts(truth, chosen):
    """Return of each part of the physics whether as much was chosen as is true: `"right"`, `"more"` or `"less"`."""
    found = {
        "modes": chosen.get("modes", 1) - truth["modes"],
        "positions": ("positions" in chosen) - (truth["positions"] > 0),
        "opr": ("opr" in chosen) - truth["opr"],
        "flux": ("flux" in chosen) - truth["flux"],
        "background": ("background" in chosen) - (truth["background"] > 0),
        "blur": int((chosen.get("blur", 0) - truth.get("blur", 0)) / BLUR_PX),
    }
    return {name: "right" if not more else "more" if more > 0 else "less" for name, more in found.items()}


def run(out, wanted, seed=0, positions_a_side=SIDE):
    """Run wanted cases that a file does not hold yet, each seeded by its number and a seed, and add them to it."""
    done = {row["number"] for row in rows_of(out)}
    for number, truth, drawing, photons in wanted:
        if number in done:
            continue
        row = {"number": number, "truth": vars(truth), "name": truth.name, "scan": f"{drawing} {photons:.0e}"}
        row |= measured(truth, drawing, photons, number + seed, positions_a_side)
        with open(out, "a") as file:
            file.write(json.dumps(row) + "\n")
        print(number, truth.name, row["scan"], row["chosen"], row["plain"], row["auto"], row["plain_s"], row["auto_s"],
              file=sys.stderr, flush=True)  # fmt: skip


def rows_of(out):
    """Return the rows that a file holds."""
    path = pathlib.Path(out)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def summed_up(rows):
    """Return the figures of `COLUMNS` of some cases."""
    kinds = [verdicts(row["truth"], row["chosen"]) for row in rows]
    errors = [row["auto"] / row["plain"] for row in rows]
    costs = [row["auto_s"] / row["plain_s"] for row in rows]
    return {
        "cases": len(rows), "right": sum(set(one.values()) == {"right"} for one in kinds),
        "asked_too_much": sum("more" in one.values() for one in kinds),
        "missed": sum("less" in one.values() for one in kinds),
        "error": np.median(errors), "worst": max(errors), "cost": np.median(costs), "dearest": max(costs),
    }  # fmt: skip


def main():
    """Run the cases, and print the tables: by what is true, and by part of the physics."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="added to the numbers that cases have as seeds")
    parser.add_argument("--side", type=int, default=SIDE, help="positions along a side of the scan")
    parser.add_argument("--out", default="evidence.jsonl")
    parser.add_argument("--backend", choices=machine.BACKENDS, default="torch")
    parser.add_argument("--blurred", action="store_true", help="run detectors that blur by 0, .5, .8 pixels")
    parser.add_argument("--table", action="store_true", help="print what was found before, and run nothing")
    asked = parser.parse_args()
    os.environ.update(machine.environment(asked.backend, "cpu"))
    if not asked.table:
        run(asked.out, blurred() if asked.blurred else cases(asked.cases), asked.seed, asked.side)
    rows = rows_of(asked.out)
    by_truth = collections.defaultdict(list)
    for row in rows:
        by_truth[row["name"] if Truth(**row["truth"]) in ALONE + BLURRED else "several"].append(row)
    found = {name: summed_up(some) for name, some in (*by_truth.items(), ("all", rows))}
    print(table("what is true", COLUMNS, found, lambda row, key: f"{row[key]:.3g}"))
    decisions = [verdicts(row["truth"], row["chosen"]) for row in rows]
    for kind in KINDS:
        print(kind, dict(collections.Counter(one[kind] for one in decisions)))


if __name__ == "__main__":
    main()
