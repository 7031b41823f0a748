"""The page of a training or of a reconstruction."""

import dataclasses

import numpy as np

from ptychopinn.data.product import Product
from ptychopinn.data.scan import Scan
from ptychopinn.report.blocks import Page
from ptychopinn.report.fit import fit
from ptychopinn.report.pictures import well_seen
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
        product: Product: the object, with weight, origin, probe and positions.
        scan: Scan: where the patterns are.
        history: list of dicts, one per epoch of the training. May be empty.
        facts: dict from a table's title to a dict of names and values: what was run, on what, how.
        headline: list of `(value, label)`, after those of patterns, object and R-factor.
        indices: int array `(pattern,)`, rising: the patterns of the scan that made the object. Defaults to all.
        first_probe: complex array `(mode, y, x)`: the scan's probe, if the product's is another.
        note: str. What else must be said of the object.
        score: Score. How the object compares with the truth, if that is known.
    """

    title: str
    subtitle: str
    product: Product
    scan: Scan
    history: list
    facts: dict
    headline: tuple = ()
    indices: np.ndarray | None = None
    first_probe: np.ndarray | None = None
    note: str = ""
    score: object = None


def page_of_run(run):
    """Return the `Page` of a run."""
    product, fitted = run.product, fit(run.product, run.scan, run.indices)
    sections = [object_section(product, run.note)]
    if run.score is not None:
        sections.append(truth_section(run.score))
    if product.uncertainty is not None and np.isfinite(product.uncertainty).any():
        sections.append(uncertainty_section(product))
    sections += [fit_section(fitted), scan_section(product), probe_section(product.probe, run.first_probe)]
    if run.history:
        sections.append(training_section(run.history))
    sections.append(facts_section(run.facts))
    size = run.scan.size
    headline = [
        (f"{len(product.positions)} × {size} × {size} px", "patterns"),
        (extent(product), "object"),
        (f"{fitted.residual.r_factor:.4f}", "R-factor of the stitched object"),
        *run.headline,
    ]
    return Page(run.title, run.subtitle, headline, sections)


def extent(product):
    """Write the size of what was well seen of an object: in pixels, and in metres where that is known."""
    height, width = (part.stop - part.start for part in well_seen(product.weight))
    if not product.pixel_size_m:
        return f"{height} × {width} px"
    return f"{height} × {width} px, {metres(height * product.pixel_size_m)} × {metres(width * product.pixel_size_m)}"
