"""Bundle: the folder that holds a trained model, everything it was trained with, and nothing executable."""

import csv
import dataclasses
import importlib.metadata
import json
import pathlib
import zipfile

import keras

from ptychopinn.files import checksum, settle, write_together
from ptychopinn.model import PtychoModel
from ptychopinn.params import DataParams, LossParams, ModelParams, TrainingParams
from ptychopinn.training.callbacks import Record

FORMAT_VERSION = 2
MODEL, PARAMS, HISTORY = "model.keras", "params.json", "history.csv"


@dataclasses.dataclass(frozen=True)
class Bundle:
    """What `load_bundle` returns.

    Args:
        model: PtychoModel.
        data, training: DataParams, TrainingParams of the training.
        history: list of dicts, one per epoch.
        record: dict. All of `params.json`.
    """

    model: PtychoModel
    data: DataParams
    training: TrainingParams
    history: list
    record: dict


def save_bundle(folder, model, data, training, history, training_data, from_bundle=None):
    """Write a bundle; an older one in the folder is replaced as a whole.

    Args:
        folder: path.
        model: PtychoModel.
        data, training: DataParams, TrainingParams.
        history: list of dicts, one per epoch.
        training_data: list of dicts that name the data, one a scan (see `describe_data`).
        from_bundle: dict that names the bundle whose networks the training started from, if there is one.
    """
    record = {
        "format_version": FORMAT_VERSION,
        "model": model.params.to_dict(),
        "loss": model.loss_params.to_dict(),
        "data": data.to_dict(),
        "training": training.to_dict(),
        "training_data": training_data,
        "from_bundle": from_bundle,
        "written_by": {"backend": keras.backend.backend(), "versions": versions()},
    }

    def write_params(path):
        record["checksums"] = {name: checksum(path.parent / name) for name in (MODEL, HISTORY)}
        path.write_text(json.dumps(record, indent=2) + "\n")

    write_together(
        folder,
        {MODEL: model.save, HISTORY: Record(history).write, PARAMS: write_params},
        last=PARAMS,
    )


def load_bundle(folder):
    """Read a bundle, strictly: every file whole, every weight from the file.

    Raises:
        FileNotFoundError: if the folder or one of its files is missing.
        ValueError: if a file was changed, or the bundle is of another format.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"A bundle must be a folder. Received: path={folder}, which is none. Check the path.")
    settle(folder, PARAMS)
    record = read_record(folder)
    for name in (MODEL, HISTORY):
        expected = record["checksums"][name]
        found = checksum(folder / name)
        if found != expected:
            raise ValueError(
                f"{name} of the bundle {folder} must have SHA-256 {expected[:12]}... as params.json says. "
                f"Received: {found[:12]}... The file was changed or damaged: copy the bundle again."
            )
    try:
        model = keras.saving.load_model(folder / MODEL, compile=False, safe_mode=True)
    except (TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{folder / MODEL} must be a model of ptychopinn. Received: {error}. Train again.") from error
    return Bundle(
        model=model,
        data=DataParams.from_dict(record["data"]),
        training=TrainingParams.from_dict(record["training"]),
        history=read_history(folder / HISTORY),
        record=record,
    )


def read_record(folder):
    """Read `params.json` of a bundle and check that this version understands it, without loading the model."""
    folder = pathlib.Path(folder)
    for name in (PARAMS, MODEL, HISTORY):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"A bundle must hold {MODEL}, {PARAMS} and {HISTORY}. Received: {folder} without {name}. "
                "Copy the whole folder, or train again."
            )
    try:
        record = json.loads((folder / PARAMS).read_text())
        version = record["format_version"]
        if version == FORMAT_VERSION:
            record = understood(record)
    except (json.JSONDecodeError, UnicodeDecodeError, LookupError, TypeError) as error:
        raise ValueError(
            f"{folder / PARAMS} must be the JSON that ptychopinn wrote. Received: {type(error).__name__}: {error}. "
            "Copy the bundle again."
        ) from error
    if version != FORMAT_VERSION:
        raise ValueError(
            f"This ptychopinn reads bundles of format {FORMAT_VERSION}. Received: format_version={version}. "
            "Train again, or install the ptychopinn that wrote it."
        )
    return record


def understood(record):
    """Return a record with every parameter of its model; raise LookupError, TypeError or ValueError if it is none."""
    for name, kind in (("loss", LossParams), ("data", DataParams), ("training", TrainingParams)):
        kind.from_dict(record[name])
    model = ModelParams.from_dict(record["model"])
    record["checksums"][MODEL], record["checksums"][HISTORY]
    for scan in range(model.scans):
        record["training_data"][scan]["sha256"]
    return {**record, "model": model.to_dict()}


def describe_data(path, scan):
    """Return what a bundle remembers of its training data."""
    return {"path": str(pathlib.Path(path).resolve()), "name": scan.name, "shape": list(scan.patterns.shape),
            "sha256": checksum(path)}  # fmt: skip


def versions():
    """Return the versions of the packages that a result depends on."""
    known = ("ptychopinn", "keras", "numpy", "torch", "tensorflow-cpu", "tensorflow", "jax")
    return {name: version for name in known if (version := _installed(name))}


def read_history(path):
    """Read a history: list of dicts of numbers."""
    with open(path, newline="") as file:
        try:
            return [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path} must hold numbers. Received: {error}. Copy the bundle again.") from error


def _installed(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
