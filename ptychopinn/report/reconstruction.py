"""The files of a reconstruction: arrays, pictures, numbers and the page, written together."""

import functools
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_truth import Score
from ptychopinn.report.page import PAGE
from ptychopinn.report.pictures import comparison, pictures
from ptychopinn.report.score_pictures import png
from ptychopinn.report.writing import write_results

BESIDE = (
    "probe", "probe_variation", "probe_weights", "slices", "background", "uncertainty", "positions", "flux",
    "pixel_size_m",
)  # fmt: skip
"""What stands beside the object in `reconstruction.npz`, where it is known."""


def write_reconstruction(
    folder: pathlib.Path | str,
    reconstruction: Reconstruction,
    record: dict[str, Any],
    failed: Callable[[str, Exception], object],
    score: Score | None = None,
    html: str | None = None,
) -> None:
    """Write `reconstruction.npz` and `report.json`, and the pictures and the page where they can be made.

    Args:
        folder: path.
        reconstruction: Reconstruction, with weight, origin and probe.
        record: dict: the content of `report.json`.
        failed: function called with the name of a picture that cannot be drawn or written, and the exception.
        score: Score. Reconstruction and truth, if the truth is known.
        html: str. The page, if there is one.
    """
    results: dict[str, Callable[[pathlib.Path], object] | None] = {
        "reconstruction.npz": functools.partial(write_arrays, reconstruction),
        "report.json": lambda path: path.write_text(json.dumps(record, indent=2) + "\n"),
    }
    figures = pictures(reconstruction)
    figures["comparison.png"] = None if score is None else functools.partial(comparison, score)
    drawings = {name: draw and functools.partial(_drawn, draw) for name, draw in figures.items()}
    write_results(folder, results, {**drawings, PAGE: html.encode if html else None}, failed)


def _drawn(draw: Callable[[], Figure]) -> bytes:
    return png(draw(), bbox_inches="tight")


def write_arrays(reconstruction: Reconstruction, path: pathlib.Path) -> None:
    """Write a reconstruction as `reconstruction.npz`, whose object is straight: other programs read it."""
    arrays: dict[str, Any] = {
        "object": reconstruction.straight,
        "weight": reconstruction.weight,
        "origin": np.array(reconstruction.origin),
        "ramp": np.array(reconstruction.ramp),
    }
    for name in BESIDE:
        if getattr(reconstruction, name) is not None:
            arrays[name] = np.asarray(getattr(reconstruction, name))
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)
