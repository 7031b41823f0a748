"""Repeat PtychoPINN's published simulated table with our model: quality, and what it cost in pattern-steps.

The object is random lines with phase, 1e9 photons, N=64, and N=128 in one row; the figures are of stitched objects
never trained on. A pattern-step is one pattern seen once in training. What the network makes is judged, as published,
and what passes over the test scan (`refine`) make of it; with `--untrained`, what passes make of a flat object, as
`ptycho reconstruct` does, and nothing else. See `--help`.

Reference: Hoidn et al., arXiv:2602.21361
"""

import dataclasses
import json
import os
import pathlib
import statistics
import time

import click
from trial import FIGURES, PASSES, simulate, test, test_untrained, train

STATED = {name: words for name, words in FIGURES.items() if name != "nrmse_complex"}
UPSTREAM_STEPS = 2 * 6889 * 60


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the published table: its set-up, and upstream's figures; `seen_alone` is of `--single-shot`."""

    name: str
    group_side: int
    probe: str
    upstream: dict
    size: int = 64
    seen_alone: bool = False


SINGLE_DISC = {"ssim_amplitude": 0.620, "frc50_rings_amplitude": 23, "mae_phase": 0.296, "ssim_phase": 0.410}
SINGLE_RUN1084 = {"ssim_amplitude": 0.904, "frc50_rings_amplitude": 165, "mae_phase": 0.078, "ssim_phase": 0.886}
ROWS = {
    "single-disc": Row("single-shot (C=1), ideal disc", 1, "disc", SINGLE_DISC),
    "single-run1084": Row("single-shot (C=1), Run1084 probe", 1, "run1084", SINGLE_RUN1084),
    "alone-disc": Row("single-shot, overlap in the loss, ideal disc", 2, "disc", SINGLE_DISC, seen_alone=True),
    "alone-run1084": Row("single-shot, overlap in the loss, Run1084 probe", 2, "run1084", SINGLE_RUN1084,
                         seen_alone=True),
    "overlap-disc": Row("overlap (C=4), ideal disc", 2, "disc",
                        {"ssim_amplitude": 0.952, "frc50_rings_amplitude": 165, "mae_phase": 0.0079}),
    "overlap-run1084": Row("overlap (C=4), Run1084 probe", 2, "run1084",
                           {"ssim_amplitude": 0.968, "frc50_rings_amplitude": 166, "mae_phase": 0.045}),
    "overlap-128": Row("overlap, N=128, Run1084 probe padded", 2, "run1084",
                       {"ssim_amplitude": 0.988, "ssim_phase": 0.995}, size=128),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Budget:
    """How much is trained on: images, distance of the raster's positions in pixels, and passes."""

    images: int
    step_px: float
    epochs: int


BUDGETS = {"quick": Budget(1, 16, 1), "cpu": Budget(1, 8, 8), "full": Budget(2, 4, 6)}
TEST_STEP_PX, SIDE, PHOTONS, PATTERNS_A_STEP = 10, 392, 1e9, 16
OURS = {"the network": 0, "refined": PASSES}
"""What of ours is judged, and its passes of refinement, at most."""

UNTRAINED = "passes alone"


@click.command(context_settings={"max_content_width": 100})
@click.option("--budget", type=click.Choice(list(BUDGETS)), default="cpu", show_default=True,
              help="cpu: minutes a row on two cores. full: a tenth of upstream's cost, for a GPU.")  # fmt: skip
@click.option("--run1084", type=click.Path(exists=True, dir_okay=False),
              help="NPZ with the Run1084 probe (probeGuess); its rows are left out if not given.")  # fmt: skip
@click.option("--rows", "names", default=",".join(ROWS), show_default=True, help="Rows, with commas between them.")
@click.option("--seeds", default="0", show_default=True, help="Seeds, with commas between them; the median is stated.")
@click.option("--epochs", type=click.IntRange(min=1), help="Passes, instead of the budget's.")
@click.option("--untrained", is_flag=True, help="Judge passes alone, without any network; their seconds are given.")
@click.option("--backend", type=click.Choice(["torch", "tensorflow", "jax"]), default="torch", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), default="paper_tables.md",
              show_default=True, help="Markdown file; the figures of every run go beside it as JSON.")  # fmt: skip
