"""Verify a result: what its receipt says, against its files and against what can be computed of them again."""

import dataclasses
import math
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.against_truth import score
from ptychopinn.evaluation.receipt import SEAL, Receipt, figures_of, read_receipt, seal_of
from ptychopinn.evaluation.reference import known_object
from ptychopinn.files import checksum, is_standing, read_standing
from ptychopinn.formats import read_reconstruction
from ptychopinn.printable import printable
from ptychopinn.reconstruction.found import found_of

FIGURE, ROUNDED, STORED = (1e-4, 1e-6), (1e-3, 2e-4), (1e-9, 0.0)
"""By how much figures may differ, relative and absolute: those computed, those rounded, and numbers that are kept."""

GEOMETRY = ("pixel_size_m", "energy_eV", "distance_m", "fresnel_number")
"""What scan and result both know."""

NEEDED = ("scan", "mask", "dark", "positions_from")
"""Inputs without which nothing can be computed again; others may be gone."""


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing that was verified.

    Args:
        what: str.
        agrees: bool; None where there was nothing to compare with.
        words: str. What was found.
    """

    what: str
    agrees: bool | None
    words: str


def verify(folder: pathlib.Path | str, data: pathlib.Path | str | None = None) -> list[Check]:
    """Verify what `ptycho reconstruct` or `ptycho infer` wrote: no backend is needed.

    Checksums of the record, of what came out and of what went in are compared; R-factor, deviance, that of the photons
    held out, and what else follows from the arrays and the scan, are computed again. Times, losses and versions cannot
    be, and stand by the record's own checksum.

    Args:
        folder: path of the result.
        data: path of the scan, where it is not where it was.

    Returns:
        list of Check.

    Raises:
        FileNotFoundError: if there is no record of a result.
        ValueError: if the record is none.
    """
    receipt = read_receipt(folder)
    if data is not None:
        receipt = receipt.of_scan_at(data)
    seal = receipt.record.get(SEAL) == seal_of(receipt.record)
    words = "is as it was written" if seal else "was changed after it was written"
    files = [*_outputs(receipt, pathlib.Path(folder)), *_inputs(receipt)]
    return [Check("the record", seal, words), *files, *_computed(receipt, folder)]


def _outputs(receipt: Receipt, folder: pathlib.Path) -> Iterator[Check]:
    for name, sha256 in receipt.outputs.items():
        if is_standing(folder, name):
            yield _same_file(name, read_standing(folder, name, checksum), sha256)
        else:
            yield Check(name, False, "is not there")


def _inputs(receipt: Receipt) -> Iterator[Check]:
    for what, (path, sha256) in receipt.inputs.items():
        name = f"{what}, {printable(path)}"
        if pathlib.Path(path).is_file():
            yield _same_file(name, checksum(path), sha256)
        else:
            yield Check(name, False if what in NEEDED else None, "is not there")


def _same_file(name: str, found: str, said: str) -> Check:
    words = f"SHA-256 {found[:12]}" + ("" if found == said else f", and {said[:12]} is recorded")
    return Check(name, found == said, words)


def _computed(receipt: Receipt, folder: pathlib.Path | str) -> list[Check]:
    """Compare what can be computed again of the arrays and the scan, as far as they can be read."""
    if "shard" in receipt.record:
        return [Check("the figures", None, "come when all parts are joined (ptycho stitch)")]
    try:
        reconstruction, scan = read_reconstruction(folder), receipt.reading.scan()
        return [*_kept(receipt.record, reconstruction, scan), *_figures(receipt.record, reconstruction, scan)]
    except (ValueError, OSError, LookupError, TypeError) as error:
        return [Check("the figures", False, f"cannot be computed again. {' '.join(str(error).split())}")]


def _kept(record: dict[str, Any], reconstruction: Reconstruction, scan: Scan) -> Iterator[Check]:
    """Compare what arrays and scan simply hold."""
    held = {"patterns": len(scan), "size_px": scan.size, "origin_px": reconstruction.origin,
            "ramp_rad_per_px": reconstruction.ramp, "pixel_size_m": reconstruction.pixel_size_m}  # fmt: skip
    for name, value in held.items():
        yield _compared(name, record.get(name), value, STORED)
    for name in GEOMETRY:
        if getattr(scan, name) is not None or getattr(reconstruction, name) is not None:
            yield _compared(f"{name} of the scan", getattr(scan, name), getattr(reconstruction, name), STORED)
    moved = "positions_moved_rms_px" in record
    if not moved:
        same = _same(np.asarray(reconstruction.positions).tolist(), scan.positions.tolist(), (0.0, 1e-6))
        yield Check("positions", same, "are those of the scan" if same else "are not those of the scan")
    for name, value in found_of(reconstruction, scan, moved).items():
        if name in record:
            yield _compared(name, record[name], value, ROUNDED)
    if reconstruction.slices is not None:
        yield _slices(reconstruction, reconstruction.slices)


def _slices(reconstruction: Reconstruction, slices: np.ndarray) -> Check:
    known = reconstruction.object != 0
    product, whole = np.prod(slices, axis=0)[known], reconstruction.object[known]
    same = abs(np.vdot(product, whole)) > (1 - 1e-6) * np.linalg.norm(product) * np.linalg.norm(whole)
    return Check("slices", bool(same), "make the object" if same else "do not make the object")


def _figures(record: dict[str, Any], reconstruction: Reconstruction, scan: Scan) -> Iterator[Check]:
    """Compare figures that tell how good the result is."""
    said = record["figures"]
    for name, value in figures_of(reconstruction, scan).items():
        if name in said:
            yield _compared(name, said[name], value, FIGURE)
    error = "error_against_file_object"
    if record.get(error) is not None:
        truth = known_object(scan)
        value = None if truth is None else score(reconstruction, truth).figures["nrmse_complex"]
        yield _compared(error, record[error], value, ROUNDED)


def _compared(name: str, said: Any, found: Any, tolerance: tuple[float, float]) -> Check:
    same = _same(said, found, tolerance)
    return Check(name, same, f"{_short(found)}" if same else f"{_short(found)}, and {_short(said)} is recorded")


def _same(said: Any, found: Any, tolerance: tuple[float, float]) -> bool:
    """Tell whether numbers, or lists and dicts of them, are the same but for rounding."""
    if found is None:
        return said is None
    if isinstance(found, dict):
        alike = isinstance(said, dict) and said.keys() == found.keys()
        return alike and all(_same(said[name], value, tolerance) for name, value in found.items())
    if isinstance(found, list | tuple):
        alike = isinstance(said, list | tuple) and len(said) == len(found)
        return alike and all(_same(one, other, tolerance) for one, other in zip(said, found))
    relative, absolute = tolerance
    return isinstance(said, int | float) and math.isclose(said, found, rel_tol=relative, abs_tol=absolute)


def _short(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_short, value))
    return f"{value:.6g}" if isinstance(value, float) else printable(str(value))[:60]
