"""What a reconstruction found of the experiment besides object and probe: slices, a varying probe, background."""

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.region import well_lit
from ptychopinn.report.blocks import Gallery, Plot, Section, Tile
from ptychopinn.report.colours import from_zero
from ptychopinn.report.images import limit_size, paint
from ptychopinn.report.pictures import well_seen
from ptychopinn.report.plots import drawing
from ptychopinn.report.sections import wave_gallery, wave_tile
from ptychopinn.report.viewer import colour_key, view
from ptychopinn.report.words import number


def experiment_sections(reconstruction: Reconstruction) -> list[Section]:
    """Return a section for each part of the experiment that was looked for, if any was."""
    sections = []
    if reconstruction.slices is not None:
        sections.append(slices_section(reconstruction, reconstruction.slices))
    if reconstruction.probe_variation is not None:
        weights = np.asarray(reconstruction.probe_weights)
        sections.append(variation_section(reconstruction.probe_variation, weights, np.asarray(reconstruction.probe)))
    if reconstruction.background is not None:
        sections.append(background_section(reconstruction.background))
    return sections


def slices_section(reconstruction: Reconstruction, slices: np.ndarray) -> Section:
    """Show the slices `(slice, y, x)` of a thick object, in the order in which light met them."""
    rows, columns = well_seen(reconstruction.weight)
    lit = well_lit(reconstruction)[rows, columns]
    panes = {
        f"slice {n}": np.where(lit, one[rows, columns] * np.exp(-1j * np.angle(one[rows, columns][lit].mean())), np.nan)
        for n, one in enumerate(slices, start=1)
    }
    top, left = (0, 0) if reconstruction.origin is None else reconstruction.origin
    viewer = view(panes, (top + rows.start, left + columns.start), reconstruction.pixel_size_m)
    note = (
        f"{len(slices)} slices, in the order in which light met them; the object above is their product. Phase that "
        "changes slowly may stand in either."
    )
    return Section("slices", "Slices", note, [viewer])


def variation_section(variation: np.ndarray, weights: np.ndarray, probe: np.ndarray) -> Section:
    """Show how a probe varies over the scan.

    Args:
        variation: complex array `(dimension, mode, y, x)`.
        weights: complex array `(pattern, dimension)`.
        probe: complex array `(mode, y, x)`: the mean one.
    """
    light = float(np.sum(np.abs(probe) ** 2))
    tiles = []
    for n, waves in enumerate(variation, start=1):
        part, words = float(np.sum(np.abs(waves) ** 2)) / light, f"dimension {n}"
        tiles.append(wave_tile(waves[0], words, f"{words}: {100 * part:.3g} % of the mean probe's photons"))
    note = "The probe of a pattern is the mean one and these waves, each times its weight; the first mode's are shown."
    gallery = wave_gallery(tiles, "the")
    return Section("variation", "Variation of the probe", note, [*weights_by_pattern(weights), gallery])


def weights_by_pattern(weights: np.ndarray) -> list[Plot]:
    """Draw the weights `(pattern, dimension)` of a probe's variation in the patterns' order."""
    plots: list[Plot] = []
    caption = "Weights of each dimension, pattern by pattern; their imaginary parts are dotted."
    with drawing(plots, "weights of the probe's variation by pattern", caption) as axes:
        for n, column in enumerate(weights.T, start=1):
            (line,) = axes.plot(column.real, linewidth=1, label=f"dimension {n}")
            axes.plot(column.imag, linewidth=1, linestyle=":", color=line.get_color())
        axes.set(xlabel="pattern", ylabel="weight")
        axes.legend()
    return plots


def background_section(background: np.ndarray) -> Section:
    """Show the photons `(y, x)` that every pattern holds besides the sample's."""
    scale = from_zero(background)
    note = (
        f"Photons that every pattern holds besides the sample's: {number(float(background.sum()))} in all, "
        f"{number(float(np.median(background)))} in a pixel (median)."
    )
    tile = Tile(((paint(limit_size(background), scale), "background of the detector"),), "Background")
    return Section("background", "Background", note, [Gallery("", [tile], (colour_key("photons", scale),))])
