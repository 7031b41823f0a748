"""Reconstructions beside the truth, or beside one another: panels, Fourier ring correlation and figures."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ptychopinn.evaluation.against_truth import Score
from ptychopinn.evaluation.evaluate import Evaluation
from ptychopinn.evaluation.tables import COLUMNS, METRICS, PARTS
from ptychopinn.report.blocks import Block, Plot, Section, Table
from ptychopinn.report.plots import STYLE, embed
from ptychopinn.report.score_pictures import curves_of_many, curves_of_one
from ptychopinn.report.viewer import view
from ptychopinn.report.words import metres, number

ALIKE = "On the same pixels: shift, complex factor and phase ramp, which ptychography cannot know, are taken out."


def truth_section(score: Score, corner: tuple[float, float] | None = None, name: str = "truth") -> Section:
    """Show a `Score`: the two images on the same pixels, their difference, ring correlation and figures.

    Args:
        score: Score.
        corner: `(y, x)` position of the truth's pixel (0, 0), in pixels of the scan, where it is known.
        name: str. What it was compared with. Defaults to `"truth"`.
    """
    images = {"reconstruction": score.image, name: score.truth}
    panes = view(images, corner_of(score, corner), score.pixel_size_m, difference=("reconstruction", name))
    rings = plot_of(curves_of_one, score)
    figures = score.figures
    rows = [(label, *(written(figures.get(f"{key}_{part}")) for part in PARTS)) for label, key in METRICS.items()]
    if "resolution_m" in figures:
        resolution = figures["resolution_m"]
        rows.append(("resolution (FRC 0.5)", metres(resolution) if math.isfinite(resolution) else "–", "", ""))
    return Section("truth", title_of(name), ALIKE, [panes, rings, Table("", rows, ("", *PARTS))])


def comparison_section(
    evaluations: Sequence[Evaluation], reference: str, corner: tuple[float, float] | None = None
) -> Section:
    """Show several `Evaluation`s: all images on the same pixels, their ring correlations, a row of figures for each.

    Args:
        evaluations: list of Evaluation. Those with a score share one region.
        reference: str. What they were compared with.
        corner: `(y, x)` position of the reference's pixel (0, 0), in pixels of the scan, where it is known.
    """
    scores = {one.name: one.score for one in evaluations if one.score is not None}
    first = next(iter(scores.values()))
    images = {name: score.image for name, score in scores.items()} | {reference: first.truth}
    known = {label: key for label, key in COLUMNS.items() if any(key in one.figures for one in evaluations)}
    rows = [(one.name, *(written(one.figures.get(key)) for key in known.values())) for one in evaluations]
    blocks: list[Block] = [
        view(images, corner_of(first, corner), first.pixel_size_m),
        Table("", rows, ("", *known)),
        plot_of(curves_of_many, scores),
    ]
    return Section("comparison", title_of(reference), ALIKE, blocks)


def plot_of(curves: Callable[[Any], Figure], scores: Any) -> Plot:
    """Draw ring correlations in the page's style and size."""
    with matplotlib.rc_context(STYLE):
        figure = curves(scores)
        figure.set_size_inches(5.2, 3.6)
        return embed(figure, "Fourier ring correlation by spatial frequency")


def title_of(reference: str) -> str:
    """Return the title of a comparison with something of this name."""
    return "Against the truth" if reference == "truth" else f"Against {reference}"


def corner_of(score: Score, corner: tuple[float, float] | None) -> tuple[float, float]:
    """Return the position of the first pixel of a score's region, in pixels of the scan."""
    top, left = (0, 0) if corner is None else map(float, corner)
    return top + score.region[0], left + score.region[2]


def written(value: float | None) -> str:
    """Write a figure; a dash where it has no meaning."""
    return number(None if value is None or math.isnan(value) else float(value))
