"""Judgements as pictures: aligned panels on common colour scales, and ring correlations."""

import numpy as np
from matplotlib.figure import Figure

from ptychopinn.evaluation.metrics import parts, wrap
from ptychopinn.evaluation.ring_correlation import SEVENTH

NANO = 1e9
FULL_TURN = 5.5
"""Radians: phases that span more wrap, and are drawn in a cyclic colour map."""


def panels(scores, reference="truth", difference=False):
    """Draw reconstructions and what they are compared with side by side, amplitude above phase, each on one scale.

    Args:
        scores: dict from name to Score, all on one region.
        reference: str. Name of the truth.
        difference: bool. Whether to draw the last reconstruction's difference from the truth too.
    """
    split = {name: parts(score.image, score.truth) for name, score in scores.items()}
    last = list(split)[-1]
    columns = len(scores) + 1 + difference
    figure = Figure(figsize=(3.6 * columns + 0.6, 6.6), layout="constrained")
    first = next(iter(scores.values()))
    top, bottom, left, right = first.region
    extent = (left - 0.5, right - 0.5, bottom - 0.5, top - 0.5)
    for axes, (part, unit) in zip(figure.subplots(2, columns), (("amplitude", ""), ("phase", " / rad"))):
        truth = split[last][part][1]
        images = {name: images[part][0] for name, images in split.items()} | {reference: truth}
        low, high = limits(truth)
        colours = "twilight" if part == "phase" and high - low > FULL_TURN else "gray"
        for place, (name, image) in zip(axes, images.items()):
            image = wrap(image) if part == "phase" else image
            shown = place.imshow(image, vmin=low, vmax=high, cmap=colours, extent=extent, interpolation="none")
            place.set_title(name)
        figure.colorbar(shown, ax=axes[: len(images)], label=part + unit)
        if difference:
            change = images[last] - truth
            reach = max(np.percentile(np.abs(change), 99.5), 1e-6)
            shown = axes[-1].imshow(change, vmin=-reach, vmax=reach, cmap="RdBu", extent=extent, interpolation="none")
            axes[-1].set_title("difference")
            figure.colorbar(shown, ax=axes[-1], label=part + unit)
    figure.supxlabel("x / px")
    figure.supylabel("y / px")
    return figure


def limits(truth):
    """Return the values that the colour scale ends at: the middle 99 % of the truth, and some width if it is flat."""
    low, high = np.percentile(truth, (0.5, 99.5))
    return (low, high) if high - low > 1e-3 else (low - 0.1, high + 0.1)


def curves_of_one(score):
    """Draw the ring correlations of complex image, amplitude and phase."""
    figure, axes = _ring_axes(score)
    for key, name in (("frc", "complex"), ("frc_amplitude", "amplitude"), ("frc_phase", "phase")):
        if np.isfinite(score.curves[key]).all():
            axes.plot(score.curves["frequency"], score.curves[key], label=name)
    axes.legend()
    return figure


def curves_of_many(scores):
    """Draw the ring correlations of several complex images, on one region."""
    figure, axes = _ring_axes(next(iter(scores.values())))
    for name, score in scores.items():
        axes.plot(score.curves["frequency"], score.curves["frc"], label=name)
    axes.legend()
    return figure


def _ring_axes(score):
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.subplots()
    grey = {"color": "0.5", "linewidth": 1}
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
