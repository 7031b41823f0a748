"""ptychodus's products, `product.h5` and `product.npz`: one vocabulary, in attributes or flat."""

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from ptychopinn.data.checks import NUMBERS
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.archive import MOST_IN_MEMORY, Archive
from ptychopinn.formats.assumptions import probe_modes
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.unpacking import damage_said

NAME = "a ptychodus product (HDF5 or NPZ)"
SIZES = {"y": "object_pixel_height_m", "x": "object_pixel_width_m"}
ENERGY, DISTANCE = "photon_energy_eV", "detector_object_distance_m"


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5, or an archive with ptychodus's keys."""
    return opened.hdf5 is not None if opened.archive is None else "object_center_x_m" in opened.archive


def read(opened: Opened) -> Reconstruction:
    """Read the file; see `read_reconstruction`."""
    fields = _fields_of_hdf5(opened.hdf5, opened.name) if opened.archive is None else _fields_of_archive(opened.archive)
    if "object" not in fields:
        raise ValueError(
            f"{opened.name} must hold a dataset of numbers called object. Received: {opened.contents}. "
            "Save the reconstruction from ptychodus as a product."
        )
    return product_of(fields, opened.name)


def product_of(fields: Mapping[str, Any], name: str) -> Reconstruction:
    """Make a `Reconstruction` of a dict of arrays with the keys of `product.npz`.

    The object lies in its own pixels: its origin is (0, 0), and the positions are brought there from metres.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        obj = np.asarray(fields["object"]).astype(np.complex64)
    if obj.ndim == 3 and len(obj) == 1:
        obj = obj[0]
    size = {axis: _scalar(fields, key, name) for axis, key in SIZES.items()}
    return Reconstruction(
        object=obj,
        weight=np.ones(obj.shape, np.float32),
        origin=(0.0, 0.0),
        probe=probe_modes(np.asarray(fields["probe"])) if "probe" in fields else None,
        positions=_positions(fields, obj.shape, size, name) if obj.ndim == 2 and all(size.values()) else None,
        pixel_size_m=size["x"],
        energy_eV=_scalar(fields, ENERGY, name) or None,  # 0 is ptychodus's "not known"
        distance_m=_scalar(fields, DISTANCE, name) or None,
        name=name,
    )


def _positions(
    fields: Mapping[str, Any], shape: tuple[int, ...], size: Mapping[str, Any], name: str
) -> np.ndarray | None:
    """Return the positions in pixels of the object, `(pattern, 2)`; None where the file has none."""
    if "probe_position_x_m" not in fields or "probe_position_y_m" not in fields:
        return None
    metres = [np.ravel(fields[f"probe_position_{axis}_m"]) for axis in "yx"]
    if not any(map(len, metres)):
        return None
    if len(metres[0]) != len(metres[1]) or not all(np.isrealobj(one) and np.isfinite(one).all() for one in metres):
        raise ValueError(
            f"{name} must hold one finite probe_position_y_m and probe_position_x_m per pattern, metres. "
            f"Received: {len(metres[0])} and {len(metres[1])}. Save the reconstruction from ptychodus again."
        )
    centre = [_scalar(fields, f"object_center_{axis}_m", name) or 0.0 for axis in "yx"]
    pixels = [(one.astype(np.float64) - middle) / size[axis] + (length - 1) / 2
              for one, middle, axis, length in zip(metres, centre, "yx", shape)]  # fmt: skip
    return np.stack(pixels, axis=1)


def _scalar(fields: Mapping[str, Any], key: str, name: str) -> float | None:
    """Return a finite real number, or None where the file has none."""
    if key not in fields:
        return None
    value = np.asarray(fields[key])
    if value.size != 1 or value.dtype.kind not in "iuf" or not np.isfinite(value).all():
        raise ValueError(
            f"{name} must hold one finite number as {key}. Received: {value.size} of {value.dtype}. "
            "Save the reconstruction from ptychodus again."
        )
    return float(value.reshape(-1)[0])


def _fields_of_archive(archive: Archive) -> dict[str, np.ndarray]:
    wanted = ("object", "probe", ENERGY, *(key for key in archive.keys if key.endswith("_m")))
    return {key: archive.array(key) for key in wanted if key in archive}


def _fields_of_hdf5(file: h5py.File, name: str) -> dict[str, Any]:
    """Read the datasets of an HDF5 file, and their attributes, as the flat keys of `product.npz`."""
    with damage_said(name):
        wanted = {key: data for key, data in file.items() if _is_wanted(key, data)}
        size = sum(data.size * data.dtype.itemsize for data in wanted.values())
    if size > MOST_IN_MEMORY:
        raise ValueError(
            f"{name} must hold a product of {MOST_IN_MEMORY >> 20} MiB at most. Received: {size >> 20} MiB. "
            "Save the reconstruction alone."
        )
    with damage_said(name):
        fields = {key: data[()] for key, data in wanted.items()}
        fields |= {key: file.attrs[key] for key in (ENERGY, DISTANCE) if key in file.attrs}
        return {f"{key}_{word}": value for key in wanted for word, value in file[key].attrs.items()} | fields


def _is_wanted(key: str, data: object) -> bool:
    wanted = key in ("object", "probe") or key.startswith(("probe_position_", "object_pixel_", "object_center_"))
    return wanted and isinstance(data, h5py.Dataset) and data.dtype.kind in NUMBERS
