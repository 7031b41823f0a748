"""The files of a reconstruction: arrays, pictures, numbers and the page, written together."""

import functools
import pathlib
from collections.abc import Callable, Collection
from typing import Any

from matplotlib.figure import Figure

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_truth import Score
from ptychopinn.evaluation.receipt import RECORD, write_record
from ptychopinn.formats.writers.table import FORMATS
from ptychopinn.report.page import PAGE
from ptychopinn.report.parts import PART
from ptychopinn.report.pictures import comparison, pictures
from ptychopinn.report.score_pictures import png
from ptychopinn.report.writing import write_results


def write_reconstruction(
    folder: pathlib.Path | str,
    reconstruction: Reconstruction,
    record: dict[str, Any],
    failed: Callable[[str, Exception], object],
    score: Score | None = None,
    html: str | None = None,
    save: Collection[str] = (),
) -> None:
    """Write `reconstruction.npz`, `report.json` and formats asked for; pictures and page where they can be made.

    Args:
        folder: path.
        reconstruction: Reconstruction, with weight, origin and probe.
        record: dict: the content of `report.json`.
        failed: function called with the name of a picture that cannot be drawn or written, and the exception.
        score: Score. Reconstruction and truth, if the truth is known.
        html: str. The page, if there is one.
        save: names of other formats, among `writers.table.FORMATS`.
    """
    results: dict[str, Callable[[pathlib.Path], object] | None] = {
        form.file: functools.partial(form.results.write, reconstruction) if name in (*save, "npz") else None
        for name, form in FORMATS.items()
    }
    results[PART] = None
    results[RECORD] = functools.partial(write_record, record)
    figures = pictures(reconstruction)
    figures["comparison.png"] = None if score is None else functools.partial(comparison, score)
    drawings = {name: draw and functools.partial(_drawn, draw) for name, draw in figures.items()}
    write_results(folder, results, {**drawings, PAGE: html.encode if html else None}, failed)


def _drawn(draw: Callable[[], Figure]) -> bytes:
    return png(draw(), bbox_inches="tight")
