"""Resolution and error foretold for four times the photons, against what four times the photons bring.

Scans of 256 patterns of 32 x 32 pixels, each dose with its own noise; probe known. `python benchmarks/forecast.py`.
"""

import os

import click
import machine
from markdown_tables import table
from trust import against_truth, reconstructed

SIZE, STEP, SIDE, CURVATURE_RAD = 32, 7, 144, 1.5
TIMES = 4.0

COLUMNS = {"frc50": "FRC50", "foretold": "foretold at 4 times", "found": "found", "ratio": "ratio",
           "error": "complex error", "error_ratio": "error foretold, times", "error_found": "found, times"}  # fmt: skip


@click.command(context_settings={"max_content_width": 100}, help=__doc__)
@click.option("--object", "drawings", multiple=True, default=("lines", "dead_leaves"), show_default=True)
@click.option("--doses", type=click.IntRange(min=2), default=6, show_default=True, help="From 1e3, times four.")
@click.option("--seeds", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--backend", type=click.Choice(machine.BACKENDS), default="torch", show_default=True)
def main(drawings, doses, seeds, backend):
    """Write one table, a row a scan and dose."""
    os.environ.update(machine.environment(backend, "cpu"))
    found = {}
    for drawn in drawings:
        for seed in range(seeds):
            told = [measured(drawn, 1e3 * TIMES**number, seed, number) for number in range(doses)]
            for number, (now, then) in enumerate(zip(told, told[1:])):
                name = f"{drawn} {1e3 * TIMES**number:.0e}, seed {seed}"
                found[name] = compared(now, then)
                click.echo(f"{name}: {found[name]}", err=True)
    click.echo(table("scan", COLUMNS, found, lambda row, key: f"{row[key]:.3g}"))


def measured(drawn, photons, seed, number):
    """Return the Resolution of a simulated scan, what is foretold of it, and its true error."""
    from ptychopinn.evaluation.error_bars import with_error_bars
    from ptychopinn.evaluation.forecast import forecast
    from ptychopinn.evaluation.resolution import resolution
    from ptychopinn.simulation import objects, probes, scans

    truth = objects.transmission(objects.OBJECTS[drawn](SIDE, seed))
    positions = scans.jittered_raster(truth.shape, SIZE, STEP, seed=seed, margin=1)
    probe = probes.gaussian(SIZE, curvature=CURVATURE_RAD)
    scan = scans.simulate(truth, probe, positions, photons=photons, seed=100 * seed + number)
    found = reconstructed(scan, True)
    judged = resolution(found)
    return judged, forecast(judged, (TIMES,)), against_truth(with_error_bars(found), found, scan)["error"]


def compared(now, then):
    """Return the figures of `COLUMNS` of a scan, and one of four times its photons."""
    judged, (foretold,), error = now
    return {
        "frc50": judged.frc50, "foretold": foretold.frc50, "found": then[0].frc50,
        "ratio": foretold.frc50 / then[0].frc50, "error": error, "error_ratio": foretold.error,
        "error_found": then[2] / error,
    }  # fmt: skip


if __name__ == "__main__":
    main()
