"""ptychodus's pair of a scan: `diffraction.h5` with the patterns, `product.h5` with all that is known beside them."""

import functools
import pathlib
from collections.abc import Callable

import h5py
import numpy as np

from ptychopinn.data.scan import Scan
from ptychopinn.formats.writers import product
from ptychopinn.formats.writers.metres import detector_pixel_m
from ptychopinn.formats.writers.of_scan import result_of
from ptychopinn.formats.writers.patterns import write_intensities
from ptychopinn.printable import printable

NAME = "ptychodus's diffraction.h5 and product.h5"
NEEDS: tuple[str, ...] = ("pixel_size_m",)
HOLDS: tuple[str, ...] = ("mask", "pixel_size_m", "energy_eV", "distance_m")
FILES = ("diffraction.h5", "product.h5")


def stand_ins(scan: Scan) -> tuple[str, ...]:
    """Say what stands in the files for what is not known."""
    notes: tuple[str, ...] = ()
    if scan.object is None:
        notes += ("The scan holds no object: a flat one stands in product.h5.",)
    if detector_pixel_m(scan) is None:
        notes += ("The detector's pixel is 0 in diffraction.h5: not known.",)
    return notes + product.stand_ins(result_of(scan))


def files(out: pathlib.Path) -> tuple[pathlib.Path, ...]:
    """Return the files of the pair, of the folder that they go to or the name of either."""
    if out.name not in FILES and (out.is_file() or out.suffix):
        raise ValueError(
            f"ptychodus's pair must go to a folder, or be named {' or '.join(FILES)}. Received: {printable(out)}. "
            "Give the folder."
        )
    folder = out.parent if out.name in FILES else out
    return tuple(folder / name for name in FILES)


def writers(scan: Scan, out: pathlib.Path) -> dict[pathlib.Path, Callable[[pathlib.Path], object]]:
    """Return what writes each of the files of a scan."""
    diffraction, of_product = files(out)
    return {
        diffraction: functools.partial(write_diffraction, scan),
        of_product: lambda path: product.write(result_of(scan), path),
    }


def write_diffraction(scan: Scan, path: pathlib.Path) -> None:
    """Write the patterns, as intensities, and the detector."""
    with h5py.File(path, "w") as file:
        patterns = write_intensities(file, "patterns", scan)
        pixel = detector_pixel_m(scan) or 0.0
        patterns.attrs.update({"detector_pixel_width_m": pixel, "detector_pixel_height_m": pixel})
        file["indexes"] = np.arange(len(scan))
        file["bad_pixels"] = np.zeros(patterns.shape[1:], bool) if scan.mask is None else ~scan.mask
