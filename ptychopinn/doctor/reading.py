"""Read a scan, in the one unit of its positions that makes a scan where the file's own does not."""

import dataclasses
import functools
import pathlib
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ptychopinn.data.grouping import spacing
from ptychopinn.data.recording import Recording
from ptychopinn.data.scan import Scan
from ptychopinn.doctor.findings import AMBIGUOUS, CLEAR, Finding
from ptychopinn.formats import read_scan
from ptychopinn.formats.scans import recorded
from ptychopinn.physics.probes import diameter
from ptychopinn.preparation.params import METRES, UNITS, Preparation

LIKELY_STEP = 0.2
"""Step of a scan whose unit nothing tells, of the probe's diameter: trials find it from there."""

LEAST_STEP, MOST_STEP = 0.01, 1.0
"""Steps of a scan, of the probe's diameter: others are of positions of another unit."""

METRES_BELOW = 1e-3
"""Steps of positions below which their unit is more likely m than um."""


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """A scan as it was read.

    Args:
        scan: Scan.
        preparation: Preparation that it was read by.
        read: function of a Preparation that reads the scan by it.
        findings: list of Finding: of the unit that had to be told.
        of_any_scale: bool. Whether nothing tells the scale of its positions, which is a likely one.
    """

    scan: Scan
    preparation: Preparation
    read: Callable[..., Scan]
    findings: tuple[Finding, ...] = ()
    of_any_scale: bool = False

    def with_made_probe(self) -> "Reading":
        """Return the scan with a probe that is made of its patterns, in place of that of the file."""
        how = dataclasses.replace(self.preparation, make_probe=True)
        return dataclasses.replace(self, scan=self.read(preparation=how).lit(), preparation=how)


def readable(
    path: pathlib.Path | str, wanted: Preparation, reading_as: Mapping[str, Any] = types.MappingProxyType({})
) -> Reading:
    """Read a scan as it is said, else in another unit of the positions.

    Args:
        path: of any scan.
        wanted: Preparation.
        reading_as: dict of further arguments of `read_scan`.

    Raises:
        ValueError: where nothing makes a scan of it.
    """
    as_said: Reading | ValueError
    read = functools.partial(read_scan, path, **reading_as)
    try:
        as_said = Reading(read(preparation=wanted).lit(), wanted, read)
        if wanted.units is not None or _makes_a_scan(as_said.scan):
            return as_said
    except ValueError as error:
        if wanted.units is not None:
            raise
        as_said = error
    found = [one for one in (_in_unit(read, wanted, unit) for unit in UNITS) if one is not None]
    if len(found) == 1:
        unit = found[0].preparation.units
        words = f"Positions make a scan as {unit} alone, with the pixel of the object that is known."
        return dataclasses.replace(found[0], findings=(Finding("units", words, CLEAR, {"units": unit}),))
    if isinstance(as_said, Reading):
        return as_said
    guessed = _of_any_unit(recorded(path), read, wanted) if not found else None
    if guessed is None:
        raise as_said
    return guessed


def _makes_a_scan(scan: Scan) -> bool:
    places = np.unique(scan.positions, axis=0)
    if len(places) < 2:
        return True
    return LEAST_STEP <= spacing(places) / diameter(scan.probe) <= MOST_STEP


def _in_unit(read: Callable[..., Scan], wanted: Preparation, unit: str) -> Reading | None:
    how = dataclasses.replace(wanted, units=unit)
    try:
        scan = read(preparation=how).lit()
    except ValueError:
        return None
    return Reading(scan, how, read) if _makes_a_scan(scan) else None


def _of_any_unit(recording: Recording, read: Callable[..., Scan], wanted: Preparation) -> Reading | None:
    """Read a scan whose positions are of an unknown unit, or whose pixel is, as if its step were a likely one."""
    if recording.positions is None or wanted.pixel_size is not None or wanted.positions_from is not None:
        return None
    places = np.unique(np.asarray(recording.positions, float), axis=0)
    places = places[np.isfinite(places).all(axis=1)]
    if len(places) < 2:
        return None
    apart = spacing(places)
    likely = "m" if apart < METRES_BELOW else "um"
    unit = recording.unit if recording.unit in METRES else likely

    def with_step(step: float) -> Preparation:
        return dataclasses.replace(wanted, units=unit, pixel_size=float(f"{apart * METRES[unit] / step:.4g}"))

    try:
        first = read(preparation=with_step(LIKELY_STEP * recording.patterns.shape[-1] / 4))
        how = with_step(LIKELY_STEP * diameter(first.probe))
        scan = read(preparation=how).lit()
    except ValueError:
        return None
    words = (
        f"Positions are of no known unit, in steps of {apart:.3g}: they are taken for {unit}, and the pixel of the "
        "object is looked for."
    )
    options = {"units": unit, "pixel_size": how.pixel_size}
    return Reading(scan, how, read, (Finding("units", words, AMBIGUOUS, options),), of_any_scale=True)
