"""CXI with the images of a reconstruction, and beside them what ptychodus adds in a group of its own."""

import pathlib

import h5py
import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.quantities import ELECTRON_VOLTS
from ptychopinn.formats.sources.cxi import DETECTOR, ENTRY, PTYCHODUS, SOURCE
from ptychopinn.formats.writers.metres import pixel_m, positions_m
from ptychopinn.formats.writers.nexus import add_images
from ptychopinn.physics.wavelengths import wavelength_m

NAME = "CXI 1.6 with images"
NEEDS: tuple[str, ...] = ("pixel_size_m",)
HOLDS: tuple[str, ...] = ("probe", "positions", "pixel_size_m", "energy_eV", "distance_m")
VERSION = 160
TRANSLATION = ENTRY + "sample_1/geometry_1/translation"


def stand_ins(reconstruction: Reconstruction) -> tuple[str, ...]:
    """Say what stands in the file for what is not known: nothing does, it is left out."""
    return ()


def write(reconstruction: Reconstruction, path: pathlib.Path) -> None:
    """Write a reconstruction; its object keeps its phase ramp, as probe and patterns know it."""
    with h5py.File(path, "w") as file:
        write_experiment(file, reconstruction)
        write_object(file, reconstruction)
        add_images(file, ENTRY.strip("/"), reconstruction)


def write_experiment(file: h5py.File, known: Reconstruction) -> None:
    """Write source, distance, probe and positions: all that is known but object and patterns, SI units.

    A translation moves the sample along the laboratory's x and y, which CXI has against columns and rows: along these
    it is the position of the probe, as ptychodus reads it.
    """
    file["cxi_version"] = VERSION
    file[ENTRY + "title"] = known.name
    if known.energy_eV is not None:
        file[SOURCE + "energy"] = known.energy_eV / ELECTRON_VOLTS["j"]
        file[SOURCE + "wavelength"] = wavelength_m(known.energy_eV)
    if known.distance_m is not None:
        file[DETECTOR + "distance"] = known.distance_m
    places = positions_m(known)
    if len(places):
        file[TRANSLATION] = np.stack([places[:, 1], places[:, 0], np.zeros(len(places))], axis=1)
        file[TRANSLATION].attrs["units"] = "m"
        file[PTYCHODUS + "probe_position_indexes"] = np.arange(len(places))
    if known.probe is not None:
        _write_image(file, "image_1", np.asarray(known.probe, np.complex64)[None], "coherent:incoherent:y:x", known)
    for what in ("probe", "object"):
        for side in ("width", "height"):
            file[f"{PTYCHODUS}{what}_pixel_{side}_m"] = pixel_m(known)


def write_object(file: h5py.File, known: Reconstruction) -> None:
    """Write the object, and where its middle is."""
    _write_image(file, "image_2", known.object[None].astype(np.complex64), "layer:y:x", known)
    for axis in "xy":
        file[f"{PTYCHODUS}object_center_{axis}_m"] = 0.0


def _write_image(file: h5py.File, name: str, image: np.ndarray, axes: str, known: Reconstruction) -> None:
    group = file.create_group(ENTRY + name)
    group.create_dataset("data", data=image).attrs["axes"] = axes
    height, width = image.shape[-2:]
    group["image_size"] = np.array([width, height, 0]) * pixel_m(known)
    group["data_space"] = "real"
