"""What reconstructions are evaluated by: a known object, another reconstruction, or the patterns of a scan."""

import dataclasses
import pathlib

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.against_truth import require_contrast
from ptychopinn.formats import holds_patterns, read_reconstruction, read_scan
from ptychopinn.formats.opened import Opened
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
    preparation: Preparation | None = None,
) -> Reference:
    """Read what reconstructions are evaluated by.

    Args:
        path: path or None. A known object, a reconstruction, or a scan with or without its object.
        scan_path: path or None. The scan, where it is another file.
        preparation: Preparation of the scan. Defaults to what its file tells.

    Returns:
        Reference.

    Raises:
        ValueError: if what is to be prepared is no scan.
    """
    scan = None if scan_path is None else read_scan(scan_path, preparation=preparation).lit()
    found = () if scan is None else (scan,)
    opened = None if path is None else Opened(path)
    if opened is None or not holds_patterns(opened):
        if scan is None and preparation not in (None, Preparation()):
            raise ValueError(
                f"Only a scan can be prepared. Received: {path}, and no --scan. Leave those options out, or give it."
            )
        return Reference(None if opened is None else read_reconstruction(opened), scan, found)
    with_object = read_scan(opened, preparation=preparation if scan is None else None).lit()
    scan, found = with_object if scan is None else scan, (*found, with_object)
    try:
        return Reference(known_object(with_object), scan, found)
    except ValueError as error:
        return Reference(None, scan, found, str(error))


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
