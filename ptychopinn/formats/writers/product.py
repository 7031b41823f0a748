"""ptychodus's `product.h5`: object, probe and positions in metres; amplitude and phase as NeXus beside them."""

import pathlib

import h5py
import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.writers.metres import pixel_m, positions_m
from ptychopinn.formats.writers.nexus import add_images

NAME = "ptychodus's product.h5"
NEEDS: tuple[str, ...] = ("pixel_size_m", "probe")
HOLDS: tuple[str, ...] = ("probe", "positions", "pixel_size_m", "energy_eV", "distance_m")


def stand_ins(reconstruction: Reconstruction) -> tuple[str, ...]:
    """Say what stands in the file for what is not known."""
    unknown = [words for words, value in (("photon energy", reconstruction.energy_eV),
                                          ("distance to the detector", reconstruction.distance_m))
               if value is None]  # fmt: skip
    return (f"The {' and '.join(unknown)} is 0 in the file: not known.",) if unknown else ()


def write(reconstruction: Reconstruction, path: pathlib.Path) -> None:
    """Write a reconstruction; its object keeps its phase ramp, as probe and patterns know it."""
    probe, size = np.asarray(reconstruction.probe, np.complex64), pixel_m(reconstruction)
    positions = positions_m(reconstruction)
    with h5py.File(path, "w") as file:
        file.attrs.update({
            "name": reconstruction.name, "comments": "written by ptychopinn",
            "far_field": reconstruction.fresnel_number is None,
            "detector_object_distance_m": reconstruction.distance_m or 0.0,
            "photon_energy_eV": reconstruction.energy_eV or 0.0,
            "probe_photon_count": float(np.sum(np.abs(probe) ** 2)), "exposure_time_s": 0.0,
            "mass_attenuation_m2_per_kg": 0.0, "tomography_angle_deg": 0.0,
        })  # fmt: skip
        file["probe_position_indexes"] = np.arange(len(positions))
        file["probe_position_y_m"], file["probe_position_x_m"] = positions.T
        file["probe"] = probe[None]
        file["object"] = reconstruction.object[None].astype(np.complex64)
        for key in ("probe", "object"):
            file[key].attrs.update({"pixel_width_m": size, "pixel_height_m": size})
        file["object"].attrs.update({"center_x_m": 0.0, "center_y_m": 0.0})
        for key in ("object_layer_spacing_m", "loss_epochs", "loss_values"):
            file[key] = np.zeros(0)
        add_images(file, "entry", reconstruction)
