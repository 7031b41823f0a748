"""ptychodus's products, `product.h5` and `product.npz`: one vocabulary, in attributes or flat."""

import h5py
import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.archive import NUMBERS
from ptychopinn.formats.assumptions import probe_modes

SUFFIXES = (".h5", ".hdf5")


def read_hdf5(path, name):
    """Read the `Reconstruction` of an HDF5 file."""
    try:
        with h5py.File(path) as file:
            fields = {key: data[()] for key, data in file.items() if _is_wanted(key, data)}
            attributes = {f"{key}_{word}": value for key in fields for word, value in file[key].attrs.items()}
            keys = tuple(file)
    except (OSError, RuntimeError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise ValueError(
            f"{name} must be a whole HDF5 file. Received: another kind of file, or a damaged one. Copy it again."
        ) from None
    if "object" not in fields:
        raise ValueError(
            f"{name} must hold a dataset of numbers called object. Received: {', '.join(keys) or 'nothing'}. "
            "Save the reconstruction from ptychodus as a product."
        )
    return product_of(attributes | fields, name)


def product_of(fields, name):
    """Make a `Reconstruction` of a dict of arrays with the keys of `product.npz`.

    The object lies in its own pixels: its origin is (0, 0), and the positions are brought there from metres.
    """
    obj, probe = np.asarray(fields["object"]), fields.get("probe")
    if obj.ndim == 3 and len(obj) == 1:
        obj = obj[0]
    size = {axis: fields.get(f"object_pixel_{side}_m") for axis, side in (("y", "height"), ("x", "width"))}
    positions = None
    if obj.ndim == 2 and all(size.values()) and "probe_position_x_m" in fields and "probe_position_y_m" in fields:
        positions = np.stack(
            [
                (np.ravel(fields[f"probe_position_{axis}_m"]) - fields.get(f"object_center_{axis}_m", 0.0)) / size[axis]
                + (length - 1) / 2
                for axis, length in zip("yx", obj.shape)
            ],
            axis=1,
        )
    return Reconstruction(
        object=obj.astype(np.complex64),
        weight=np.ones(obj.shape, np.float32),
        origin=(0.0, 0.0),
        probe=None if probe is None else probe_modes(np.asarray(probe)),
        positions=positions,
        pixel_size_m=float(size["x"]) if size["x"] else None,
        name=name,
    )


def _is_wanted(key, data):
    wanted = key in ("object", "probe") or key.startswith(("probe_position_", "object_pixel_", "object_center_"))
    return wanted and isinstance(data, h5py.Dataset) and data.dtype.kind in NUMBERS
