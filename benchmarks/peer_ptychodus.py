"""Read and write files with ptychodus's own plug-ins; runs in ptychodus's environment, which needs no ptychopinn.

    python peer_ptychodus.py '{"do": "read", "format": "HDF5", "diffraction": "diffraction.h5", "product": ...}'
    python peer_ptychodus.py '{"do": "write", "known": "known.npz", "folder": "written"}'

What was read goes to `out`, an NPZ in the words of `counterparts.py`, its patterns in the order of the positions. The
last line is JSON: the version.
"""

import importlib.metadata
import json
import pathlib
import sys

import numpy as np
from ptychodus.api import io
from ptychodus.api.assemble import AssembledDiffractionData
from ptychodus.api.diffraction import (
    DiffractionDatasetLayoutNode,
    DiffractionMetadata,
    SimpleDiffractionArray,
    SimpleDiffractionDataset,
)
from ptychodus.api.geometry import ImageExtent, PixelGeometry
from ptychodus.api.object import Object, ObjectCenter
from ptychodus.api.plugins import PluginRegistry
from ptychodus.api.probe import ProbeSequence
from ptychodus.api.probe_positions import ProbePosition, ProbePositionSequence
from ptychodus.api.product import Product, ProductMetadata
from ptychodus.api.reconstruct import ReconstructInput


def read(task, plugins):
    """Read patterns, a product, or both, as a task says; write what they hold."""
    found = {}
    if "product" in task:
        reader = plugins.product_file_readers.get_strategy_by_name(task["format"])
        product = reader.read(pathlib.Path(task["product"]))
        found |= of_product(product, task)
    if "diffraction" in task:
        patterns, indexes = of_patterns(task, plugins)
        rows = {index: row for row, index in enumerate(indexes)}
        wanted = product.probe_positions.get_indexes() if "product" in task else indexes
        order = [rows[index] for index in wanted]
        found |= patterns | {"patterns": patterns["patterns"][order]}
    np.savez(task["out"], **found)


def of_patterns(task, plugins):
    """Return what a file of patterns holds, and their indexes; ptychodus has its own HDF5 in no plug-in."""
    path = pathlib.Path(task["diffraction"])
    if task["format"] == "HDF5":
        data = io.load_diffraction_data(path)
        pixel, indexes = data.get_pixel_geometry(), data._indexes
        return {"patterns": data._patterns, "bad_pixels": data._bad_pixels, "detector_pixel_m": pixel.width_m}, indexes
    dataset = plugins.diffraction_file_readers.get_strategy_by_name(task["format"]).read(path)
    known = dataset.get_metadata()
    found = {"patterns": np.concatenate([array.get_patterns() for array in dataset])}
    if task["format"] != "SLAC_NPZ":  # which reads no mask
        found["bad_pixels"] = dataset.get_bad_pixels()
    if known.detector_pixel_geometry is not None:
        found["detector_pixel_m"] = known.detector_pixel_geometry.width_m
    return found, np.concatenate([array.get_indexes() for array in dataset])


def of_product(product, task):
    """Return what a product holds; positions lie in the object's pixels as ptychodus puts them there."""
    found = {
        "probe": product.probes.get_array()[0], "object": product.object_.get_layer(0),
        "energy_eV": product.metadata.photon_energy_eV, "distance_m": product.metadata.detector_distance_m,
    }  # fmt: skip
    positions = product.probe_positions
    metres = np.stack([positions.get_coordinates_y_m(), positions.get_coordinates_x_m()], axis=1)
    if task["format"] == "SLAC_NPZ":  # whose object has no geometry there: metres are all it says
        return found | {"positions_m": metres}
    geometry = product.object_.get_geometry()
    pixels = [geometry.map_probe_positions_to_object_y_px(positions),
              geometry.map_probe_positions_to_object_x_px(positions)]  # fmt: skip
    return found | {"positions_px": np.stack(pixels, axis=1), "pixel_m": geometry.pixel_width_m, "positions_m": metres}


def write(task, plugins):
    """Write what is known in every way that ptychodus has for both parts of a scan."""
    folder = pathlib.Path(task["folder"])
    with np.load(task["known"]) as file:
        known = dict(file)
    product, order = product_of(known), known["order"]
    stored = np.empty_like(known["patterns"])
    stored[order] = known["patterns"]
    indexes = np.arange(len(order))
    pixel = PixelGeometry(*2 * [float(known["detector_pixel_m"])])
    for name, ending in (("HDF5", "h5"), ("NPZ", "npz"), ("CXI", "cxi")):
        (folder / name).mkdir(parents=True)
        plugins.product_file_writers.get_strategy_by_name(name).write(folder / name / f"product.{ending}", product)
        path = folder / name / f"diffraction.{ending}"
        if name == "HDF5":
            io.save_diffraction_data(path, AssembledDiffractionData(indexes, stored, pixel, known["bad_pixels"]))
            continue
        metadata = DiffractionMetadata(
            [len(stored)], stored.dtype, ImageExtent(*stored.shape[:0:-1]), float(known["distance_m"]), pixel,
            photon_energy_eV=float(known["energy_eV"]),
        )  # fmt: skip
        arrays = [SimpleDiffractionArray("scan", indexes, stored)]
        tree = DiffractionDatasetLayoutNode.create_root()
        dataset = SimpleDiffractionDataset(metadata, tree, arrays, known["bad_pixels"])
        plugins.diffraction_file_writers.get_strategy_by_name(name).write(path, dataset)
    given = ReconstructInput(known["patterns"], known["bad_pixels"], product)
    io.save_training_data(folder / "training.h5", given)
    io.save_ptychopinn_training_data(folder / "training.npz", given)


def product_of(known):
    """Return a product whose object's middle is not at 0, and whose positions stand in another order than patterns."""
    pixel, centre = float(known["pixel_m"]), known["centre_m"]
    places = known["positions_m"] + centre
    positions = [ProbePosition(int(index), x, y) for index, (y, x) in zip(known["order"], places)]
    return Product(
        metadata=ProductMetadata(
            name="counterpart", comments="", detector_distance_m=float(known["distance_m"]),
            photon_energy_eV=float(known["energy_eV"]), probe_photon_count=1e5, exposure_time_s=0.1,
            mass_attenuation_m2_per_kg=0.0, tomography_angle_deg=0.0,
        ),
        probe_positions=ProbePositionSequence(positions),
        probes=ProbeSequence(known["probe"][None], None, PixelGeometry(pixel, pixel)),
        object_=Object(known["object"][None], PixelGeometry(pixel, pixel), ObjectCenter(*map(float, centre[::-1])), []),
        losses=[],
    )  # fmt: skip


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    {"read": read, "write": write}[wanted["do"]](wanted, PluginRegistry.load_plugins())
    print(json.dumps({"version": importlib.metadata.version("ptychodus")}))
