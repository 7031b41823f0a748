"""The files of a reconstruction: arrays, pictures, numbers and the page, written together."""

import functools
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_truth import Score
from ptychopinn.files import write_together
from ptychopinn.report.page import PAGE, page_writer
from ptychopinn.report.pictures import comparison, pictures

REPORT, COMPARISON = "report.json", "comparison.png"
SOMETIMES = (COMPARISON, "uncertainty.png", PAGE)
"""Files that not every reconstruction has: those of an earlier one go."""


def write_reconstruction(
    folder: pathlib.Path | str,
    reconstruction: Reconstruction,
    record: dict[str, Any],
    score: Score | None = None,
    html: str | None = None,
) -> None:
    """Write `reconstruction.npz`, the pictures, `report.json` and the page, all or none of them.

    Args:
        folder: path.
        reconstruction: Reconstruction, with weight, origin and probe.
        record: dict: the content of `report.json`.
        score: Score. Reconstruction and truth, if the truth is known.
        html: str. The page, if there is one.
    """
    figures = pictures(reconstruction, np.asarray(reconstruction.probe))
    if score is not None:
        figures[COMPARISON] = comparison(score)
    writers: dict[str, Callable[[pathlib.Path], object]] = {
        name: functools.partial(figure.savefig, bbox_inches="tight") for name, figure in figures.items()
    }
    writers["reconstruction.npz"] = functools.partial(write_arrays, reconstruction)
    writers |= page_writer(html)
    writers[REPORT] = lambda path: path.write_text(json.dumps(record, indent=2) + "\n")
    write_together(folder, writers, known=SOMETIMES)


def write_arrays(reconstruction: Reconstruction, path: pathlib.Path) -> None:
    """Write a reconstruction as `reconstruction.npz`, whose object is straight: other programs read it."""
    arrays: dict[str, Any] = {
        "object": reconstruction.straight,
        "weight": reconstruction.weight,
        "origin": np.array(reconstruction.origin),
        "ramp": np.array(reconstruction.ramp),
    }
    for name in ("probe", "uncertainty", "pixel_size_m"):
        if getattr(reconstruction, name) is not None:
            arrays[name] = np.asarray(getattr(reconstruction, name))
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)
