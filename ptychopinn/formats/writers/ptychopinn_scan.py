"""PtychoPINN's NPZ of a scan, written block by block, with the keys of SLAC's besides, which ptychodus reads."""

import functools
import pathlib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.formats.ptychopinn_npz import known_arrays
from ptychopinn.formats.writers.metres import detector_pixel_m
from ptychopinn.formats.writers.patterns import as_measured, type_as_measured

NAME = "PtychoPINN's NPZ"
NEEDS: tuple[str, ...] = ()
HOLDS: tuple[str, ...] = ("mask", "pixel_size_m", "energy_eV", "distance_m", "fresnel_number")
FAST = 1
"""Level of compression, of 1 to 9: the patterns go through it twice."""


def stand_ins(scan: Scan) -> tuple[str, ...]:
    """Say what a reader of the file has to be told."""
    if scan.measurement == "counts" and scan.patterns.dtype.kind in "iub":
        return ()
    return (
        f"The file cannot say that its patterns are {scan.measurement}: a reader has to tell, or be told by "
        f"--measurement {scan.measurement}.",
    )


def files(out: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """Return the one file."""
    return (out,)


def writers(scan: Scan, out: pathlib.Path) -> dict[pathlib.Path, Callable[[pathlib.Path], object]]:
    """Return what writes the file of a scan."""
    return {out: functools.partial(write, scan)}


def write(scan: Scan, path: pathlib.Path) -> None:
    """Write a scan: its patterns as `diff3d` `(pattern, y, x)`, and as SLAC's `diffraction` `(y, x, pattern)`."""
    count, *frame = scan.patterns.shape
    dtype = type_as_measured(scan)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=FAST) as archive:
        for key, values in (known_arrays(scan) | _words_of_slac(scan)).items():
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(values), allow_pickle=False)
        _write_blocks(archive, "diff3d", {"shape": (count, *frame), "fortran_order": False}, dtype, as_measured(scan))
        last = {"shape": (*frame, count), "fortran_order": True}
        _write_blocks(archive, "diffraction", last, dtype, _turned(as_measured(scan)))


def _words_of_slac(scan: Scan) -> dict[str, Any]:
    """Return what SLAC's files have under other names, and one mode of a probe as one image."""
    words = {
        "xcoords_start": scan.positions[:, 1],
        "ycoords_start": scan.positions[:, 0],
        "probeGuess": scan.probe[0] if len(scan.probe) == 1 else scan.probe,
        "photon_energy_eV": scan.energy_eV,
        "detector_distance_m": scan.distance_m,
        "detector_pixel_size_m": detector_pixel_m(scan),
    }
    return {key: value for key, value in words.items() if value is not None}


def _turned(patterns: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield `(pattern, x, y)`: in the order in which Fortran keeps `(y, x, pattern)`, one pattern after the other."""
    for block in patterns:
        yield block.swapaxes(1, 2)


def _write_blocks(
    archive: zipfile.ZipFile, key: str, layout: dict[str, Any], dtype: np.dtype, patterns: Iterable[np.ndarray]
) -> None:
    """Write an array of an archive whose parts come one after the other."""
    with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
        header = layout | {"descr": np.lib.format.dtype_to_descr(dtype)}
        np.lib.format.write_array_header_1_0(member, header)
        for block in patterns:
            member.write(np.ascontiguousarray(block).data)
