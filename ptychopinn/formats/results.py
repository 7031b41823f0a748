"""Reconstructions and known objects, of whatever program, as a `Reconstruction`."""

import pathlib
import typing

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.files import is_standing, read_standing
from ptychopinn.formats import cxi_result, fold_slice_result, npz_image, ptychodus_product, ptypy_result
from ptychopinn.formats.opened import Opened
from ptychopinn.printable import printable

RECONSTRUCTION = "reconstruction.npz"
"""What `ptycho infer` writes in its folder."""


class ResultSource(typing.Protocol):
    """What a module that reads results of one format offers."""

    NAME: str
    """The format in words."""

    def recognises(self, opened: Opened) -> bool:
        """Tell whether the file is of this format, from its directory alone."""

    def read(self, opened: Opened) -> Reconstruction:
        """Make a reconstruction of the file; see `read_reconstruction`."""


RESULTS: tuple[ResultSource, ...] = (cxi_result, ptypy_result, fold_slice_result, ptychodus_product, npz_image)


def read_reconstruction(path: pathlib.Path | str | Opened) -> Reconstruction:
    """Read an object that somebody reconstructed, or that is known.

    Args:
        path: str or path. The folder that `ptycho infer` wrote, or one of
            an `.npz` or `.npz.bz2` with `object` or `objectGuess`, with `amplitude` and `phase`, or with one complex
            image under any name; `origin`, `weight` or `mask`, `ramp`, `probe` and `pixel_size_m` are read where they
            are there, and a scan's `xcoords` and `ycoords`, in the object's pixels;
            ptychodus's `product.h5` or `product.npz`; PtyPy's `.ptyr`; complex images in CXI; `.mat` of fold_slice
            or PtychoShelves.

    Returns:
        Reconstruction. Its weight is the file's; without one it is 1 in a scan file, and elsewhere 1 inside the outline
        of what is not zero.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file holds no single finite image, or what is beside it does not belong to it.
    """
    opened = Opened.of(path)
    if opened.path.is_dir():
        opened = Opened(opened.path / RECONSTRUCTION, f"{opened.name}/{RECONSTRUCTION}")
    if not is_standing(opened.path.parent, opened.path.name):
        raise FileNotFoundError(
            f"A reconstruction must be a file, or a folder that holds {RECONSTRUCTION}. "
            f"Received: path={printable(opened.path)}, which is none. Check the path."
        )
    if opened.path.is_file():
        return _read(opened)
    return read_standing(opened.path.parent, opened.path.name, lambda path: _read(Opened(path, opened.name)))


def _read(opened: Opened) -> Reconstruction:
    source = next((source for source in RESULTS if source.recognises(opened)), None)
    if source is None:
        names = ", ".join(source.NAME for source in RESULTS)
        raise ValueError(f"{opened.name} must be one of: {names}. Received: {opened.contents}. Save the object so.")
    return source.read(opened)
