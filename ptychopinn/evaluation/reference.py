"""What reconstructions are evaluated by: a known object, another reconstruction, or the patterns of a scan."""

import dataclasses
import pathlib

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.against_truth import require_contrast
from ptychopinn.formats import read_reconstruction, read_scan
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.scans import scan_of, source_of
from ptychopinn.preparation.params import Preparation


@dataclasses.dataclass(frozen=True)
class Reference:
    """What reconstructions are evaluated by.

    Args:
        truth: Reconstruction. The known object, or another reconstruction, where there is one.
        scan: Scan. The patterns, where there are some.
        read: tuple of the Scans that were read: what their readers assumed or left out is theirs to say.
        note: str. Why the object of the scan is not the truth, where it holds one that cannot be.
    """

    truth: Reconstruction | None = None
    scan: Scan | None = None
    read: tuple = ()
    note: str = ""


def read_reference(
    path: pathlib.Path | str | None,
    scan_path: pathlib.Path | str | None = None,
    measurement: str = "auto",
    zero_frequency: str = "auto",
    preparation: Preparation | None = None,
) -> Reference:
    """Read what reconstructions are evaluated by.

    Args:
        path: path or None. A known object, a reconstruction, or a scan with or without its object.
        scan_path: path or None. The scan, where it is another file.
        measurement, zero_frequency, preparation: how scans are read; see `read_scan`. A reconstruction lies where its
            scan was prepared to lie: what was said then is to be said again.

    Returns:
        Reference.

    Raises:
        ValueError: if it is said how a scan is read, and there is none.
    """
    how = (measurement, zero_frequency, None, preparation)
    scan = None if scan_path is None else read_scan(scan_path, *how).lit()
    found = () if scan is None else (scan,)
    opened = None if path is None else Opened(path)
    source = None if opened is None else source_of(opened)
    if source is None or opened is None:
        if scan is None:
            _refuse_to_prepare(how)
        return Reference(None if opened is None else read_reconstruction(opened), scan, found)
    with_object = scan_of(source.record(opened), *how).lit()
    scan, found = with_object if scan is None else scan, (*found, with_object)
    try:
        return Reference(known_object(with_object), scan, found)
    except ValueError as error:
        return Reference(None, scan, found, str(error))


def _refuse_to_prepare(how: tuple) -> None:
    if how != ("auto", "auto", None, None) and how != ("auto", "auto", None, Preparation()):
        raise ValueError(
            "Only a scan can be prepared. Received: options of a preparation, and no scan. Leave them out, or give the "
            "scan by --scan."
        )


def known_object(scan: Scan) -> Reconstruction | None:
    """Return the object that a scan's file holds as a Reconstruction, its pixel (0, 0) at (0, 0); None without one.

    Raises:
        ValueError: if it is no truth: not an image, not finite, or one value everywhere.
    """
    if scan.object is None:
        return None
    image = np.asarray(scan.object, np.complex64)
    truth = Reconstruction(image, np.ones(image.shape, np.float32), (0.0, 0.0), probe=scan.probe,
                           positions=scan.positions, pixel_size_m=scan.pixel_size_m,
                           name=f"the object of {scan.name}")  # fmt: skip
    require_contrast(truth)
    return truth
