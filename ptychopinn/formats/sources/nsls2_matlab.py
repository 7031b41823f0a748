"""NSLS-II's MATLAB files of version 7.3, which are HDF5: `det_data`, `pos_xy`, `prb`, `obj`."""

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE, ENERGY, OBJECT_PIXEL
from ptychopinn.formats.sources.reading import frames, known_image, known_probe
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import points
from ptychopinn.formats.stores.store import both

NAME = "NSLS-II MATLAB 7.3 (det_data, pos_xy)"


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with patterns and positions under these keys."""
    return opened.hdf5 is not None and opened.holds("pos_xy") and opened.known_store.is_stack("det_data")


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    patterns = frames(store, "det_data")
    pixel = store.number("det_pixel_size", DETECTOR_PIXEL, "um")
    probe, probe_notes = known_probe(store, "prb")
    image, image_notes = known_image(store, "obj")
    return Recording(
        patterns=patterns,
        positions=_positions(store, patterns.shape[0]),
        unit="um",
        probe=probe,
        object=image,
        measurement="counts",
        pixel_size_m=store.number("img_pixel_size_x", OBJECT_PIXEL),
        energy_eV=store.number("energy", ENERGY, "keV"),
        distance_m=store.number("det_dist", DISTANCE, "um"),
        detector_pixel_m=both(pixel, pixel),
        name=opened.name,
        notes=(
            "Positions pos_xy are micrometres, x and y its last two rows; arrays lie as HDF5 has them.",
            *probe_notes,
            *image_notes,
        ),
    )


def _positions(store: Store, patterns: int) -> np.ndarray:
    """Return `(y, x)`: of three coordinates the first is that along the beam."""
    x, y = points(store, "pos_xy", patterns).T[-2:]
    return np.stack([y, x], axis=1)
