"""What a reconstruction says of itself against what is true: resolution from one scan, and error bars.

The resolution from one scan, by two halves of its photons, against that of two independent scans of the full dose; the
true error over the error bar, and how well blocks of 8 x 8 pixels are ranked by it. See `--help`.
"""

import json
import os
import pathlib
import time

import click
import machine
from markdown_tables import table
from quality_rows import DRAWINGS, Row, simulate

SIDE = 8
"""Of a block, in pixels."""

COLUMNS = {"frc50": "FRC50, one scan", "frc50_two": "two scans", "frc50_ratio": "ratio",
           "half_bit_ratio": "half-bit, ratio", "cost": "cost, plain runs", "error": "complex error",
           "error_ratio": "error / error bar", "rank": "rank correlation",
           "dose_ratio": "error / that of the dose alone"}  # fmt: skip


@click.command(context_settings={"max_content_width": 100}, help=__doc__)
@click.option("--grid", type=click.IntRange(min=6), default=14, show_default=True, help="Positions along a side.")
@click.option("--photons", "doses", type=float, multiple=True, default=(1e3, 1e4, 1e5, 1e6, 1e7), show_default=True)
@click.option("--backend", type=click.Choice(machine.BACKENDS), default="jax", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--quick", is_flag=True, help="One small scan: to see that it runs.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), help="JSON of all figures.")
def main(grid, doses, backend, seed, quick, output):
    """Write one table, a row a scan."""
    os.environ.update(machine.environment(backend, "cpu"))
    rows = [Row(drawn, photons, grid=(grid, grid)) for drawn in DRAWINGS for photons in doses]
    found = {}
    for row in [Row("lines", 1e5, size=32, grid=(8, 8))] if quick else rows:
        found[row.name] = measure(row, seed)
        click.echo(f"{row.name}: {found[row.name]}", err=True)
        if output:
            output.write_text(json.dumps(found, indent=2) + "\n")
    click.echo(table("row", COLUMNS, found, lambda row, key: f"{row[key]:.3g}"))


def measure(row, seed):
    """Return the figures of `COLUMNS` for the scan of a row."""
    from ptychopinn.evaluation.against_truth import score
    from ptychopinn.evaluation.error_bars import with_error_bars
    from ptychopinn.evaluation.resolution import resolution

    scan = simulate(row, seed)
    plain = reconstructed(scan, False)  # which compiles, too
    seconds = []
    for asked in (False, True):
        began = time.process_time()
        found = reconstructed(scan, asked)
        seconds.append(time.process_time() - began)
    other = reconstructed(again(scan, seed + 1000), False)
    two = score(plain, other).figures
    one = resolution(found)
    return {
        "frc50": one.frc50, "frc50_two": two["frc50_complex"], "frc50_ratio": one.frc50 / two["frc50_complex"],
        "half_bit_ratio": one.half_bit / two["frc_half_bit_complex"], "cost": seconds[1] / seconds[0],
        **against_truth(with_error_bars(found), found, scan),
    }  # fmt: skip


def reconstructed(scan, resolution):
    """Reconstruct a scan whose probe is known."""
    from ptychopinn import ReconstructionParams, reconstruct

    return reconstruct(scan, params=ReconstructionParams(refine_probe=False, resolution=resolution))


def again(scan, seed):
    """Expose the object of a simulated scan once more, at the same positions, to the same light."""
    from ptychopinn.simulation import scans

    return scans.simulate(scan.object, scan.probe_guess, scan.positions, scan.mean_photons, seed)


def against_truth(measured, by_dose, scan):
    """Compare error bars with the true error: ratios of root mean squares, and the rank correlation of blocks."""
    import numpy as np
    from scipy.stats import spearmanr

    from ptychopinn.data.reconstruction import Reconstruction
    from ptychopinn.evaluation.against_truth import score
    from ptychopinn.evaluation.downscale import block_means
    from ptychopinn.evaluation.registration.fine import crop

    truth = Reconstruction(scan.object, origin=(0, 0), positions=scan.positions, name="truth")
    seen = score(measured, truth, "weight")
    box = tuple(edge - start for edge, start in zip(seen.region, np.repeat(measured.origin, 2)))
    bars, dose = (crop(one.uncertainty, box) ** 2 for one in (measured, by_dose))
    error = np.where(np.isfinite(bars), np.abs(seen.image - seen.truth) ** 2, np.nan)
    bars = np.where(np.isfinite(bars), bars, np.nan)
    blocks = [block_means(square, SIDE).ravel() for square in (error, bars)]
    return {
        "error_ratio": float(np.sqrt(np.nanmean(error) / np.nanmean(bars))),
        "rank": float(spearmanr(*blocks, nan_policy="omit").statistic),
        "dose_ratio": float(np.sqrt(np.nanmean(error) / np.mean(dose))),
        "error": seen.figures["nrmse_complex"],
    }


if __name__ == "__main__":
    main()
