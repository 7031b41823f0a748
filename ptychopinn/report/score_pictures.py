"""Reconstructions beside the truth as pictures: panels on common colour scales, and ring correlations."""

import io
import typing
from collections.abc import Mapping

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from ptychopinn.evaluation.against_truth import Score
from ptychopinn.evaluation.metrics import parts, wrap
from ptychopinn.evaluation.ring_correlation import SEVENTH
from ptychopinn.report.colours import Scale, around_zero, middle, of_phase

NANO = 1e9
PLAIN: typing.Any = {"text.parse_math": False}
"""Names of files are no formulas, whatever dollars they hold."""


@matplotlib.rc_context(PLAIN)
def panels(scores: Mapping[str, Score], reference: str = "truth", difference: bool = False) -> Figure:
    """Draw reconstructions and what they are compared with side by side, amplitude above phase, each on one scale.

    Args:
        scores: dict from name to Score, all on one region.
        reference: str. Name of the truth.
        difference: bool. Whether to draw the last reconstruction's difference from the truth too.

    Returns:
        matplotlib Figure.
    """
    columns = len(scores) + 1 + difference
    figure = Figure(figsize=(3.6 * columns + 0.6, 6.6), layout="constrained")
    top, bottom, left, right = next(iter(scores.values())).region
    extent = (left - 0.5, right - 0.5, bottom - 0.5, top - 0.5)
    split = {name: parts(score.image, score.truth) for name, score in scores.items()}
    rows: typing.Any = (("amplitude", "amplitude", middle, np.asarray), ("phase", "phase / rad", of_phase, wrap))
    for axes, (part, words, scale_of, shown) in zip(figure.subplots(2, columns), rows):
        images = {name: pairs[part][0] for name, pairs in split.items()}
        last, truth = list(split.values())[-1][part]
        for place, (name, image) in zip(axes, (images | {reference: truth}).items()):
            painted = _paint(place, name, shown(image), scale_of(truth), extent)
        figure.colorbar(painted, ax=axes[: len(images) + 1], label=words)
        if difference:
            painted = _paint(axes[-1], "difference", last - truth, around_zero(last - truth), extent)
            figure.colorbar(painted, ax=axes[-1], label=words)
    figure.supxlabel("x / px")
    figure.supylabel("y / px")
    return figure


def png(figure: Figure, **settings: typing.Any) -> bytes:
    """Return a matplotlib Figure as the bytes of a PNG; the settings are those of `savefig`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", **settings)
    return buffer.getvalue()


def _paint(
    axes: typing.Any, title: str, image: np.ndarray, scale: Scale, extent: tuple[float, float, float, float]
) -> typing.Any:
    axes.set_title(title)
    return axes.imshow(image, vmin=scale.low, vmax=scale.high, cmap=scale.colours, extent=extent, interpolation="none")


@matplotlib.rc_context(PLAIN)
def curves_of_one(score: Score) -> Figure:
    """Draw the ring correlations of complex image, amplitude and phase."""
    figure, axes = _ring_axes(score)
    for key, name in (("frc", "complex"), ("frc_amplitude", "amplitude"), ("frc_phase", "phase")):
        if np.isfinite(score.curves[key]).all():
            axes.plot(score.curves["frequency"], score.curves[key], label=name)
    axes.legend()
    return figure


@matplotlib.rc_context(PLAIN)
def curves_of_many(scores: Mapping[str, Score]) -> Figure:
    """Draw the ring correlations of several complex images, on one region."""
    figure, axes = _ring_axes(next(iter(scores.values())))
    for name, score in scores.items():
        axes.plot(score.curves["frequency"], score.curves["frc"], label=name)
    axes.legend()
    return figure


def _ring_axes(score: Score) -> tuple[Figure, typing.Any]:
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.subplots()
    grey: typing.Any = {"color": "0.5", "linewidth": 1}
    axes.plot(score.curves["frequency"], score.curves["half_bit"], linestyle="--", label="half-bit threshold", **grey)
    for level, name in ((0.5, "0.5"), (SEVENTH, "1/7")):
        axes.axhline(level, linestyle=":", **grey)
        axes.text(0.5, level, f" {name}", va="center", color="0.4")
    axes.set(xlim=(0, 0.5), ylim=(-0.1, 1.05), xlabel="spatial frequency / (cycles/px)",
             ylabel="Fourier ring correlation")  # fmt: skip
    if score.pixel_size_m:
        period = score.pixel_size_m * NANO
        above = axes.secondary_xaxis("top")
        above.set_xticks([0.1, 0.2, 0.3, 0.4, 0.5], [f"{period / tick:.3g}" for tick in (0.1, 0.2, 0.3, 0.4, 0.5)])
        above.set_xlabel("full period / nm")
    return figure, axes
