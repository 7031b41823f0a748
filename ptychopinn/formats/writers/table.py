"""The table of formats that are written, and what each of them cannot hold of a scan or a result."""

import dataclasses
import pathlib
import typing
from collections.abc import Callable

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.formats.writers import (
    cxi_result,
    cxi_scan,
    npz_result,
    product,
    ptychodus_pair,
    ptychopinn_scan,
    ptyr,
    tiff,
)
from ptychopinn.printable import printable


class Writer(typing.Protocol):
    """What every module that writes a format offers."""

    NAME: str
    """The format in words."""

    NEEDS: tuple[str, ...]
    """Fields without which the format cannot be written."""

    HOLDS: tuple[str, ...]
    """Fields, among those of `WORDS`, that come back when the file is read."""


class ResultWriter(Writer, typing.Protocol):
    """What a module that writes results of one format offers."""

    def stand_ins(self, reconstruction: Reconstruction) -> tuple[str, ...]:
        """Say, in sentences, what stands in the file for what is not known."""

    def write(self, reconstruction: Reconstruction, path: pathlib.Path) -> None:
        """Write a reconstruction to a path."""


class ScanWriter(Writer, typing.Protocol):
    """What a module that writes scans of one format offers."""

    def stand_ins(self, scan: Scan) -> tuple[str, ...]:
        """Say, in sentences, what stands in the files for what is not known."""

    def files(self, out: pathlib.Path) -> tuple[pathlib.Path, ...]:
        """Return the files of a scan that a user calls by one name; raise ValueError for a name that cannot be."""

    def writers(self, scan: Scan, out: pathlib.Path) -> dict[pathlib.Path, Callable[[pathlib.Path], object]]:
        """Return what writes each of the files to a path, block by block."""


@dataclasses.dataclass(frozen=True)
class Format:
    """A format that is written.

    Args:
        suffixes: how names of its files end; `""` is that of a folder.
        file: str. Name of the file beside other results of one reconstruction.
        results: ResultWriter.
        scans: ScanWriter, where the format holds patterns.
    """

    suffixes: tuple[str, ...]
    file: str
    results: ResultWriter
    scans: ScanWriter | None = None


FORMATS = {
    "npz": Format((".npz",), "reconstruction.npz", npz_result, ptychopinn_scan),
    "product.h5": Format((".h5", ".hdf5", ""), "reconstruction.h5", product, ptychodus_pair),
    "cxi": Format((".cxi",), "reconstruction.cxi", cxi_result, cxi_scan),
    "ptyr": Format((".ptyr",), "reconstruction.ptyr", ptyr),
    "tiff": Format((".tif", ".tiff"), "reconstruction.tiff", tiff),
}

WORDS = {
    "weight": "how well each pixel was lit",
    "ramp": "the phase ramp apart from the object",
    "uncertainty": "the standard error of the object",
    "amplitude_uncertainty": "that of its amplitude",
    "phase_uncertainty": "that of its phase",
    "local_resolution": "the resolution of each place",
    "probe": "the probe",
    "probe_variation": "how the probe varies",
    "probe_weights": "by how much it does for each pattern",
    "slices": "the slices of the object",
    "slice_distance": "how far they are apart",
    "background": "the background of the detector",
    "blur": "the point spread of the detector",
    "positions": "the positions",
    "flux": "the brightness of each pattern",
    "mask": "which pixels are bad",
    "pixel_size_m": "the pixel size",
    "energy_eV": "the photon energy",
    "distance_m": "the distance to the detector",
    "fresnel_number": "that the detector is in the near field",
    "record": "how it was made",
}
"""What a scan or a result may know, in words."""

REMEDIES = {
    "pixel_size_m": "Give it by --pixel-size, or by energy, distance and detector pixel; npz does without.",
    "probe": "Write cxi, ptyr, npz or tiff, which do without.",
}


def format_of(out: pathlib.Path, name: str | None = None) -> Format:
    """Return the format that is asked for by name, or else by the suffix of a file; raise ValueError for none."""
    if name is not None:
        return FORMATS[name]
    suffix = "" if out.is_dir() else out.suffix.lower()
    found = next((form for form in FORMATS.values() if suffix in form.suffixes), None)
    if found is None:
        known = ", ".join(suffix for form in FORMATS.values() for suffix in form.suffixes if suffix)
        raise ValueError(
            f"OUT must be a folder, or end in one of {known}. Received: {printable(out.name)}. "
            "Rename it, or give --format."
        )
    return found


def check_writable_as(writer: Writer, known: Scan | Reconstruction) -> None:
    """Raise ValueError where something is not known without which a format cannot be written."""
    for field in writer.NEEDS:
        if getattr(known, field) is None:
            raise ValueError(
                f"{writer.NAME} must tell {WORDS[field]}. Received: {known.name}, which does not know it. "
                f"{REMEDIES[field]}"
            )


def told(writer: typing.Any, known: Scan | Reconstruction) -> tuple[str, ...]:
    """Say, in sentences, what is known and the format cannot hold, and what stands there for what is not known."""
    gone = [words for field, words in WORDS.items() if field not in writer.HOLDS and _tells(known, field)]
    left_out: tuple[str, ...] = (f"{writer.NAME} cannot hold, and leaves out: {'; '.join(gone)}.",) if gone else ()
    if known.fresnel_number is not None and "fresnel_number" not in writer.HOLDS and isinstance(known, Scan):
        left_out += (f"Read it with --propagation near --fresnel-number {known.fresnel_number:.6g}.",)
    return left_out + writer.stand_ins(known)


def _tells(known: Scan | Reconstruction, field: str) -> bool:
    """Tell whether a field says anything: a scan's positions and probe are always written."""
    if isinstance(known, Scan) and field in ("positions", "probe"):
        return False
    value = getattr(known, field, None)
    if value is None or isinstance(value, dict):
        return bool(value)
    if field == "weight":
        return bool(np.ptp(value) > 0)
    return bool(np.any(value))
