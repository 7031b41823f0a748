"""Evaluations as text, JSON and CSV."""

import csv
import json
import math
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

from ptychopinn.evaluation.evaluate import Evaluation

PARTS = ("complex", "amplitude", "phase")

METRICS = {
    "mean absolute error": "mae",
    "NRMSE": "nrmse",
    "PSNR / dB": "psnr",
    "SSIM": "ssim",
    "MS-SSIM": "ms_ssim",
    "FRC above 0.5 / (1/px)": "frc50",
    "FRC above 1/7 / (1/px)": "frc143",
    "FRC above half-bit / (1/px)": "frc_half_bit",
    "FRC area": "frc_area",
}
"""Rows of the table of one reconstruction."""

COLUMNS = {
    "NRMSE": "nrmse_complex",
    "PSNR amp": "psnr_amplitude",
    "SSIM amp": "ssim_amplitude",
    "SSIM phase": "ssim_phase",
    "MS-SSIM amp": "ms_ssim_amplitude",
    "MAE phase": "mae_phase",
    "FRC 0.5": "frc50_complex",
    "FRC area": "frc_area_complex",
    "R-factor": "r_factor",
    "deviance": "deviance_per_photon",
    "over noise": "deviance_over_noise",
    "error bar": "error_bar",
    "resolution / px": "local_resolution_px",
}
"""Columns of the table of several; those that nobody has are left out."""


def table_of_one(evaluation: Evaluation) -> list[str]:
    """Return an evaluation as lines: a row a metric, a column a part of the complex image, and the residual."""
    lines, figures = [], evaluation.figures
    if evaluation.score is not None:
        rows = [[label, *(_short(figures.get(f"{key}_{part}")) for part in PARTS)] for label, key in METRICS.items()]
        lines = _aligned([["", *PARTS], *rows])
        if "resolution_m" in figures:
            lines.append(f"resolution (FRC 0.5, full period) {figures['resolution_m'] * 1e9:.3g} nm")
    if evaluation.residual is not None:
        lines.append(f"R-factor {figures['r_factor']:.4f}, deviance per photon {figures['deviance_per_photon']:.4f}")
    return lines


def table_of_many(evaluations: Sequence[Evaluation]) -> list[str]:
    """Return evaluations as lines: a row a reconstruction."""
    known = {label: key for label, key in COLUMNS.items() if any(key in one.figures for one in evaluations)}
    rows = [[one.name, *(_short(one.figures.get(key)) for key in known.values())] for one in evaluations]
    return _aligned([["", *known], *rows])


def record(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as a dict for JSON; a figure without meaning is None."""
    facts: dict[str, Any] = {"name": evaluation.name}
    if evaluation.score is not None:
        score = evaluation.score
        facts |= {
            "region_px": score.region,
            "shift_px": score.shift,
            "ramp_rad_per_px": score.ramp,
            "factor": (score.factor.real, score.factor.imag),
            "pixel_size_m": score.pixel_size_m,
        }
    return facts | {"figures": {key: _or_none(value) for key, value in evaluation.figures.items()}}


def write_json(path: pathlib.Path, facts: dict[str, Any]) -> None:
    """Write facts as JSON."""
    path.write_text(json.dumps(facts, indent=2, allow_nan=False) + "\n")


def write_figures(path: pathlib.Path, evaluations: Sequence[Evaluation]) -> None:
    """Write a CSV file: a row a reconstruction, a column a figure; empty where it has no meaning."""
    columns = list(dict.fromkeys(key for one in evaluations for key in one.figures))
    rows = [[one.name, *(_or_none(one.figures.get(key)) for key in columns)] for one in evaluations]
    _write_csv(path, [["name", *columns], *rows])


def write_curves(path: pathlib.Path, evaluations: Sequence[Evaluation]) -> None:
    """Write a CSV file of the ring correlations: a row a ring, those of one reconstruction after the other's."""
    scores = {one.name: one.score for one in evaluations if one.score is not None}
    columns = next(iter(scores.values())).curves
    rows = [
        [name, *map(_or_none, ring)] for name, score in scores.items() for ring in zip(*map(score.curves.get, columns))
    ]
    _write_csv(path, [["name", *columns], *rows])


def _write_csv(path: pathlib.Path, rows: Iterable[Sequence[object]]) -> None:
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)


def _or_none(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _short(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.2f}" if abs(value) >= 10 else f"{value:.4f}"


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
        for row in rows
    ]
