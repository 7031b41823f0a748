"""ptychopinn: ptychography with a neural network trained on the physics.

Importing this module imports no backend; the public names load as they are used.
"""

import importlib

_HOMES = {
    "DataParams": "params",
    "ModelParams": "params",
    "LossParams": "params",
    "TrainingParams": "params",
    "ExecutionParams": "params",
    "Scan": "scan",
    "read_scan": "formats",
    "Diffraction": "diffraction",
    "PtychoModel": "model",
    "Settings": "training",
    "fit_to": "training",
    "train": "training",
    "load_bundle": "bundle",
    "save_bundle": "bundle",
    "reconstruct": "inference",
    "refine": "refinement",
    "Stitcher": "stitching",
    "Product": "product",
    "read_product": "formats.products",
    "score": "evaluation.scoring",
    "residual": "evaluation.residual",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'ptychopinn' has no attribute {name!r}")
    return getattr(importlib.import_module(f"ptychopinn.{_HOMES[name]}"), name)


def __dir__():
    return __all__
