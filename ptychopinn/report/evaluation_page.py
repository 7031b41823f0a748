"""The pages of an evaluation and of a comparison."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.evaluate import Evaluation
from ptychopinn.report.blocks import Page
from ptychopinn.report.fit import fit
from ptychopinn.report.sections import facts_section, fit_section, object_section, probe_section
from ptychopinn.report.truth import comparison_section, truth_section, written
from ptychopinn.report.words import metres

HEADLINE = {
    "nrmse_complex": "NRMSE, complex",
    "ssim_amplitude": "SSIM of the amplitude",
    "ssim_phase": "SSIM of the phase",
    "frc50_complex": "cycles per pixel at FRC 0.5",
    "r_factor": "R-factor",
}


def page_of_evaluation(
    evaluation: Evaluation,
    reconstruction: Reconstruction,
    truth: Reconstruction | None,
    scan: Scan | None,
    facts: Mapping[str, Mapping[str, Any]],
) -> Page:
    """Return the `Page` of one reconstruction that was evaluated.

    Args:
        evaluation: Evaluation.
        reconstruction: Reconstruction.
        truth: Reconstruction or None: what it was compared with.
        scan: Scan or None: the patterns that it was compared with.
        facts: dict from a table's title to a dict of names and values.
    """
    sections = []
    if evaluation.score is None:
        sections.append(object_section(reconstruction))
    else:
        sections.append(truth_section(evaluation.score, None if truth is None else truth.origin))
    if evaluation.residual is not None and scan is not None:
        probe = scan.probe if reconstruction.probe is None else reconstruction.probe
        sections.append(fit_section(fit(dataclasses.replace(reconstruction, probe=probe), scan)))
    if reconstruction.probe is not None:
        sections.append(probe_section(reconstruction.probe))
    sections.append(facts_section(facts))
    figures = evaluation.figures
    headline = [(written(figures[name]), words) for name, words in HEADLINE.items() if name in figures]
    against = f" against {truth.name}" if truth is not None else ""
    return Page(f"Evaluation of {evaluation.name}", f"{reconstruction.name}{against}", headline, sections)


def page_of_comparison(
    evaluations: Sequence[Evaluation],
    reference: str,
    corner: tuple[float, float] | None,
    facts: Mapping[str, Mapping[str, Any]],
) -> Page:
    """Return the `Page` of several reconstructions of one scan.

    Args:
        evaluations: list of Evaluation.
        reference: str. What they were compared with.
        corner: `(y, x)` position of the reference's pixel (0, 0), in pixels of the scan, or None.
        facts: dict from a table's title to a dict of names and values.
    """
    sections = [comparison_section(evaluations, reference, corner), facts_section(facts)]
    score = next(one.score for one in evaluations if one.score is not None)
    height, width = score.truth.shape
    headline = [(str(len(evaluations)), "reconstructions"), (f"{height} × {width} px", "compared")]
    if score.pixel_size_m:
        headline.append((metres(score.pixel_size_m), "a pixel"))
    return Page("Comparison of reconstructions", ", ".join(one.name for one in evaluations), headline, sections)
