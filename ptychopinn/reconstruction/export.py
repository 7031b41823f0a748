"""Export what a model knows for programs without Keras or this package."""

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

from ptychopinn.data.scan import Scan
from ptychopinn.model import PtychoModel
from ptychopinn.reconstruction import exported
from ptychopinn.reconstruction.portable import Portable, portable_of

AGREES = 1e-4
"""By how much patches may differ from Keras's, of the largest modulus."""

DESCRIPTION = "export.json"


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
    """Export a model, see `portable`, and check what was written against Keras before it is in its place.

    Args:
        model: PtychoModel.
        name: str. One of `FORMATS`.
        folder: path of a folder that is not there yet.
        batch_size: int. Groups, or windows, at a time, which the exported model is fixed to. Defaults to 16.
        scan: Scan to suit, by its probe, size and spacing. Defaults to what the model was trained on, or, of a network
            of estimates, to none: what corrects objects is exported.

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
    portable = portable_of(model, batch_size, scan)
    graph, inputs = portable.graph, portable.inputs
    expected = keras.ops.convert_to_numpy(graph.predict_on_batch(list(inputs.values())))
    with tempfile.TemporaryDirectory(dir=folder.absolute().parent, prefix=f".{folder.name}.") as aside:
        new = pathlib.Path(aside) / "new"
        new.mkdir()
        try:
            logging.disable(logging.WARNING)  # converters tell their progress there
            graph.export(str(new / form.file), format=form.keras, input_signature=[specs_of(graph)], verbose=False)
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
        (new / DESCRIPTION).write_text(json.dumps(described(name, portable, difference), indent=2) + "\n")
        os.rename(new, folder)
    return difference


def specs_of(graph: keras.Model) -> list[keras.InputSpec]:
    """Return the inputs of an exported model, as Keras wants them said."""
    return [keras.InputSpec(shape=one.shape, dtype="float32", name=one.name) for one in graph.inputs]


def described(name: str, portable: Portable, difference: float) -> dict[str, Any]:
    """Return what stands beside an exported model: what goes in and comes out, in their order."""
    graph = portable.graph
    shapes = {one.name: list(one.shape) for one in graph.inputs} | {portable.made: list(graph.outputs[0].shape)}
    sides = {part: {"shape": shapes[part], "dtype": "float32", "meaning": meaning}
             for part, meaning in portable.meaning.items()}  # fmt: skip
    made = sides.pop(portable.made)
    return {"format": name, "file": FORMATS[name].file, "inputs": sides, "output": {"name": portable.made, **made},
            "difference_from_keras": difference}  # fmt: skip
