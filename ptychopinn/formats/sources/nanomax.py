"""MAX IV NanoMAX: an Eiger's or Merlin's frames, and positions of the interferometers, micrometres."""

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import ENERGY
from ptychopinn.formats.sources.reading import columns, frames

NAME = "MAX IV NanoMAX (entry/measurement)"
PIXELS = {
    "entry/measurement/eiger1m/frames": 75e-6,
    "entry/measurement/eiger4m/frames": 75e-6,
    "entry/measurement/eiger500k/frames": 75e-6,
    "entry/measurement/eiger/frames": 75e-6,
    "entry/instrument/Eiger/data": 75e-6,
    "entry/measurement/Eiger/data": 75e-6,
    "entry/measurement/merlin/frames": 55e-6,
}
"""Where the frames are, and the pixel of the detector there, metres."""

PSEUDO = ("entry/measurement/pseudo/y", "entry/measurement/pseudo/x")
ENERGIES = ("entry/snapshots/pre_scan/energy", "entry/snapshots/post_scan/energy", "entry/snapshot/energy")


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with frames where NanoMAX has them."""
    return opened.hdf5 is not None and opened.known_store.first(*PIXELS) is not None


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    path = str(store.first(*PIXELS))
    has_positions = store.has(*PSEUDO)
    energy = store.first(*ENERGIES)
    pixel = PIXELS[path]
    notes = [f"The detector's pixel is taken to be {pixel * 1e6:g} um; the file tells no distance to it."]
    if has_positions:
        notes.append("Positions are the interferometers' x and y, micrometres, with the sign they have.")
    return Recording(
        patterns=frames(store, path),
        positions=columns(store, *PSEUDO) if has_positions else None,
        unit="um" if has_positions else None,
        measurement="counts",
        energy_eV=None if energy is None else store.measured(energy, ENERGY, "eV"),
        detector_pixel_m=(pixel, pixel),
        name=opened.name,
        notes=tuple(notes),
    )
