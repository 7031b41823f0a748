"""The page of a scan that was examined: patterns, positions, probe, brightness, and what was found."""

import functools
import pathlib

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.selection import spread
from ptychopinn.doctor.findings import MARKS, Diagnosis, in_words
from ptychopinn.evaluation.foretold import Foretold
from ptychopinn.files import write_all
from ptychopinn.physics.probes import footprint
from ptychopinn.report.blocks import Gallery, Page, Plot, Section, Table, Tile
from ptychopinn.report.colours import Scale
from ptychopinn.report.images import limit_size, paint
from ptychopinn.report.page import render
from ptychopinn.report.plots import drawing
from ptychopinn.report.resolution import more_photons
from ptychopinn.report.sections import DECADES, logarithmic_key, probe_section
from ptychopinn.report.words import mark, metres, number

LOOKED_AT = 256
"""Patterns that mean and maximum are of, spread evenly over the scan."""


FIGURES = {
    "overlap_mean": ("overlap of neighbours, of the probe's diameter", "{:.0%} on average"),
    "overlap_worst": ("the least overlap", "{:.0%}"),
    "probe_diameter_px": ("probe's diameter", "{:.0f} px"),
    "oversampling": ("windows a probe's diameter", "{:.2f}"),
    "duplicated_positions": ("positions that are there before", "{}"),
    "zero_frequency_off_px": ("light beside the middle", "y {:+.1f}, x {:+.1f} px"),
    "variance_over_mean": ("variance over mean (photons: 1)", "{:.2f}"),
    "background_photons_per_px_at_most": ("background, at most", "{:.3g} photons a pixel"),
    "contrast": ("contrast: part of the light that differs", "{:.2g}"),
    "brightness_spread": ("brightness differs by", "{:.1%}"),
    "brightness_last_over_first": ("brightness at the end, of the beginning", "{:.3g}"),
}
"""What figures are called, and how they are written."""


def write_page(path: pathlib.Path | str, diagnosis: Diagnosis, foretold: Foretold | None = None) -> None:
    """Write the page of a diagnosis, and of what is foretold of the scan, whole or not at all."""
    html = render(page_of_diagnosis(diagnosis, foretold))
    path = pathlib.Path(path)
    write_all({path: functools.partial(pathlib.Path.write_text, data=html, encoding="utf-8")})


def page_of_diagnosis(diagnosis: Diagnosis, foretold: Foretold | None = None) -> Page:
    """Return the `Page` of a scan that was examined, and of which something may be foretold."""
    scan, figures = diagnosis.scan, diagnosis.measures
    headline = [(number(len(scan)), "patterns"), (f"{scan.size} × {scan.size} px", "each"),
                (mark(scan.mean_photons), "photons a pattern")]  # fmt: skip
    if figures["overlap_mean"] is not None:
        headline.append((f"{figures['overlap_mean']:.0%}", "overlap"))
    if scan.pixel_size_m:
        headline.append((metres(scan.pixel_size_m), "a pixel"))
    sections = found_sections(diagnosis)
    if foretold is not None:
        sections.insert(1, forecast_section(foretold))
    sections += [patterns_section(scan), positions_section(scan), probe_section(scan.probe)]
    return Page("Examination of a scan", scan.name, headline, sections)


def found_sections(diagnosis: Diagnosis) -> list[Section]:
    """List what was found and what corrects it, what was measured, and how the file was read."""
    rows = [(MARKS[one.sureness], f"{one.words} {in_words(one.options) if one.options else ''}".strip())
            for one in diagnosis.findings]  # fmt: skip
    rows.append(("reconstruct", diagnosis.command))
    measured = [(name, _figure(words, diagnosis.measures[key])) for key, (name, words) in FIGURES.items()]
    notes = [(str(number), note) for number, note in enumerate(diagnosis.scan.notes, start=1)]
    tables = {"found": ("What was found", rows), "measured": ("What was measured", measured),
              "read": ("How the file was read", notes)}  # fmt: skip
    return [Section(name, title, "", [Table("", lines)]) for name, (title, lines) in tables.items() if lines]


