"""NSLS-II's HDF5 or NPZ: `diffamp` (amplitudes) or `dp`, with `points`, micrometres."""

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE
from ptychopinn.formats.sources.reading import beam, frames, known_probe
from ptychopinn.formats.stores.points import points
from ptychopinn.formats.stores.store import both

NAME = "NSLS-II (diffamp or dp; points, lambda_nm, z_m, ccd_pixel_um)"
PATTERNS = {"diffamp": "amplitude", "dp": "counts"}
"""What is measured under each key."""


def recognises(opened: Opened) -> bool:
    """Tell whether the file holds patterns and points under NSLS-II's keys."""
    if opened.store is None:
        return False
    return opened.store.is_stack("diffamp") or (opened.store.is_stack("dp") and opened.store.has("points"))


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    key = next(key for key in PATTERNS if key in store)
    patterns = frames(store, key)
    positions = points(store, "points", patterns.shape[0])[:, 1::-1] if "points" in store else None
    energy, electrons, notes = beam(store, "lambda_nm", "nm")
    probe, probe_notes = known_probe(store, "probe")
    pixel = store.number("ccd_pixel_um", DETECTOR_PIXEL, "um")
    return Recording(
        patterns=patterns,
        positions=positions,
        unit=None if positions is None else "um",
        probe=probe,
        measurement=PATTERNS[key],
        energy_eV=energy,
        electrons=electrons,
        distance_m=store.number("z_m", DISTANCE),
        detector_pixel_m=both(pixel, pixel),
        name=opened.name,
        notes=("Points are (x, y), micrometres: the habit of NSLS-II.", *notes, *probe_notes),
    )
