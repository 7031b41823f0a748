"""ptychopinn: ptychography with a neural network trained on the physics.

Importing this module imports no backend; the public names load as they are used.
"""

import importlib
from typing import Any

_HOMES = {
    "DataParams": "params",
    "ModelParams": "params",
    "LossParams": "params",
    "TrainingParams": "params",
    "ExecutionParams": "params",
    "Preparation": "preparation.params",
    "Scan": "data.scan",
    "read_scan": "formats",
    "Diffraction": "physics.diffraction",
    "PtychoModel": "model",
    "Settings": "training.settings",
    "fit_to": "training.train",
    "train": "training.train",
    "load_bundle": "training.bundle",
    "save_bundle": "training.bundle",
    "ReconstructionParams": "reconstruction.params",
    "reconstruct": "reconstruction.reconstruct",
    "reconstruct_shard": "reconstruction.shards",
    "join_parts": "reconstruction.parts",
    "predict_object": "reconstruction.prediction",
    "refine": "reconstruction.refinement",
    "Stitcher": "reconstruction.stitching",
    "Reconstruction": "data.reconstruction",
    "read_reconstruction": "formats",
    "convert": "formats.conversion",
    "examine": "doctor.examine",
    "score": "evaluation.against_truth",
    "resolution": "evaluation.resolution",
    "residual": "evaluation.against_patterns",
    "forecast": "evaluation.forecast",
    "enough": "evaluation.enough",
    "regions": "evaluation.regions",
    "choose": "evaluation.evidence",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ptychopinn' has no attribute {name!r}")
    return getattr(importlib.import_module(f"ptychopinn.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