def forecast_section(foretold: Foretold) -> Section:
    """List what few patterns foretell: resolution and error of the scan as it is, and with more photons."""
    note = (
        f"{foretold.patterns} patterns around the middle, and either half of their photons, tell in few passes what "
        "the whole scan will resolve, and what more photons would."
    )
    if foretold.error is None:
        return Section("forecast", "Forecast", f"{note} Here the halves agree on too little.", [])
    note += f" The scan as it is will have a standard error of {foretold.error:.2g}, of a transmission."
    return Section("forecast", "Forecast", note, list(more_photons(foretold.forecasts, foretold.pixel_size_m)))


def _figure(words: str, value: float | int | list | None) -> str:
    if value is None:
        return "not known"
    return words.format(*value) if isinstance(value, list) else words.format(value)


def patterns_section(scan: Scan) -> Section:
    """Show the mean and the highest of some patterns on a logarithmic scale, pixels without data left blank."""
    some = spread(scan.patterns, LOOKED_AT)
    amplitudes = scan.amplitudes(some)
    good = amplitudes >= 0
    light = np.square(np.where(good, amplitudes, 0), dtype=np.float64)
    seen = good.any(axis=0)
    mean, highest = light.sum(axis=0) / np.maximum(good.sum(axis=0), 1), light.max(axis=0)
    high = float(highest.max())
    low = max(high / 10**DECADES, 1 / len(some), float(mean[seen].min()))
    scale = Scale("inferno", float(np.log10(low)), float(np.log10(max(high, 10 * low))))
    tiles = []
    for image, words in ((mean, "mean"), (highest, "highest")):
        shown = np.where(seen, np.log10(np.maximum(image, low)), np.nan)
        uri = paint(limit_size(shown), scale)
        tiles.append(
            Tile(((uri, f"{words} of the patterns"),), f"{words[0].upper()}{words[1:]} of {len(some)} patterns")
        )
    key = logarithmic_key(scale, low, high)
    bad = int((~seen).sum())
    note = (
        f"Zero frequency in the middle; {bad} pixels without data are blank."
        if bad
        else "Zero frequency in the middle."
    )
    return Section("patterns", "Patterns", note, [Gallery("", tiles, (key,)), *brightness(scan)])


def brightness(scan: Scan) -> list[Plot]:
    """Draw the photons of each pattern in the order of the scan."""
    plots: list[Plot] = []
    light = scan.survey.light * scan.amplitude_scale**2 if scan.measurement == "amplitude" else scan.survey.light
    with drawing(plots, "photons by pattern", "Photons of each pattern, as they were taken.", size=(6.4, 2.6)) as axes:
        axes.plot(light, linewidth=0.7, color="tab:blue")
        axes.set(xlabel="pattern", ylabel="photons", ylim=(0, None))
    return plots


def positions_section(scan: Scan) -> Section:
    """Show where patterns were taken, with the probe's footprint and the order of the first ones."""
    plots: list[Plot] = []
    lit = footprint(scan.probe)
    side = np.arange(scan.size) - scan.size // 2
    y, x = scan.positions.T
    centre = scan.positions[np.argmin(np.linalg.norm(scan.positions - np.median(scan.positions, axis=0), axis=1))]
    words = "Dots: positions, from yellow to blue as they were taken. Outline: the probe's footprint at one of them."
    with drawing(plots, "positions with the probe's footprint", words, size=(5.2, 4.6)) as axes:
        axes.scatter(x, y, s=max(1.0, min(12.0, 4000 / len(x))), c=np.arange(len(x)), cmap="viridis_r", linewidths=0,
                     rasterized=True)  # fmt: skip
        axes.contour(side + centre[1], side + centre[0], lit, levels=[0.5], colors="tab:red")
        axes.set(xlabel="x / px", ylabel="y / px", aspect="equal")
        axes.invert_yaxis()
        axes.grid(False)
    return Section("positions", "Positions", "", plots)
