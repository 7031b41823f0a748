"""The files of a reconstruction: arrays, pictures, numbers and the page, written together."""

import functools
import json

import numpy as np

from ptychopinn.report.page import PAGE
from ptychopinn.report.pictures import comparison, pictures
from ptychopinn.report.score_pictures import png
from ptychopinn.report.writing import write_results


def write_reconstruction(folder, reconstruction, record, failed, score=None, html=None):
    """Write `reconstruction.npz` and `report.json`, and the pictures and the page where they can be made.

    Args:
        folder: path.
        reconstruction: Reconstruction, with weight, origin and probe.
        record: dict: the content of `report.json`.
        failed: function called with the name of a picture that cannot be drawn or written, and the exception.
        score: Score. Reconstruction and truth, if the truth is known.
        html: str. The page, if there is one.
    """
    results = {
        "reconstruction.npz": functools.partial(write_arrays, reconstruction),
        "report.json": lambda path: path.write_text(json.dumps(record, indent=2) + "\n"),
    }
    figures = pictures(reconstruction) | {"comparison.png": score and functools.partial(comparison, score)}
    drawings = {name: draw and (lambda draw=draw: png(draw(), bbox_inches="tight")) for name, draw in figures.items()}
    write_results(folder, results, drawings | {PAGE: html and html.encode}, failed)


def write_arrays(reconstruction, path):
    """Write a reconstruction as `reconstruction.npz`, whose object is straight: other programs read it."""
    arrays = {
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
