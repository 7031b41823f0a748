"""The images of a reconstruction as NeXus: what silx view, h5web and napari show when they open the file."""

import h5py
import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.writers.metres import middle_px, pixel_m


def add_images(file: h5py.File, entry: str, reconstruction: Reconstruction) -> None:
    """Add amplitude and phase of the straight object as real images; a viewer opens the phase first.

    Args:
        file: h5py.File.
        entry: str. Name of the group that becomes, or is, the NXentry.
        reconstruction: Reconstruction whose pixel size is known.
    """
    file.attrs["NX_class"], file.attrs["default"] = "NXroot", entry
    root = file.require_group(entry)
    root.attrs["NX_class"], root.attrs["default"] = "NXentry", "phase"
    straight = reconstruction.straight
    for name, image, unit in (("amplitude", np.abs(straight), ""), ("phase", np.angle(straight), "rad")):
        data = root.create_group(name)
        data.attrs["NX_class"], data.attrs["signal"], data.attrs["axes"] = "NXdata", name, ["y", "x"]
        signal = data.create_dataset(name, data=image.astype(np.float32), compression="gzip", compression_opts=1)
        signal.attrs["units"], signal.attrs["interpretation"] = unit, "image"
        signal.attrs["long_name"] = f"{name} [{unit}]" if unit else name
        for axis, side, middle in zip("yx", image.shape, middle_px(reconstruction)):
            data[axis] = (np.arange(side) - middle) * pixel_m(reconstruction)
            data[axis].attrs["units"] = "m"
