"""Run an exported model by what other programs would run it with: to check it, or to measure it."""

import pathlib
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

Run: TypeAlias = Callable[[Mapping[str, np.ndarray]], np.ndarray]
"""From inputs by their names, in their order, to what is made of them."""


def onnx(path: pathlib.Path) -> Run:
    """Open a file of ONNX with ONNX Runtime, on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, dict(inputs))[0]


def openvino(path: pathlib.Path) -> Run:
    """Open a model of OpenVINO, on the CPU, in single precision."""
    import openvino

    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda inputs: compiled(list(inputs.values()))[0]


def litert(path: pathlib.Path) -> Run:
    """Open a model of LiteRT with the interpreter that comes with TensorFlow."""
    import tensorflow

    interpreter = tensorflow.lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()
    return lambda inputs: next(iter(runner(**inputs).values()))


def saved_model(path: pathlib.Path) -> Run:
    """Open a SavedModel of TensorFlow."""
    import tensorflow

    model = tensorflow.saved_model.load(path)
    return lambda inputs: np.asarray(model.serve(list(inputs.values())))


def torch_export(path: pathlib.Path) -> Run:
    """Open an exported program of PyTorch."""
    import torch

    module = torch.export.load(path).module()
    return lambda inputs: (
        module([torch.from_numpy(np.ascontiguousarray(one)) for one in inputs.values()]).detach().numpy()
    )