def main(budget, run1084, names, seeds, epochs, untrained, backend, output):
    """Train and test every row of the table, and write it beside upstream's figures.

    Example: python benchmarks/paper_tables.py --budget cpu --run1084 run1084.npz --seeds 0,1,2
    """
    os.environ["KERAS_BACKEND"] = backend
    chosen, spent = BUDGETS[budget], {}
    if epochs:
        chosen = dataclasses.replace(chosen, epochs=epochs)
    for name in names.split(","):
        if name not in ROWS:
            raise click.BadParameter(f"rows are {', '.join(ROWS)}. Received: {name}.", param_hint="--rows")
        if ROWS[name].probe == "run1084" and not run1084:
            click.echo(f"{ROWS[name].name}: left out, it needs --run1084.", err=True)
            continue
        spent[name] = []
        for seed in map(int, seeds.split(",")):
            work = measure_untrained if untrained else measure
            spent[name].append(work(ROWS[name], chosen, seed, run1084))
            click.echo(f"{ROWS[name].name}, seed {seed}: {spent[name][-1]}", err=True)
    report = {**described(backend), "budget": budget, **dataclasses.asdict(chosen), "runs": spent}
    output.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n")
    output.write_text(markdown(report) + "\n")
    click.echo(markdown(report))


def measure(row, budget, seed, run1084):
    """Train one row and test it on two new objects: dict of figures."""
    import keras

    training = side_by_side([image(row, run1084, budget.step_px, 100 * seed + i) for i in range(budget.images)])
    keras.backend.clear_session()
    groups = PATTERNS_A_STEP // row.group_side**2
    trained, cost = train(training, group_side=row.group_side, single_shot=row.seen_alone, batch_size=groups,
                          epochs=budget.epochs, seed=seed)  # fmt: skip
    scans = testing(row, seed, run1084)
    tested = {name: test(trained.model, scans, passes=passes) for name, passes in OURS.items()}
    return cost | {name: rounded(figures) for name, figures in tested.items()}


def measure_untrained(row, budget, seed, run1084):
    """Reconstruct the new objects of one row without training: dict of figures."""
    scans = testing(row, seed, run1084)
    began = time.perf_counter()
    figures = rounded(test_untrained(scans))
    return {"pattern_steps": 0, "seconds": (time.perf_counter() - began) / len(scans), UNTRAINED: figures}


def rounded(figures):
    """Return figures as they are kept."""
    return {name: round(figure, 4) for name, figure in figures.items()}


def testing(row, seed, run1084):
    """Simulate the scans of two objects to test on: list of Scan."""
    return [image(row, run1084, TEST_STEP_PX, 100 * seed + 50 + i) for i in range(2)]


def image(row, run1084, step_px, seed):
    """Simulate the scan of one image of lines."""
    probe = {"probe": "disc"} if row.probe == "disc" else {"probe": "from-file", "probe_file": run1084}
    return simulate(seed, object="lines", object_size=SIDE, size=row.size, scan="raster", step=float(step_px),
                    photons=PHOTONS, **probe)  # fmt: skip


def side_by_side(scans):
    """Join the scans of several images in one, far enough apart that no group spans two images."""
    import numpy as np

    from ptychopinn.data.scan import Scan

    apart = np.array([0, SIDE + 2 * scans[0].size])
    return Scan(
        patterns=np.concatenate([scan.patterns for scan in scans]),
        positions=np.concatenate([scan.positions + i * apart for i, scan in enumerate(scans)]),
        probe_guess=scans[0].probe,
        name="lines",
    )


def described(backend):
    """Say when, where and with what the figures were measured."""
    import datetime

    import machine

    from ptychopinn.training.bundle import versions

    gpu = machine.GPU_NAMES[backend]()
    return {"date": datetime.date.today().isoformat(), "device": gpu[0] if gpu else machine.processor(),
            "cores": machine.cores(), "backend": backend, "versions": versions()}  # fmt: skip


def markdown(report):
    """Write the table: a row of upstream's figures and one of ours for each row of the publication."""
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    lines = [
        f"{report['date']}; {report['device']}, {report['cores']} cores, {report['backend']}; {versions}.",
        f"Budget {report['budget']}: {report['images']} training image(s), raster of {report['step_px']:g} pixels, "
        f"{report['epochs']} epochs; median over seeds. Upstream: 2 images, 4 pixels, 60 epochs.",
        "",
        "| | | " + " | ".join(STATED.values()) + " | pattern-steps | training, or passes of a scan, s |",
        "|---|---|" + "---:|" * (len(STATED) + 2),
    ]
    for name, runs in report["runs"].items():
        upstream = [f"{ROWS[name].upstream[key]:.3g}" if key in ROWS[name].upstream else "-" for key in STATED]
        cost = f"{UPSTREAM_STEPS:,}" if ROWS[name].size == 64 else "-"
        lines.append(f"| {ROWS[name].name} | upstream | {' | '.join(upstream)} | {cost} | - |")
        steps, seconds = (statistics.median(run[key] for run in runs) for key in ("pattern_steps", "seconds"))
        for judged in (name for name in (*OURS, UNTRAINED) if name in runs[0]):
            ours = [f"{statistics.median(run[judged][key] for run in runs):.3g}" for key in STATED]
            lines.append(f"| | {judged} | {' | '.join(ours)} | {steps:,.0f} | {seconds:,.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
