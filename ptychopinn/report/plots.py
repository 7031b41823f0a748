"""Curves and maps of a run, drawn as SVG for the page."""

import contextlib
import io
from collections.abc import Iterator
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.reconstruction.stitching import outward
from ptychopinn.report.blocks import Plot
from ptychopinn.report.images import data_uri

STYLE: Any = {
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3,
    "axes.axisbelow": True, "lines.linewidth": 1.6, "legend.frameon": False,
}  # fmt: skip


def embed(figure: Figure, alt: str, caption: str = "") -> Plot:
    """Return a matplotlib figure as a `Plot`."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "ptychopinn"}):
        figure.savefig(buffer, format="svg", transparent=True, dpi=150, bbox_inches="tight", metadata={"Date": None})
    return Plot(data_uri(buffer.getvalue(), "image/svg+xml"), alt, caption)


@contextlib.contextmanager
def drawing(plots: list[Plot], alt: str, caption: str = "", size: tuple[float, float] = (4.4, 3.0)) -> Iterator[Any]:
    """Yield the axes of a figure, and append it to `plots` as a `Plot` when it is drawn."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        yield figure.subplots()
        plots.append(embed(figure, alt, caption))


def curves_of_training(history: list[dict[str, float]]) -> list[Plot]:
    """Draw loss, R-factor and learning rate against the epoch, those that there are, with those of the validation.

    Args:
        history: list of dicts, one per epoch, as in `history.csv`.
    """
    plots: list[Plot] = []
    epochs = [row["epoch"] for row in history]
    for name, words in (("loss", "loss"), ("r_factor", "R-factor"), ("learning_rate", "learning rate")):
        if name not in history[0]:
            continue
        with drawing(plots, f"{words} by epoch", size=(3.6, 2.6)) as axes:
            for key, label in ((name, "training"), (f"val_{name}", "validation")):
                if key in history[0]:
                    axes.plot(epochs, [row[key] for row in history], label=label, marker="o", markersize=2.5)
            if name != "r_factor" and min(row[name] for row in history) > 0:
                axes.set_yscale("log")
            axes.set(xlabel="epoch", title=words)
            axes.xaxis.get_major_locator().set_params(integer=True)
            if f"val_{name}" in history[0]:
                axes.legend()
    return plots


def map_of_scan(reconstruction: Reconstruction, box: tuple[slice, slice], footprint: np.ndarray) -> list[Plot]:
    """Draw the positions over the weight map, and the probe's footprint at the one nearest to the middle.

    Args:
        reconstruction: Reconstruction with weight, origin and positions.
        box: `(rows, columns)` slices of the object that was well seen.
        footprint: bool array `(y, x)`: where the probe is bright.
    """
    plots: list[Plot] = []
    (rows, columns), (top, left) = box, np.asarray(reconstruction.origin)
    positions = np.asarray(reconstruction.positions)
    height, width = reconstruction.weight.shape
    extent = (left - 0.5, left + width - 0.5, top + height - 0.5, top - 0.5)
    y, x = positions.T
    centre = positions[outward(positions)[0]]
    side = np.arange(footprint.shape[0]) - footprint.shape[0] // 2
    with drawing(plots, "scan positions over the light that the object received, with the probe's footprint",
                 "Dots: positions. Grey: light received. Outline: the probe at one position. Dashes: the box shown "
                 "above.", size=(5.2, 4.6)) as axes:  # fmt: skip
        shown = axes.imshow(
            reconstruction.weight,
            extent=extent,
            cmap="Greys",
            interpolation="none",
            vmin=0,
            vmax=1.5 * reconstruction.weight.max(),
        )
        axes.figure.colorbar(shown, ax=axes, label="light, in peaks of one probe")
        axes.scatter(x, y, s=max(1.0, min(12.0, 4000 / len(x))), color="tab:blue", linewidths=0, rasterized=True)
        axes.contour(side + centre[1], side + centre[0], footprint, levels=[0.5], colors="tab:red")
        axes.plot(
            np.array([columns.start, columns.stop, columns.stop, columns.start, columns.start]) + left - 0.5,
            np.array([rows.start, rows.start, rows.stop, rows.stop, rows.start]) + top - 0.5,
            color="0.4", linestyle="--", linewidth=0.8,
        )  # fmt: skip
        axes.set(xlabel="x / px", ylabel="y / px", aspect="equal")
        axes.grid(False)
    return plots


def plots_of_fit(positions: np.ndarray, by_pattern: np.ndarray) -> list[Plot]:
    """Draw how the R-factors of patterns are spread, and where the badly fitted ones lie."""
    plots: list[Plot] = []
    with drawing(plots, "histogram of the patterns' R-factors", "How many patterns are fitted how well.") as axes:
        axes.hist(by_pattern, bins=min(40, max(8, len(by_pattern) // 10)), color="tab:blue")
        axes.axvline(np.median(by_pattern), color="tab:red", linewidth=1, label=f"median {np.median(by_pattern):.3g}")
        axes.set(xlabel="R-factor", ylabel="patterns")
        axes.legend()
    with drawing(plots, "R-factor of each pattern at its position", "Where they lie.") as axes:
        shown = axes.scatter(positions[:, 1], positions[:, 0], c=by_pattern, cmap="viridis_r", linewidths=0,
                             s=max(2.0, min(30.0, 6000 / len(positions))), rasterized=True,
                             vmax=np.percentile(by_pattern, 99))  # fmt: skip
        axes.figure.colorbar(shown, ax=axes, label="R-factor")
        axes.set(xlabel="x / px", ylabel="y / px", aspect="equal")
        axes.invert_yaxis()
    return plots
