"""`reconstruction.npz`: all arrays of a reconstruction, its object straight and the ramp beside it."""

import pathlib
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction

NAME = "reconstruction.npz"
NEEDS: tuple[str, ...] = ()
OPTIONAL = (
    "probe", "probe_variation", "probe_weights", "slices", "slice_distance", "background", "blur", "uncertainty",
    "amplitude_uncertainty", "phase_uncertainty", "local_resolution", "positions", "flux",
    "pixel_size_m", "energy_eV", "distance_m", "fresnel_number",
)  # fmt: skip
HOLDS: tuple[str, ...] = ("weight", "ramp", *OPTIONAL)


def stand_ins(reconstruction: Reconstruction) -> tuple[str, ...]:
    """Say what stands in the file for what is not known: nothing does, it is left out."""
    return ()


def write(reconstruction: Reconstruction, path: pathlib.Path) -> None:
    """Write a reconstruction, whose object is straight: other programs read it."""
    arrays: dict[str, Any] = {
        "object": reconstruction.straight,
        "weight": reconstruction.weight,
        "ramp": np.array(reconstruction.ramp),
    }
    if reconstruction.origin is not None:
        arrays["origin"] = np.array(reconstruction.origin)
    for name in OPTIONAL:
        if getattr(reconstruction, name) is not None:
            arrays[name] = np.asarray(getattr(reconstruction, name))
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)
