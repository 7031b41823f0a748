"""Bundle: the folder that holds a trained model, everything it was trained with, and nothing executable."""

import contextlib
import dataclasses
import io
import json
import pathlib
import tempfile
import zipfile
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from ptychopinn.data.grouping import widest_canvas
from ptychopinn.files import checksum, write_together
from ptychopinn.model import PtychoModel
from ptychopinn.params import DataParams, ModelParams, TrainingParams
from ptychopinn.training.callbacks import Record
from ptychopinn.training.record import (
    CHECKPOINT,
    FORMAT_VERSION,
    HISTORY,
    LOSSES,
    MODEL,
    PAGE,
    PARAMS,
    read_card,
    read_whole,
    rows_of,
    versions,
)

CONFIG, WEIGHTS, REGISTERED = "config.json", "model.weights.h5", "ptychopinn>PtychoModel"
UNPACKED = 4
"""How many times its size a model's archive may unpack to: weights hardly compress."""

REASON = 150
"""Characters of a foreign error that are told."""


@dataclasses.dataclass(frozen=True)
class Bundle:
    """What `load_bundle` returns.

    Args:
        model: PtychoModel.
        data, training: DataParams, TrainingParams of the training.
        history: list of dicts, one per epoch.
        record: dict. All of `params.json`.
        card: dict. What `CARD.md` says, where it has one; see `read_card`.
    """

    model: PtychoModel
    data: DataParams
    training: TrainingParams
    history: list[dict[str, float]]
    record: dict[str, Any]
    card: dict[str, str] = dataclasses.field(default_factory=dict)


def save_bundle(
    folder: pathlib.Path | str,
    model: PtychoModel,
    data: DataParams,
    training: TrainingParams,
    history: list[dict[str, float]],
    training_data: list[dict[str, Any]],
    from_bundle: dict[str, Any] | None = None,
) -> None:
    """Write a bundle; an older one in the folder is replaced as a whole, and what else its training left goes with it.

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

    def write_params(path: pathlib.Path) -> None:
        record["checksums"] = {name: checksum(path.parent / name) for name in (MODEL, HISTORY)}
        path.write_text(json.dumps(record, indent=2) + "\n")

    writers = {MODEL: model.save, HISTORY: Record(history).write, PARAMS: write_params}
    kept = {CHECKPOINT: training.checkpoint, LOSSES: training.logger == "csv", PAGE: False}
    write_together(folder, writers, known=[name for name, ours in kept.items() if not ours])


def load_bundle(folder: pathlib.Path | str) -> Bundle:
    """Read a bundle, strictly: every file whole and of one training, every weight from the file.

    Nothing is written, and nothing is built before it is known that the file holds it.

    Raises:
        FileNotFoundError: if the folder or one of its files is missing.
        ValueError: if a file was changed, or the bundle is of another format.
    """
    folder = pathlib.Path(folder)
    record, contents = read_whole(folder)
    return Bundle(
        model=model_of(contents[MODEL], record, folder / MODEL),
        data=DataParams.from_dict(record["data"]),
        training=TrainingParams.from_dict(record["training"]),
        history=rows_of(contents[HISTORY], folder / HISTORY),
        record=record,
        card=read_card(folder),
    )


def model_of(content: bytes, record: dict[str, Any], path: pathlib.Path) -> PtychoModel:
    """Build the model of a `model.keras` and give it its weights.

    The weights are unpacked first: read out of the archive, they are unpacked anew at every step back in the file.

    Args:
        content: bytes of the file.
        record: dict: the bundle's `params.json`.
        path: path that errors name.
    """
    with tempfile.TemporaryDirectory() as folder:
        with told_in_short(path), zipfile.ZipFile(io.BytesIO(content)) as archive:
            config = config_of(archive, len(content))
            check_config(config, record, len(content))
            weights = archive.extract(WEIGHTS, folder)
        model = PtychoModel.from_config(config)
        with told_in_short(path):
            model.load_weights(weights)
            if not all(np.isfinite(weight).all() for weight in model.get_weights()):
                raise ValueError("weights that are not finite")
    return model


@contextlib.contextmanager
def told_in_short(path: pathlib.Path) -> Iterator[None]:
    """Turn what a file makes Keras, h5py and zipfile raise, which may be any exception of any length, into one line."""
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split())[:REASON] or type(error).__name__
        raise ValueError(
            f"{path} must be the model of ptychopinn that params.json describes. Received: {reason}. "
            "Copy the bundle again, or train again."
        ) from error


def config_of(archive: zipfile.ZipFile, size: int) -> dict[str, Any]:
    """Return a PtychoModel's configuration in a `.keras` archive, which must not unpack to more than it could hold."""
    if sum(member.file_size for member in archive.infolist()) > UNPACKED * size:
        raise ValueError(f"an archive that unpacks to more than {UNPACKED} times its size")
    saved = json.loads(archive.read(CONFIG))
    if saved["registered_name"] != REGISTERED:
        raise ValueError(f"a model of the class {saved['registered_name'] or saved['class_name']!s:.80}")
    return saved["config"]


def check_config(config: dict[str, Any], record: dict[str, Any], size: int) -> None:
    """Raise ValueError unless a configuration is that of a record's model, and a file of `size` bytes can hold it."""
    params = ModelParams.from_dict(config["params"])
    if params.to_dict() != record["model"] or config["loss_params"] != record["loss"] or "name" not in config:
        raise ValueError("a model of other parameters")
    probes = 2 * params.scans * params.modes * params.size**2 * np.dtype(np.float32).itemsize
    if probes > size:
        raise ValueError(f"{params.scans} x {params.modes} probe modes in a file of {size} bytes")
    if params.canvas > widest_canvas(params.size):
        raise ValueError(f"canvas={params.canvas} with patches of {params.size} pixels")
