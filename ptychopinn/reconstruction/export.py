"""Export the predictor of patches, measured groups in, patches out, for programs without Keras or this package."""

import dataclasses
import importlib.util
import json
import logging
import os
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from ptychopinn.data.scan import NO_DATA, Scan
from ptychopinn.model import PtychoModel
from ptychopinn.reconstruction import exported
from ptychopinn.reconstruction.prediction import PatchPredictor
from ptychopinn.reconstruction.suited import reach_of, suited_to

AGREES = 1e-4
"""By how much patches may differ from Keras's, of the largest modulus."""

DESCRIPTION = "export.json"
INPUTS = ("amplitudes", "offsets")
MEANING = {
    "amplitudes": "square root of the photons of each pattern, zero frequency at the centre, -1 where there is no data",
    "offsets": "(y, x) of each position from the whole pixel in the middle of its group's extent, pixels",
    "patches": "real and imaginary part of the transmission of each pattern's patch",
}


@dataclasses.dataclass(frozen=True)
class Format:
    """A format to export to.

    Args:
        keras: str. What Keras calls it.
        file: str. Name of what is written.
        backends: names of the backends that can.
        packages: names of the modules that write and check it, which are not those of a backend.
        opened: function of a path that returns a function of the inputs: see `exported`.
        limits: str. What it cannot say, in a sentence.
    """

    keras: str
    file: str
    backends: tuple[str, ...]
    packages: tuple[str, ...]
    opened: Callable[[pathlib.Path], exported.Run]
    limits: str = ""


NO_FOURIER = (
    "LiteRT has no complex Fourier transform, which rounds of physics need: train with --input amplitude for it. "
)

FORMATS = {
    "onnx": Format("onnx", "model.onnx", ("torch",), ("onnx", "onnxscript", "onnxruntime"), exported.onnx),
    "openvino": Format("openvino", "model.xml", ("torch",), ("openvino",), exported.openvino),
    "litert": Format("litert", "model.tflite", ("tensorflow",), (), exported.litert, NO_FOURIER),
    "saved-model": Format("tf_saved_model", "saved_model", ("tensorflow",), (), exported.saved_model),
    "torch-export": Format("torch", "model.pt2", ("torch",), (), exported.torch_export),
}


def check_exportable(name: str) -> None:
    """Raise ValueError where the backend cannot export to a format, or a package is missing."""
    form, backend = FORMATS[name], keras.backend.backend()
    if backend not in form.backends:
        raise ValueError(
            f"--format {name} is written by the backend {' or '.join(form.backends)}. Received: backend={backend}. "
            f"Use KERAS_BACKEND={form.backends[0]} ptycho export; a bundle opens under each."
        )
    missing = [package for package in form.packages if importlib.util.find_spec(package) is None]
    if missing:
        raise ValueError(
            f"--format {name} needs {' and '.join(form.packages)}. Received: an environment without "
            f"{' and '.join(missing)}. Install them: pip install 'ptychopinn[export]'."
        )


def export(
    model: PtychoModel, name: str, folder: pathlib.Path | str, batch_size: int = 16, scan: Scan | None = None
) -> float:
    """Export the predictor of patches of a model, and check what was written against Keras before it is in its place.

    Args:
        model: PtychoModel.
        name: str. One of `FORMATS`.
        folder: path of a folder that is not there yet.
        batch_size: int. Groups at a time, which the exported model is fixed to. Defaults to 16.
        scan: Scan to suit, by its probe, size and spacing. Defaults to what the model was trained on.

    Returns:
        float: the largest difference from Keras, of the largest modulus.

    Raises:
        FileExistsError: if the folder is there.
        ValueError: if the format cannot be written here, or does not agree with Keras.
    """
    check_exportable(name)
    folder, form = pathlib.Path(folder), FORMATS[name]
    if folder.exists():
        raise FileExistsError(
            f"An export is written to a new folder. Received: path={folder}, which is there. Choose another --output."
        )
    if scan is not None:
        model = suited_to(scan, model, scan.probe)
    elif model.params.scans > 1:
        raise ValueError(
            f"A model of several probes must be told which to export. Received: {model.params.scans} scans trained on. "
            "Give the scan that it is for: --data."
        )
    flat, inputs = flattened(model, batch_size), drawn_inputs(model, batch_size)
    expected = keras.ops.convert_to_numpy(flat.predict_on_batch(inputs))
    with tempfile.TemporaryDirectory(dir=folder.absolute().parent, prefix=f".{folder.name}.") as aside:
        new = pathlib.Path(aside) / "new"
        new.mkdir()
        try:
            logging.disable(logging.WARNING)  # converters tell their progress there
            flat.export(str(new / form.file), format=form.keras, input_signature=[specs_of(flat)], verbose=False)
            found = form.opened(new / form.file)(inputs)
        except Exception as error:  # whatever a converter makes of a network
            raise ValueError(
                f"--format {name} must be able to say and run what the network does. Received: "
                f"{' '.join(str(error).split())[:150]}. {form.limits}Try another format."
            ) from error
        finally:
            logging.disable(logging.NOTSET)
        difference = float(np.abs(found - expected).max() / np.abs(expected).max())
        if not difference <= AGREES:
            raise ValueError(
                f"What is exported must agree with Keras to {AGREES:g}. Received: {name}, off by {difference:.2g}. "
                "Nothing was kept. Try another format."
            )
        (new / DESCRIPTION).write_text(json.dumps(described(name, flat, difference), indent=2) + "\n")
        os.rename(new, folder)
    return difference


def flattened(model: PtychoModel, batch_size: int) -> keras.Model:
    """Return the predictor of a model's patches as one of two named inputs, of a fixed number of groups."""
    positions, size = model.params.positions, model.params.size
    shapes = (positions, size, size), (positions, 2)
    inputs = [keras.Input(shape, batch_size, name=name) for name, shape in zip(INPUTS, shapes)]
    return keras.Model(inputs, PatchPredictor(model)(tuple(inputs)), name="patches")


def specs_of(flat: keras.Model) -> list[keras.InputSpec]:
    """Return the inputs of an exported model, as Keras wants them said."""
    return [keras.InputSpec(shape=one.shape, dtype="float32", name=one.name) for one in flat.inputs]


def drawn_inputs(model: PtychoModel, batch_size: int, seed: int = 0) -> list[np.ndarray]:
    """Draw groups of patterns of a clear object, with a pixel without data: float32 amplitudes and offsets."""
    random, params = np.random.default_rng(seed), model.params
    shape = batch_size, params.positions, params.size, params.size
    clear = keras.ops.ones(shape), keras.ops.zeros(shape)
    light = keras.ops.convert_to_numpy(model.diffraction(clear)).astype(np.float64)
    amplitudes = np.sqrt(random.poisson(light)).astype(np.float32)
    amplitudes[..., 3, 5] = NO_DATA
    offsets = random.uniform(-1, 1, (*shape[:2], 2)) * max(reach_of(params), 0) / 2
    return [amplitudes, offsets.astype(np.float32)]


def described(name: str, flat: keras.Model, difference: float) -> dict[str, Any]:
    """Return what stands beside an exported model: what goes in and comes out, in their order."""
    shapes = {one.name: list(one.shape) for one in flat.inputs} | {"patches": list(flat.outputs[0].shape)}
    sides = {part: {"shape": shape, "dtype": "float32", "meaning": MEANING[part]} for part, shape in shapes.items()}
    return {"format": name, "file": FORMATS[name].file, "inputs": {part: sides[part] for part in INPUTS},
            "output": sides["patches"], "difference_from_keras": difference}  # fmt: skip
