"""SLS cSAXS: an Eiger's frames with the monochromator's energy and distance; positions lie in another file."""

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE, ENERGY
from ptychopinn.formats.sources.reading import frames
from ptychopinn.formats.stores.store import both

NAME = "SLS cSAXS (entry/data/data, entry/instrument/monochromator, eiger_4; with positions from another file)"
DATA, DETECTOR = "entry/data/data", "entry/instrument/eiger_4/"
MONOCHROMATOR = "entry/instrument/monochromator/"


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with frames, and either of cSAXS's words beside them."""
    if opened.hdf5 is None or DATA not in opened.known_store:
        return False
    words = (DETECTOR + "x_pixel_size", DETECTOR + "y_pixel_size", MONOCHROMATOR + "distance")
    return opened.known_store.first(*words) is not None


def record(opened: Opened) -> Recording:
    """Say what the file holds: everything but positions and probe."""
    store = opened.known_store
    return Recording(
        patterns=frames(store, DATA),
        measurement="counts",
        energy_eV=store.measured(MONOCHROMATOR + "energy", ENERGY, "keV"),
        distance_m=store.measured(MONOCHROMATOR + "distance", DISTANCE, "mm"),
        detector_pixel_m=both(
            store.measured(DETECTOR + "y_pixel_size", DETECTOR_PIXEL, "um"),
            store.measured(DETECTOR + "x_pixel_size", DETECTOR_PIXEL, "um"),
        ),
        name=opened.name,
        notes=("The file holds no positions. Without a unit, energy is keV, distance mm, pixel um, as at cSAXS.",),
    )
