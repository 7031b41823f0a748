"""Examine a scan: read it, measure it, try what its file may have wrong, and say what corrects it."""

import dataclasses
import pathlib
from typing import Any

from ptychopinn.doctor.attempts import Attempt, attempted
from ptychopinn.doctor.findings import Diagnosis
from ptychopinn.doctor.measures import measures
from ptychopinn.doctor.reading import readable
from ptychopinn.preparation.params import Preparation


def examine(
    path: pathlib.Path | str, preparation: Preparation | None = None, trials: bool = True, **reading_as: str
) -> Diagnosis:
    """Say what a scan is, what is wrong with it, and which options correct it.

    Orientations, signs, exchange, angle, factor and delay of the positions are tried by a few passes over neighbouring
    patterns, and judged by patterns that took no part. No network is needed, and no backend.

    Args:
        path: of any scan that `read_scan` reads.
        preparation: Preparation: what is said of it. Defaults to what the file tells.
        trials: bool. Whether geometry is tried. Defaults to `True`; else figures alone are told.
        reading_as: `measurement` and `zero_frequency`, as of `read_scan`.

    Returns:
        Diagnosis.

    Raises:
        ValueError: where the file cannot be read, whatever the unit of its positions.
    """
    wanted = preparation or Preparation()
    if wanted.orient == "auto":
        wanted = dataclasses.replace(wanted, orient="identity")
    reading = readable(path, wanted, reading_as)
    figures = measures(reading.scan)
    attempt = attempted(reading, figures) if trials else Attempt(reading.preparation)
    besides: dict[str, Any] = {name: value for one in attempt.besides for name, value in one.options.items()}
    return Diagnosis(
        path=str(path),
        scan=reading.scan,
        measures=figures,
        findings=(*reading.findings, *attempt.geometry.findings, *attempt.findings, *attempt.besides),
        read_by=reading.preparation,
        preparation=dataclasses.replace(attempt.preparation, **attempt.geometry.changes),
        reconstruction=besides,
    )
