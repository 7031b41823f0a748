"""The parts of a page: object, scan, probe, fit and training, each as a titled section."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ptychopinn.data.grouping import overlap_of, spacing
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.region import well_lit
from ptychopinn.physics.probes import BRIGHT, diameter, footprint
from ptychopinn.report.blocks import Gallery, Key, Section, Table, Tile
from ptychopinn.report.colours import Scale, from_zero
from ptychopinn.report.fit import Fit
from ptychopinn.report.images import limit_size, paint, paint_bar, paint_complex
from ptychopinn.report.pictures import known_error, seen_of, well_seen
from ptychopinn.report.plots import curves_of_training, map_of_scan, plots_of_fit
from ptychopinn.report.viewer import colour_key, view, wheel_key
from ptychopinn.report.words import mark, metres, number

ERRORS = {"uncertainty": "object", "amplitude_uncertainty": "amplitude", "phase_uncertainty": "phase / rad"}
KNOWN_BY = {
    "patches": "by how much the network's overlapping patches disagree, errors that all share left out",
    "dose": "by the photons that fell on each pixel, which know nothing of a wrong probe or unfinished passes "
    "(--resolution measures it)",
    "halves": "as two halves of the photons measure it: in what they differ, and what more photons and passes changed",
}
"""What a standard error is known by."""

DECADES = 5
"""Patterns are shown over at most so many powers of ten."""


def object_section(reconstruction: Reconstruction, note: str = "") -> Section:
    """Show a reconstruction's object where it was well seen."""
    rows, columns = well_seen(reconstruction.weight)
    image = np.where(well_lit(reconstruction)[rows, columns], reconstruction.straight[rows, columns], np.nan)
    top, left = (0, 0) if reconstruction.origin is None else reconstruction.origin
    viewer = view({"": image}, (top + rows.start, left + columns.start), reconstruction.pixel_size_m)
    words = "The complex transmission, its phase ramp removed; pixels that received little light are blank."
    return Section("object", "Object", f"{words} {note}".strip(), [viewer])


def uncertainty_section(reconstruction: Reconstruction) -> Section:
    """Show the standard error of the object, of its amplitude and of its phase, and say how it is known."""
    error = known_error(reconstruction)
    known = KNOWN_BY[reconstruction.record.get("uncertainty", "patches")]
    note = f"Standard error of the complex transmission, {known}: median {np.nanmedian(error):.3g}."
    tiles, keys = [], []
    for name, quantity in ERRORS.items():
        values = getattr(reconstruction, name)
        if values is None:
            continue
        values = np.where(np.isfinite(error), seen_of(reconstruction, values), np.nan)
        scale = from_zero(values)
        words = f"standard error of the {quantity}"
        tiles.append(Tile(((paint(limit_size(values), scale), words),), f"Of the {quantity}"))
        keys.append(colour_key(words, scale))
    return Section("uncertainty", "Uncertainty", note, [Gallery("", tiles, tuple(keys))])


def scan_section(reconstruction: Reconstruction) -> Section:
    """Show where the probe went, and how much its places overlap."""
    probe, positions = np.asarray(reconstruction.probe), np.asarray(reconstruction.positions)
    low, high = positions.min(axis=0), positions.max(axis=0)
    rows = [("positions", number(len(positions))),
            ("extent", f"{high[0] - low[0]:.1f} × {high[1] - low[1]:.1f} px"),
            ("probe's diameter", f"{diameter(probe):.1f} px (above {BRIGHT:.0%} of its peak intensity)")]  # fmt: skip
    if len(positions) > 1:
        rows += [("step", f"{spacing(positions):.1f} px to the nearest neighbour (median)"),
                 ("overlap", f"{overlap_of(positions, probe):.0%} of the diameter")]  # fmt: skip
    if reconstruction.pixel_size_m:
        rows.append(("object pixel", metres(reconstruction.pixel_size_m)))
    drawn = map_of_scan(reconstruction, well_seen(reconstruction.weight), footprint(probe))
    return Section("scan", "Scan and overlap", "", [*drawn, Table("", rows)])


def probe_section(probe: np.ndarray, before: np.ndarray | None = None) -> Section:
    """Show the probe's modes, and those of the scan, if they are others."""
    note, tiles = "Each mode twice: phase and modulus, and modulus alone.", modes(probe, "mode")
    if before is not None:
        note = f"{note} Beside it stands the scan's own probe, from which it differs."
        shared = min(len(before), len(probe))
        turn = np.angle(np.sum(np.conj(before[:shared]) * probe[:shared], axis=(1, 2), keepdims=True))
        turned = np.concatenate([before[:shared] * np.exp(1j * turn), before[shared:]])
        tiles = modes(probe, "mode") + modes(turned, "the scan's mode")
    return Section("probe", "Probe", note, [wave_gallery(tiles, "the mode's")])


