"""CXI 1.6 of a scan: patterns, positions, mask and geometry, with probe and object as images."""

import functools
import pathlib
from collections.abc import Callable

import h5py
import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.formats.sources.cxi import DETECTOR, ENTRY
from ptychopinn.formats.writers.cxi_result import write_experiment, write_object
from ptychopinn.formats.writers.metres import detector_pixel_m
from ptychopinn.formats.writers.of_scan import result_of
from ptychopinn.formats.writers.patterns import write_intensities

NAME = "CXI 1.6"
NEEDS: tuple[str, ...] = ("pixel_size_m",)
HOLDS: tuple[str, ...] = ("mask", "pixel_size_m", "energy_eV", "distance_m")
BAD = 1
"""The bit of CXI's masks that says that a pixel is invalid."""


def stand_ins(scan: Scan) -> tuple[str, ...]:
    """Say what stands in the file for what is not known."""
    return (
        ()
        if detector_pixel_m(scan)
        else ("The file does not tell the detector's pixel: energy or distance is not known.",)
    )


def files(out: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """Return the one file."""
    return (out,)


def writers(scan: Scan, out: pathlib.Path) -> dict[pathlib.Path, Callable[[pathlib.Path], object]]:
    """Return what writes the file of a scan."""
    return {out: functools.partial(write, scan)}


def write(scan: Scan, path: pathlib.Path) -> None:
    """Write a scan."""
    known = result_of(scan)
    with h5py.File(path, "w") as file:
        write_experiment(file, known)
        if scan.object is not None:
            write_object(file, known)
        _write_detector(file.require_group(DETECTOR), scan)
        data = file.create_group(ENTRY + "data_1")
        data["data"] = h5py.SoftLink(f"/{DETECTOR}data")
        file.attrs["default"], file[ENTRY].attrs["default"] = ENTRY.strip("/"), "data_1"
        file[ENTRY].attrs["NX_class"], data.attrs["NX_class"], data.attrs["signal"] = "NXentry", "NXdata", "data"


def _write_detector(detector: h5py.Group, scan: Scan) -> None:
    """Write the patterns as intensities, and the detector; its rows run down and its columns right.

    CXI's laboratory has x to the left and y up along the beam: this is what the basis vectors say.
    """
    write_intensities(detector, "data", scan).attrs["axes"] = "translation:y:x"
    if scan.mask is not None:
        detector["mask"] = np.where(scan.mask, 0, BAD).astype(np.uint32)
    pixel = detector_pixel_m(scan)
    if pixel is not None:
        detector["x_pixel_size"] = detector["y_pixel_size"] = pixel
        detector["basis_vectors"] = np.array([[0, -pixel], [-pixel, 0], [0, 0]])
