"""A float32 TIFF of two images, amplitude and phase, with the tags by which ImageJ knows the pixel's size."""

import pathlib
from typing import Any

import numpy as np
import tifffile

from ptychopinn.data.reconstruction import Reconstruction

NAME = "TIFF of amplitude and phase"
NEEDS: tuple[str, ...] = ()
HOLDS: tuple[str, ...] = ("pixel_size_m",)
MICROMETRE = 1e-6


def stand_ins(reconstruction: Reconstruction) -> tuple[str, ...]:
    """Say what stands in the file for what is not known."""
    return ("The file does not tell the pixel's size: it is not known.",) if reconstruction.pixel_size_m is None else ()


def write(reconstruction: Reconstruction, path: pathlib.Path) -> None:
    """Write amplitude and phase (radians) of the straight object, float32 `(2, y, x)`."""
    straight = reconstruction.straight
    images = np.stack([np.abs(straight), np.angle(straight)]).astype(np.float32)
    metadata: dict[str, Any] = {"axes": "ZYX", "Labels": ["amplitude", "phase [rad]"], "mode": "grayscale"}
    settings: dict[str, Any] = {}
    if reconstruction.pixel_size_m is not None:
        per_micrometre = MICROMETRE / reconstruction.pixel_size_m
        settings, metadata["unit"] = {"resolution": (per_micrometre, per_micrometre)}, "um"
    with open(path, "wb") as file:  # whatever the name of a temporary file ends in
        tifffile.imwrite(file, images, imagej=True, metadata=metadata, **settings)
