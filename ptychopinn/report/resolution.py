"""How fine the detail is that the photons support: ring correlation of two halves, and the map of its local kind."""

from collections.abc import Sequence

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.forecast import Forecast
from ptychopinn.evaluation.regions import Region
from ptychopinn.evaluation.resolution import THRESHOLDS, Resolution
from ptychopinn.evaluation.ring_correlation import NYQUIST, SEVENTH
from ptychopinn.report.blocks import Block, Gallery, Plot, Section, Table, Tile
from ptychopinn.report.colours import Scale
from ptychopinn.report.images import limit_size, paint
from ptychopinn.report.pictures import well_seen
from ptychopinn.report.plots import drawing
from ptychopinn.report.viewer import colour_key
from ptychopinn.report.words import metres

WORDS = {"frc50": "FRC above 0.5", "half_bit": "FRC above half-bit", "seventh": "FRC above 1/7"}


def resolution_section(
    resolution: Resolution, reconstruction: Reconstruction, forecast: Sequence[Forecast] = (),
    regions: Sequence[Region] = (),
) -> Section:  # fmt: skip
    """Show a `Resolution`: its curves and thresholds, what more photons would bring, and where detail is finer."""
    note = (
        "The photons were dealt out at random to two halves, each reconstructed by itself; how far the two agree tells "
        "the resolution of all photons together (two scans of the full dose would agree so far). Both halves share "
        f"{', '.join(resolution.shared)}: errors of these do not show here."
    )
    rows = [(WORDS[name], f"{getattr(resolution, name):.4f} / px", period(resolution, name)) for name in THRESHOLDS]
    table = Table("Finest detail", rows, ("", "frequency", "full period"))
    more = more_photons(forecast, resolution.pixel_size_m)
    more += by_region(regions)
    blocks: list[Block] = [*curves_of(resolution), table, *more, *local_map(resolution, reconstruction)]
    return Section("resolution", "Resolution", note, blocks)


def period(resolution: Resolution, threshold: str) -> str:
    """Write the full period at a threshold, in metres where the pixel is known."""
    frequency, period_m = getattr(resolution, threshold), resolution.period_m(threshold)
    if not frequency:
        return "nothing agrees"
    return f"{1 / frequency:.3g} px" + (f", {metres(period_m)}" if period_m else "")


def more_photons(forecasts: Sequence[Forecast], pixel_size_m: float | None) -> list[Table]:
    """List what more photons would bring: by longer exposures, or by a step that is narrower by the root of it."""
    rows = []
    for one in forecasts:
        period = _foretold(one, pixel_size_m)
        rows.append((f"× {one.dose:g}", f"× {one.dose**-0.5:.2g}", period, f"× {one.error:.2f}"))
    head = "photons", "or step", "FRC 0.5", "error"
    return [Table("With more photons, as these foretell", rows, head)] if rows else []


def by_region(regions: Sequence[Region]) -> list[Table]:
    """List resolution, and what more photons would bring, where detail is finest and where it is coarsest."""
    if not regions:
        return []
    rows = []
    for name, one in zip(("finest", "coarsest"), regions):
        top, bottom, left, right = one.resolution.region
        told = [_foretold(each, one.resolution.pixel_size_m) for each in one.forecasts] or ["not told"]
        rows.append((name, f"{top} … {bottom}, {left} … {right}", period(one.resolution, "frc50"), *told))
    doses = [f"photons × {each.dose:g}" for each in regions[0].forecasts or regions[1].forecasts]
    return [Table("By region, at FRC 0.5", rows, ("", "rows, columns / px", "now", *doses))]


def _foretold(one: Forecast, pixel_size_m: float | None) -> str:
    metric = f", {metres(pixel_size_m / one.frc50)}" if pixel_size_m else ""
    return f"{1 / one.frc50:.3g} px{metric}" + (", the pixels' limit" if one.frc50 >= NYQUIST else "")


def curves_of(resolution: Resolution) -> list[Plot]:
    """Draw the ring correlation of the halves, and of the full dose, with the thresholds."""
    plots: list[Plot] = []
    curves = resolution.curves
    with drawing(plots, "Fourier ring correlation of two halves of the photons", "Dots: where it crosses.") as axes:
        axes.plot(curves["frequency"], curves["full"], label="full dose")
        axes.plot(curves["frequency"], curves["halves"], label="the halves", linewidth=1, color="0.6")
        axes.plot(curves["frequency"], curves["half_bit"], label="half-bit", linewidth=1, linestyle="--", color="0.3")
        axes.axhline(0.5, linewidth=0.8, linestyle=":", color="0.3")
        axes.axhline(SEVENTH, linewidth=0.8, linestyle=":", color="0.3")
        half_bit = np.interp(resolution.half_bit, curves["frequency"][1:], curves["half_bit"][1:])
        axes.plot(
            [resolution.frc50, resolution.half_bit, resolution.seventh], [0.5, half_bit, SEVENTH], "o", color="tab:red"
        )
        axes.set(xlabel="cycles / px", ylabel="FRC", xlim=(0, 0.5), ylim=(-0.1, 1.05))
        axes.legend()
    return plots


def local_map(resolution: Resolution, reconstruction: Reconstruction) -> list[Gallery]:
    """Paint the local resolution where the object was well seen."""
    periods = resolution.local[well_seen(reconstruction.weight)]
    if not np.isfinite(periods).any():
        return []
    low, high = (float(extreme) for extreme in np.nanpercentile(periods, (1, 99)))
    scale = Scale("viridis_r", low, max(high, 1.01 * low))
    tile = Tile(((paint(limit_size(periods), scale), "full period of the finest detail around each pixel"),), "Local")
    key = colour_key("full period at FRC 0.5, pixels", scale)
    return [Gallery("Where detail is fine", [tile], (key,))]