def modes(probe: np.ndarray, name: str) -> list[Tile]:
    """Paint probe modes as tiles, each on its own scale, with its part of the power."""
    power, tiles = np.sum(np.abs(probe) ** 2, axis=(1, 2)), []
    for index, (mode, part) in enumerate(zip(probe, power / power.sum()), start=1):
        words = f"{name} {index}"
        caption = f"{words}: {part:.1%} of the power, modulus up to {np.abs(mode).max():.3g} √photons"
        tiles.append(wave_tile(mode, words, caption))
    return tiles


def wave_tile(wave: np.ndarray, name: str, caption: str) -> Tile:
    """Paint a wave `(y, x)` twice on its own scale, as phase and modulus and as modulus alone."""
    largest = float(np.abs(wave).max())
    pictures = (
        (paint_complex(wave, largest), f"{name}: phase and modulus"),
        (paint(np.abs(wave), Scale("magma", 0.0, largest)), f"{name}: modulus"),
    )
    return Tile(pictures, caption[0].upper() + caption[1:])


def wave_gallery(tiles: list[Tile], whose: str) -> Gallery:
    """Return tiles of waves with their keys: each is painted relative to the largest modulus of its own."""
    keys = (wheel_key("left, phase as hue and modulus as brightness", 1.0),
            colour_key(f"right, modulus; both as parts of {whose} largest", Scale("magma", 0.0, 1.0)))  # fmt: skip
    return Gallery("", tiles, keys)


def fit_section(fit: Fit) -> Section:
    """Show how well the patterns are explained, and the worst of them beside their predictions."""
    left, some = fit.residual, len(fit.compared) < fit.total
    which = f"{len(fit.compared)} of {fit.total} patterns, evenly drawn," if some else f"All {fit.total} patterns"
    note = (
        f"{which} were compared with what object and probe predict: R-factor {left.r_factor:.4f}, deviance "
        f"{left.deviance_per_photon:.4g} per photon."
    )
    gallery = worst_patterns(fit)
    return Section("fit", "Fit to the patterns", note, [*plots_of_fit(fit.positions, left.by_pattern), gallery])


def worst_patterns(fit: Fit) -> Gallery:
    """Paint the worst patterns beside their predictions, on one logarithmic scale."""
    high, seen = float(np.nanmax(fit.measured)), fit.measured[fit.measured > 0]
    low = max(high / 10**DECADES, float(seen.min()) / 2)
    scale = Scale("inferno", np.log10(low), np.log10(high))
    tiles = []
    for measured, predicted, place in zip(fit.measured, fit.predicted, fit.worst):
        pictures = tuple(
            (paint(np.log10(np.maximum(pattern, low)), scale), f"{words} pattern {fit.compared[place]}")
            for words, pattern in (("measured", measured), ("predicted", predicted))
        )
        y, x = fit.positions[place]
        error = fit.residual.by_pattern[place]
        tiles.append(Tile(pictures, f"Pattern {fit.compared[place]} at y {y:.1f}, x {x:.1f} px: R-factor {error:.3f}"))
    key = logarithmic_key(scale, low, high)
    return Gallery("The worst patterns: measured, left, and predicted, right", tiles, (key,))


def logarithmic_key(scale: Scale, low: float, high: float) -> Key:
    """Return the key of photons painted on a logarithmic scale from `low` to `high`."""
    marks = tuple(map(mark, (low, np.sqrt(low * high), high)))
    return Key(paint_bar(scale), "photons, on a logarithmic scale", marks)


def training_section(history: list[dict[str, float]]) -> Section:
    """Show the losses by epoch."""
    last = history[-1]
    note = f"{len(history)} epochs in {sum(row['seconds'] for row in history):.0f} s, to a loss of {last['loss']:.4g}."
    return Section("training", "Training", note, curves_of_training(history))


def facts_section(facts: Mapping[str, Mapping[str, Any]]) -> Section:
    """List what was run, on what, with which options: a dict of tables, each a dict.

    Args:
        facts: dict from a table's title to a dict of names and values.
    """
    tables = [Table(title, [(name.replace("_", " "), number(value)) for name, value in rows.items()])
              for title, rows in facts.items()]  # fmt: skip
    return Section("run", "Run", "What was run, on what, and with which options.", tables)
