"""The patterns of a scan, some megabytes at a time, as formats want them: zero frequency at the centre, all finite."""

from collections.abc import Iterator

import h5py
import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.data.survey import blocks

CHUNK_BYTES = 1 << 20
"""Bytes that HDF5 packs, and unpacks, together."""


def as_measured(scan: Scan) -> Iterator[np.ndarray]:
    """Yield counts as they are stored, amplitudes as float32 square roots of photons, each `(pattern, y, x)`."""
    for some in blocks(scan.patterns):
        stored = np.asarray(scan.patterns[some]).astype(type_as_measured(scan))
        if scan.corner:
            stored = np.fft.fftshift(stored, axes=(1, 2))
        if scan.measurement == "amplitude":
            stored *= np.float32(scan.amplitude_scale)
        if stored.dtype.kind == "f":
            np.nan_to_num(stored, copy=False, posinf=0.0, neginf=0.0)  # in bad pixels alone: others are refused
        yield stored


def intensities(scan: Scan) -> Iterator[np.ndarray]:
    """Yield counts as they are stored, and the squares of amplitudes: photons, `(pattern, y, x)`, -1 without data."""
    for measured in as_measured(scan):
        yield measured if scan.measurement == "counts" else np.where(measured < 0, -1, np.square(measured))


def type_as_measured(scan: Scan) -> np.dtype:
    """Return the type in which patterns are yielded."""
    if scan.measurement == "amplitude":
        return np.dtype(np.float32)
    return np.dtype(np.uint8) if scan.patterns.dtype == bool else scan.patterns.dtype.newbyteorder("=")


def write_intensities(group: h5py.Group, name: str, scan: Scan) -> h5py.Dataset:
    """Write the intensities of a scan as a compressed dataset `(pattern, y, x)`, photons."""
    dtype, frame = type_as_measured(scan), tuple(scan.patterns.shape[1:])
    together = max(1, CHUNK_BYTES // (dtype.itemsize * frame[0] * frame[1]))
    data = group.create_dataset(
        name, (len(scan), *frame), dtype, chunks=(min(together, len(scan)), *frame),
        compression="gzip", compression_opts=1, shuffle=True,
    )  # fmt: skip
    written = 0
    for block in intensities(scan):
        data[written : written + len(block)] = block
        written += len(block)
    return data
