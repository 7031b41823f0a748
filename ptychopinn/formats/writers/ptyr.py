"""PtyPy's `.ptyr`, as small as its plotting and stacking programs read it: object, probe and positions."""

import pathlib

import h5py
import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.writers.metres import middle_px, pixel_m, positions_m
from ptychopinn.formats.writers.nexus import add_images

NAME = "PtyPy's .ptyr"
NEEDS: tuple[str, ...] = ("pixel_size_m",)
HOLDS: tuple[str, ...] = ("probe", "positions", "pixel_size_m", "energy_eV")
STORAGE = "S00G00"


def stand_ins(reconstruction: Reconstruction) -> tuple[str, ...]:
    """Say what stands in the file for what is not known."""
    return ("The file holds no parameters of PtyPy: it is to be looked at, not to be continued.",)


def write(reconstruction: Reconstruction, path: pathlib.Path) -> None:
    """Write a reconstruction; its object keeps its phase ramp, as probe and patterns know it."""
    size, positions = pixel_m(reconstruction), positions_m(reconstruction)
    with h5py.File(path, "w") as file:
        file["header/kind"] = "minimal"
        file["header/description"] = "written by ptychopinn"
        images = {"obj": (reconstruction.object[None], -middle_px(reconstruction) * size)}
        if reconstruction.probe is not None:
            probe = np.asarray(reconstruction.probe)
            images["probe"] = (probe, -np.array(probe.shape[1:]) / 2 * size)
        for kind, (image, first_m) in images.items():
            storage = file.create_group(f"content/{kind}/{STORAGE}")
            storage["data"] = image.astype(np.complex64)
            storage["shape"] = np.array(image.shape)
            storage["_psize"], storage["_origin"] = np.array([size, size]), first_m
            if reconstruction.energy_eV is not None:
                storage["_energy"] = reconstruction.energy_eV / 1e3  # keV
        if len(positions):
            file[f"content/positions/{STORAGE}"] = positions
        add_images(file, "entry", reconstruction)
