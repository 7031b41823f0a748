"""What a bundle says of itself: its parameters, its data, its history."""

import contextlib
import csv
import hashlib
import importlib.metadata
import io
import json
import os
import pathlib
from typing import Any

from ptychopinn.data.scan import Scan
from ptychopinn.files import checksum, is_standing, read_standing
from ptychopinn.formats.scans import file_of
from ptychopinn.params import DataParams, LossParams, ModelParams, TrainingParams
from ptychopinn.printable import printable

FORMAT_VERSION = 3
BEFORE = 2
"""The format before, whose networks of single patterns saw fewer maps."""

MODEL, PARAMS, HISTORY, CARD = "model.keras", "params.json", "history.csv", "CARD.md"
CHECKPOINT, LOSSES, PAGE = "checkpoint.npz", "losses.csv", "report.html"
"""What a training may leave beside its bundle."""

TRIES = 10
"""How often a bundle is read anew because another one took its place meanwhile."""


def read_record(folder: pathlib.Path | str) -> dict[str, Any]:
    """Read `params.json` of a bundle and check that this version understands it, without loading the model.

    Raises:
        FileNotFoundError: if the folder or one of its files is missing.
        ValueError: if it was changed, or is of another format.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"A bundle must be a folder. Received: path={folder}, which is none. Check the path.")
    for name in (PARAMS, MODEL, HISTORY):
        if not is_standing(folder, name):
            raise FileNotFoundError(
                f"A bundle must hold {MODEL}, {PARAMS} and {HISTORY}. Received: {folder} without {name}. "
                "Copy the whole folder, or train again."
            )
    try:
        record = json.loads(read_standing(folder, PARAMS, pathlib.Path.read_text))
        version = record["format_version"]
        if version in (FORMAT_VERSION, BEFORE):
            record = understood(record)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise ValueError(
            f"{folder / PARAMS} must be the JSON that ptychopinn wrote. Received: {reason}. Copy the bundle again."
        ) from error
    if version != FORMAT_VERSION and not (version == BEFORE and record["model"]["group_side"] > 1):
        raise ValueError(
            f"This ptychopinn reads bundles of format {FORMAT_VERSION}. Received: format_version={version!r:.20}. "
            "Train again, or install the ptychopinn that wrote it."
        )
    return record


def read_whole(folder: pathlib.Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the record and the contents of a bundle's files, of one generation even while it is replaced."""
    for _ in range(TRIES):
        standing = generation_of(folder)
        record = read_record(folder)
        contents = {name: read_standing(folder, name, pathlib.Path.read_bytes) for name in (MODEL, HISTORY)}
        found = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        wrong = [name for name in found if found[name] != record["checksums"][name]]
        if not wrong:
            return record, contents
        if generation_of(folder) == standing:
            break
    name = wrong[0]
    raise ValueError(
        f"{name} of the bundle {folder} must have SHA-256 {record['checksums'][name]!s:.12}... as params.json says. "
        f"Received: {found[name]:.12}... The file was changed or damaged: copy the bundle again."
    )


def generation_of(folder: pathlib.Path) -> tuple[int, int] | None:
    """Tell the generation of a bundle's files from another one, even of the same contents; None where there is none."""
    with contextlib.suppress(OSError):
        status = read_standing(folder, PARAMS, os.stat)
        return status.st_ino, status.st_mtime_ns
    return None


def read_card(folder: pathlib.Path | str) -> dict[str, str]:
    """Return what the card of a bundle says, by what each of its paragraphs is of; nothing where there is no card."""
    path = pathlib.Path(folder) / CARD
    if not path.is_file():
        return {}
    _, *paragraphs = path.read_text(errors="backslashreplace").split("\n\n")
    parted = (printable(" ".join(paragraph.split())).partition(": ") for paragraph in paragraphs)
    return {what: words for what, _, words in parted}


def understood(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with every parameter of its model; raise what its reader turns into a word if it is none."""
    for name, kind in (("loss", LossParams), ("data", DataParams), ("training", TrainingParams)):
        kind.from_dict(record[name])
    model = ModelParams.from_dict(record["model"])
    record["checksums"][MODEL], record["checksums"][HISTORY]
    if record["training_data"] or model.input != "estimate":  # a network that sees no probe need keep none
        for scan in range(model.scans):
            record["training_data"][scan]["sha256"]
    return {**record, "model": model.to_dict()}


def describe_data(path: pathlib.Path | str, scan: Scan) -> dict[str, Any]:
    """Return what a bundle remembers of its training data."""
    return {"path": str(pathlib.Path(path).resolve()), "name": scan.name, "shape": list(scan.patterns.shape),
            "sha256": checksum(file_of(path))}  # fmt: skip


def prepared_as(record: dict[str, Any]) -> dict[str, Any]:
    """Return how the first scan trained on was prepared, as options; none where a record keeps no scan."""
    trained_on = record["training_data"]
    return trained_on[0].get("preparation", {}) if trained_on else {}


def versions() -> dict[str, str]:
    """Return the versions of the packages that a result depends on."""
    known = ("ptychopinn", "keras", "numpy", "torch", "tensorflow-cpu", "tensorflow", "jax")
    return {name: version for name in known if (version := _installed(name))}


def read_history(path: pathlib.Path) -> list[dict[str, float]]:
    """Read a history: list of dicts of numbers."""
    return rows_of(read_standing(path.parent, path.name, pathlib.Path.read_bytes), path)


def rows_of(content: bytes, path: pathlib.Path) -> list[dict[str, float]]:
    """Return the rows of a history's bytes; `path` is what errors name."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode()))
        return [{key: float(value) for key, value in row.items() if value} for row in rows]
    except (ValueError, TypeError, csv.Error) as error:
        raise ValueError(f"{path} must hold numbers. Received: {error!s:.80}. Copy the bundle again.") from error


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
