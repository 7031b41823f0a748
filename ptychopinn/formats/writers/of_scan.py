"""What a scan knows besides its patterns, as a `Reconstruction`: so that writers of results write it too."""

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan


def result_of(scan: Scan) -> Reconstruction:
    """Return object, probe and positions of a scan; where it has no object, one that is 1 wherever patches lie."""
    if scan.object is None:
        first = np.floor(scan.positions.min(axis=0)) - scan.size // 2
        shape = (np.ceil(scan.positions.max(axis=0)) + scan.size // 2 - first).astype(int)
        image, origin = np.ones(shape, np.complex64), (float(first[0]), float(first[1]))
    else:
        image, origin = np.asarray(scan.object, np.complex64), (0.0, 0.0)
    return Reconstruction(
        object=image,
        weight=np.ones(image.shape, np.float32),
        origin=origin,
        probe=scan.probe,
        positions=scan.positions,
        optics=scan.optics,
        pixel_size_m=scan.pixel_size_m,
        energy_eV=scan.energy_eV,
        distance_m=scan.distance_m,
        name=scan.name,
    )
