"""What the passes over a scan did: how well they predict, and what they found besides object and probe."""

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.report.blocks import Plot, Section, Table
from ptychopinn.report.plots import drawing
from ptychopinn.report.words import number

LEGIBLE = 0.05
"""Length of the longest arrow in a map of shifts, as a part of the scan's side, at least."""

NAMES = (
    "probe_propagated_px2", "slices_found_apart_px", "positions_moved_rms_px", "positions_moved_most_px", "mode_powers",
    "flux_least_most",
)  # fmt: skip
"""What a reconstruction's record says of what was found before the passes, and by them."""


def passes_section(reconstruction: Reconstruction, scan: Scan) -> Section:
    """Show the held-out deviance by pass, and the positions and the flux that passes found."""
    record = reconstruction.record
    deviances, kept = record["refinement_deviances"], record["refinement_passes"]
    made = len(deviances) - 1
    judged = "photons that were held out" if scan.measurement == "counts" else "the patterns, which judge themselves,"
    note = f"{made} passes over the scan; {judged} are predicted best after pass {kept}, but for chance: it is kept."
    if record.get("interrupted"):
        note += " They were interrupted."
    plots = [*deviances_by_pass(deviances, kept)]
    if "positions_moved_rms_px" in record:
        plots += map_of_shifts(scan.positions, np.asarray(reconstruction.positions))
    if reconstruction.flux is not None:
        plots += flux_by_pattern(reconstruction.flux)
    found = [(name.replace("_", " "), number(record[name])) for name in NAMES if name in record]
    return Section("passes", "Passes", note, [*plots, *([Table("", found)] if found else [])])


def deviances_by_pass(deviances: list[float], kept: int) -> list[Plot]:
    """Draw the mean deviance of what judges, per photon, at first and after each pass."""
    plots: list[Plot] = []
    with drawing(plots, "deviance of what judges by pass", "How well each pass predicts. Ring: the one kept.") as axes:
        axes.plot(deviances, marker="o", markersize=2.5)
        axes.plot([kept], [deviances[kept]], marker="o", markersize=9, fillstyle="none", color="tab:red")
        axes.set(xlabel="pass", ylabel="deviance / photon")
        if min(deviances) > 0:
            axes.set_yscale("log")
        axes.xaxis.get_major_locator().set_params(integer=True)
    return plots


def map_of_shifts(before: np.ndarray, after: np.ndarray) -> list[Plot]:
    """Draw by how much positions `(pattern, 2)`, pixels, moved: arrows where they were, drawn longer than they are."""
    plots: list[Plot] = []
    shifts = after - before
    longest = float(np.linalg.norm(shifts, axis=1).max())
    factor = max(1.0, LEGIBLE * float(np.ptp(before, axis=0).max()) / longest) if longest else 1.0
    caption = f"By how much positions moved, at most {longest:.3g} px; arrows are {factor:.3g} times as long."
    with drawing(plots, "shifts of the positions", caption, size=(4.6, 4.0)) as axes:
        axes.quiver(before[:, 1], before[:, 0], factor * shifts[:, 1], factor * shifts[:, 0], angles="xy",
                    scale_units="xy", scale=1, width=0.003, color="tab:blue", rasterized=True)  # fmt: skip
        axes.set(xlabel="x / px", ylabel="y / px", aspect="equal")
        axes.margins(0.08)
        axes.invert_yaxis()
    return plots


def flux_by_pattern(flux: np.ndarray) -> list[Plot]:
    """Draw the brightness of each pattern's light `(pattern,)`, 1 on average."""
    plots: list[Plot] = []
    with drawing(plots, "flux by pattern", "The light that each pattern was found to have, in their order.") as axes:
        axes.plot(flux, ".", markersize=3, rasterized=len(flux) > 2000)
        axes.set(xlabel="pattern", ylabel="flux")
    return plots
