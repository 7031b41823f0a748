"""What few patterns foretell of a scan, against what `reconstruct --resolution` of all of it then says.

Scans of 400 patterns of 64 x 64 pixels (`quality_rows.py`), told with the probe that they were made with, which
passes move. `python benchmarks/enough.py`.
"""

import dataclasses
import os
import time

import click
import machine
import numpy as np
from markdown_tables import table
from quality_rows import DRAWINGS, Row, simulate

COLUMNS = {"foretold": "FRC50 foretold", "found": "found", "ratio": "ratio", "error_foretold": "error foretold",
           "error_found": "found", "error_ratio": "ratio", "seconds": "s of the forecast",
           "whole_s": "of the whole"}  # fmt: skip


@click.command(context_settings={"max_content_width": 100}, help=__doc__)
@click.option("--photons", "doses", type=float, multiple=True, default=(1e4, 1e5, 1e6), show_default=True)
@click.option("--grid", type=click.IntRange(min=12), default=20, show_default=True, help="Positions along a side.")
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--more", type=click.FloatRange(min=1), default=4.0, show_default=True,
              help="Times the photons whose forecast is compared too.")  # fmt: skip
@click.option("--backend", type=click.Choice(machine.BACKENDS), default="torch", show_default=True)
def main(doses, grid, seeds, more, backend):
    """Write one table, a row a scan, and one a scan of more photons."""
    os.environ.update(machine.environment(backend, "cpu"))
    found = {}
    for seed in range(seeds):
        for row in (Row(drawn, photons, grid=(grid, grid)) for drawn in DRAWINGS for photons in doses):
            for name, figures in measured(row, seed, more):
                found[f"{row.name}, seed {seed}{name}"] = figures
                click.echo(f"{row.name}, seed {seed}{name}: {figures}", err=True)
    click.echo(table("scan", COLUMNS, found, lambda row, key: f"{row[key]:.3g}"))


def measured(row, seed, more):
    """Yield `(name, figures)` of a scan, and of one of more photons: `COLUMNS`."""
    from ptychopinn import enough

    scan, began = simulate(row, seed), time.process_time()
    told = enough(scan, doses=() if more == 1 else (more,))
    seconds = time.process_time() - began
    for one in told.forecasts:
        again = dataclasses.replace(row, photons=row.photons * one.dose)
        whole, error, whole_s = of_whole(scan if one.dose == 1 else simulate(again, seed))
        yield "" if one.dose == 1 else f", {one.dose:g} times", {
            "foretold": one.frc50, "found": whole, "ratio": one.frc50 / whole,
            "error_foretold": one.error * told.error, "error_found": error,
            "error_ratio": one.error * told.error / error, "seconds": seconds, "whole_s": whole_s,
        }  # fmt: skip


def of_whole(scan):
    """Return FRC50 of a scan, the error that it tells, and the seconds that they took."""
    from ptychopinn import ReconstructionParams, reconstruct, resolution
    from ptychopinn.evaluation.error_bars import with_error_bars
    from ptychopinn.evaluation.registration.fine import crop

    began = time.process_time()
    found = reconstruct(scan, params=ReconstructionParams(resolution=True))
    judged = resolution(found)
    bars = crop(with_error_bars(found).uncertainty, judged.region)
    seconds = time.process_time() - began
    return judged.frc50, float(np.sqrt(np.mean(bars[np.isfinite(bars)] ** 2))), seconds


if __name__ == "__main__":
    main()
