"""The page of a training or of a reconstruction."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.against_truth import Score
from ptychopinn.evaluation.evidence import Evidence
from ptychopinn.evaluation.forecast import Forecast
from ptychopinn.evaluation.regions import Region
from ptychopinn.evaluation.resolution import Resolution
from ptychopinn.evaluation.trust import Finding
from ptychopinn.report.blocks import Page
from ptychopinn.report.evidence import evidence_section
from ptychopinn.report.experiment import experiment_sections
from ptychopinn.report.fit import fit
from ptychopinn.report.passes import passes_section
from ptychopinn.report.pictures import well_seen
from ptychopinn.report.resolution import resolution_section
from ptychopinn.report.sections import (
    facts_section,
    fit_section,
    object_section,
    probe_section,
    scan_section,
    training_section,
    uncertainty_section,
)
from ptychopinn.report.truth import truth_section
from ptychopinn.report.words import metres


@dataclasses.dataclass(frozen=True)
class Run:
    """What the page of a run tells.

    Args:
        title, subtitle: str.
        reconstruction: Reconstruction: the object, with weight, origin, probe and positions.
        scan: Scan: where the patterns are, at the positions that it was read with.
        history: list of dicts, one per epoch of the training. May be empty.
        facts: dict from a table's title to a dict of names and values: what was run, on what, how.
        headline: list of `(value, label)`, after those of patterns, object and R-factor.
        indices: int array `(pattern,)`, rising: the patterns of the scan that made the object. Defaults to all.
        first_probe: complex array `(mode, y, x)`: the scan's probe, if the reconstruction's is another.
        note: str. What else must be said of the object.
        score: Score. How the object compares with the truth, if that is known.
        resolution: Resolution. What halves of the photons tell, if it was asked for.
        trust: list of Finding. What may be believed.
        forecast: tuple of Forecast. What more photons would bring.
        regions: tuple of Region. Where detail is finest and coarsest, if that differs.
        evidence: Evidence. Which physics was chosen, if photons were asked.
    """

    title: str
    subtitle: str
    reconstruction: Reconstruction
    scan: Scan
    history: list[dict[str, float]]
    facts: dict[str, dict[str, Any]]
    headline: tuple[tuple[str, str], ...] = ()
    indices: np.ndarray | None = None
    first_probe: np.ndarray | None = None
    note: str = ""
    score: Score | None = None
    resolution: Resolution | None = None
    trust: Sequence[Finding] = ()
    forecast: Sequence[Forecast] = ()
    regions: Sequence[Region] = ()
    evidence: Evidence | None = None


def page_of_run(run: Run) -> Page:
    """Return the `Page` of a run."""
    reconstruction = run.reconstruction
    fitted = fit(reconstruction, run.scan if run.indices is not None else moved(run.scan, reconstruction), run.indices)
    sections = [object_section(reconstruction, run.note)]
    if run.score is not None:
        sections.append(truth_section(run.score))
    if run.resolution is not None:
        sections.append(resolution_section(run.resolution, reconstruction, run.forecast, run.regions))
    if reconstruction.uncertainty is not None and np.isfinite(reconstruction.uncertainty).any():
        sections.append(uncertainty_section(reconstruction))
    if run.evidence is not None:
        sections.append(evidence_section(run.evidence, again="again" in reconstruction.record))
    if "refinement_deviances" in reconstruction.record:
        sections.append(passes_section(reconstruction, run.scan))
    sections += experiment_sections(reconstruction)
    sections += [
        fit_section(fitted),
        scan_section(reconstruction),
        probe_section(np.asarray(reconstruction.probe), run.first_probe),
    ]
    if run.history:
        sections.append(training_section(run.history))
    sections.append(facts_section(run.facts))
    size = run.scan.size
    headline = [
        (f"{len(np.asarray(reconstruction.positions))} × {size} × {size} px", "patterns"),
        (extent(reconstruction), "object"),
        (f"{fitted.residual.r_factor:.4f}", "R-factor of the stitched object"),
        *run.headline,
    ]
    return Page(run.title, run.subtitle, headline, sections, run.trust)


def moved(scan: Scan, reconstruction: Reconstruction) -> Scan:
    """Return a scan at the positions that its reconstruction found."""
    return scan.moved_to(np.asarray(reconstruction.positions))


def extent(reconstruction: Reconstruction) -> str:
    """Write the size of what was well seen of an object: in pixels, and in metres where that is known."""
    height, width = (part.stop - part.start for part in well_seen(reconstruction.weight))
    if not reconstruction.pixel_size_m:
        return f"{height} × {width} px"
    height_m, width_m = height * reconstruction.pixel_size_m, width * reconstruction.pixel_size_m
    return f"{height} × {width} px, {metres(height_m)} × {metres(width_m)}"
