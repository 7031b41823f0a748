"""One dataset of an HDF5 file as an array-like that is read as it is indexed, after it was found fit to be read."""

import math
import typing

import h5py
import numpy as np

from ptychopinn.data.checks import NUMBERS
from ptychopinn.data.selection import ReadAsIndexed
from ptychopinn.formats.stores.hdf5_links import beside
from ptychopinn.formats.unpacking import Damaged, damage_said, damaged
from ptychopinn.printable import printable

MOST_IN_A_CHUNK = 1 << 28
"""Bytes of a chunk, which is unpacked as a whole."""

MOST_DEFLATED = 1040
"""Bytes that one byte of gzip can unpack to, and a few."""

PARTS = (("real", "imag"), ("r", "i"))
"""Fields of complex numbers, as MATLAB and h5py write them."""


class Hdf5Array(ReadAsIndexed):
    """A dataset of numbers.

    Args:
        dataset: h5py.Dataset.
        name: str. What to call its file.

    Raises:
        ValueError: unless it holds numbers.
    """

    def __init__(self, dataset: h5py.Dataset, name: str) -> None:
        with damage_said(name):
            self.dataset, self.name = dataset, f"{name}: {printable(dataset.name)[:100]}"
            self.shape, stored = tuple(dataset.shape), dataset.dtype
        self.complex_parts = stored.names if stored.names in PARTS else None
        self.dtype = np.dtype(np.complex128) if self.complex_parts else stored
        if self.dtype.kind not in NUMBERS or self.dtype.subdtype is not None:
            raise ValueError(
                f"{self.name} must be an array of numbers. Received: dtype={printable(stored)[:60]}. "
                "Save it as numbers."
            )

    def check(self) -> None:
        """Raise Damaged unless the dataset can be read: its files are there, and its compression can be undone."""
        with damage_said(self.name):
            check_sources(self.dataset, self.name)
            check_chunks(self.dataset, self.name)
            check_filters(self.dataset, self.name)
            check_first_chunk(self.dataset, self.name)
            check_written(self.dataset, self.name)

    def __getitem__(self, which: typing.Any) -> np.ndarray:
        with damage_said(self.name):
            values = self.dataset[which]
        if self.complex_parts is None:
            return values
        real, imaginary = self.complex_parts
        return values[real] + 1j * values[imaginary]


def check_sources(dataset: h5py.Dataset, name: str) -> None:
    """Raise Damaged unless all files that a dataset takes its values from are there."""
    files = [part[0] for part in dataset.external or ()]
    if dataset.is_virtual:
        files += [source.file_name for source in dataset.virtual_sources() if source.file_name != "."]
    for file in dict.fromkeys(files):
        if beside(dataset.file.filename, file) is None:
            raise Damaged(
                f"{name} must find the files that hold its values. Received: file={printable(file)[:200]}, which is "
                "not there. Copy it beside the file that was given."
            )


def check_chunks(dataset: h5py.Dataset, name: str) -> None:
    """Raise Damaged if a chunk is too large to be unpacked."""
    size = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
    if size > MOST_IN_A_CHUNK:
        raise Damaged(
            f"{name} must have chunks of {MOST_IN_A_CHUNK >> 20} MiB at most. Received: chunks={dataset.chunks}, "
            f"{size >> 20} MiB each. Save it with one pattern a chunk."
        )


def check_filters(dataset: h5py.Dataset, name: str) -> None:
    """Raise Damaged if a dataset is compressed in a way that is not installed."""
    settings = dataset.id.get_create_plist()
    for place in range(settings.get_nfilters()):
        code, _, _, words = settings.get_filter(place)
        if not _can_undo(code):
            raise Damaged(
                f"{name} must be compressed in a way that can be undone. Received: "
                f"filter={code} ({printable(words.decode('ascii', 'replace'))[:60]}). "
                'Install the filters of detectors: pip install "ptychopinn[hdf5]".'
            )


def check_first_chunk(dataset: h5py.Dataset, name: str) -> None:
    """Raise Damaged if a chunk cannot unpack to its size: HDF5 would read behind what it unpacked."""
    settings = dataset.id.get_create_plist()
    codes = {settings.get_filter(place)[0] for place in range(settings.get_nfilters())}
    if not codes & {h5py.h5z.FILTER_DEFLATE} or not dataset.id.get_storage_size():
        return
    size = math.prod(dataset.chunks) * dataset.dtype.itemsize
    if dataset.id.get_chunk_info(0).size * MOST_DEFLATED < size:
        raise damaged(name)


def check_written(dataset: h5py.Dataset, name: str) -> None:
    """Raise Damaged if a dataset has a shape, and not one number of it was ever written."""
    empty = not dataset.size or dataset.is_virtual or dataset.external
    if not empty and dataset.id.get_storage_size() == 0:
        raise Damaged(
            f"{name} must hold the numbers that it has room for. Received: shape={tuple(dataset.shape)}, none of them "
            "written. Was the measurement ended, and is this its file?"
        )


def _can_undo(code: int) -> bool:
    if h5py.h5z.filter_avail(code):
        return True
    try:
        import hdf5plugin  # noqa: F401  # registers its filters
    except ImportError:
        return False
    return bool(h5py.h5z.filter_avail(code))
