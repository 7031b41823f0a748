"""Pictures of a reconstruction as files: panels with axes in pixels and colour bars."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.figure import Figure

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_truth import Score
from ptychopinn.evaluation.region import WELL_LIT, well_lit
from ptychopinn.report.colours import Scale, from_zero, middle, of_phase


@dataclasses.dataclass(frozen=True)
class Panel:
    """A real image `(y, x)` under a title, and the colours that it is painted with."""

    title: str
    image: np.ndarray
    scale: Scale


def well_seen(weight: np.ndarray) -> tuple[slice, slice]:
    """Return the slices `(rows, columns)` of the box that holds all well-seen pixels."""
    seen = weight > WELL_LIT * weight.max()
    rows, columns = (slice(*(np.flatnonzero(seen.any(axis=axis))[[0, -1]] + [0, 1])) for axis in (1, 0))
    return rows, columns


def picture_extent(
    origin: tuple[float, float] | None, rows: slice, columns: slice
) -> tuple[float, float, float, float]:
    """Return matplotlib's extent of a box of the canvas, in pixels of the scan's positions."""
    y, x = (0.0, 0.0) if origin is None else origin
    top, left = y + rows.start - 0.5, x + columns.start - 0.5
    return left, left + columns.stop - columns.start, top + rows.stop - rows.start, top


def draw(panels: Sequence[Panel], extent: tuple[float, float, float, float] | None = None) -> Figure:
    """Draw panels side by side, each with its colour bar.

    Args:
        panels: list of Panel.
        extent: matplotlib's extent, in pixels. Defaults to the images' own.

    Returns:
        matplotlib Figure.
    """
    figure = Figure(figsize=(5.6 * len(panels), 4.8), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels):
        scale = panel.scale
        shown = axes.imshow(
            panel.image, vmin=scale.low, vmax=scale.high, cmap=scale.colours, extent=extent, interpolation="none"
        )
        figure.colorbar(shown, ax=axes)
        axes.set(title=panel.title, xlabel="x / px", ylabel="y / px")
    return figure


def pictures(reconstruction: Reconstruction) -> dict[str, Callable[[], Figure] | None]:
    """Return the pictures of a reconstruction: dict from a file's name to the function that draws it, or None."""
    known = reconstruction.uncertainty is not None
    return {
        "amplitude.png": lambda: of_object(reconstruction, "amplitude", np.abs, middle),
        "phase.png": lambda: of_object(reconstruction, "phase / rad", np.angle, of_phase),
        "probe.png": lambda: of_probe(np.asarray(reconstruction.probe)),
        "uncertainty.png": (lambda: of_uncertainty(reconstruction)) if known else None,
    }


def of_object(
    reconstruction: Reconstruction,
    title: str,
    part: Callable[[np.ndarray], np.ndarray],
    scale_of: Callable[[np.ndarray], Scale],
) -> Figure:
    """Draw a part of the object, its amplitude or its phase, where it was well seen."""
    rows, columns = well_seen(reconstruction.weight)
    lit = well_lit(reconstruction)[rows, columns]
    image = part(np.where(lit, reconstruction.straight[rows, columns], np.nan))
    return draw([Panel(title, image, scale_of(image))], picture_extent(reconstruction.origin, rows, columns))


def of_probe(probe: np.ndarray) -> Figure:
    """Draw the moduli of a probe's modes."""
    return draw([Panel(f"probe mode {i}: modulus", one, middle(one, "magma")) for i, one in enumerate(np.abs(probe))])


def of_uncertainty(reconstruction: Reconstruction) -> Figure:
    """Draw the standard error of the object."""
    error, box = known_error(reconstruction), well_seen(reconstruction.weight)
    return draw([Panel("standard error", error, from_zero(error))], picture_extent(reconstruction.origin, *box))


def known_error(reconstruction: Reconstruction) -> np.ndarray:
    """Return a reconstruction's uncertainty where the object was well seen and patches overlap, NaN elsewhere."""
    error = seen_of(reconstruction, np.asarray(reconstruction.uncertainty))
    return np.where(well_lit(reconstruction)[well_seen(reconstruction.weight)] & np.isfinite(error), error, np.nan)


def seen_of(reconstruction: Reconstruction, values: np.ndarray) -> np.ndarray:
    """Return the part of a map of the whole canvas where the object was well seen."""
    return values[well_seen(reconstruction.weight)]


def comparison(score: Score) -> Figure:
    """Draw reconstruction and truth, amplitude and phase, each pair on the truth's scale."""
    mean = np.exp(-1j * np.angle(np.mean(score.truth)))
    panels = []
    for name, part, scale_of in (("amplitude", np.abs, middle), ("phase / rad", np.angle, of_phase)):
        image, truth = part(score.image * mean), part(score.truth * mean)
        scale = scale_of(truth)
        panels += [Panel(f"{name}: reconstruction", image, scale), Panel(f"{name}: truth", truth, scale)]
    return draw(panels)
