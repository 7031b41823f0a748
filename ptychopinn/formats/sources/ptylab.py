"""PtyLab's HDF5: `ptychogram`, `encoder`, `wavelength`, `dxd`, `zo`, all in metres."""

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE
from ptychopinn.formats.sources.reading import beam, frames
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import points
from ptychopinn.formats.stores.store import both

NAME = "PtyLab HDF5 (ptychogram, encoder, wavelength, dxd, zo)"


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with PtyLab's patterns and positions."""
    return opened.hdf5 is not None and opened.holds("ptychogram", "encoder")


def record(opened: Opened) -> Recording:
    """Say what the file holds.

    Raises:
        ValueError: if it is of Fourier ptychography, whose patterns are images.
    """
    store = opened.known_store
    if "zled" in store:
        raise ValueError(
            f"{opened.name} must hold diffraction patterns. Received: zled, the distance of a lamp in Fourier "
            "ptychography, whose patterns are images of the object. Reconstruct it with PtyLab."
        )
    patterns = frames(store, "ptychogram")
    pixel = store.number("dxd", DETECTOR_PIXEL)
    energy, electrons, notes = beam(store, "wavelength", "m")
    return Recording(
        patterns=patterns,
        positions=points(store, "encoder", patterns.shape[0])[:, :2],
        unit="m",
        measurement="counts",
        background=_background(store, patterns.shape[1:]),
        energy_eV=energy,
        electrons=electrons,
        distance_m=store.number("zo", DISTANCE),
        detector_pixel_m=both(pixel, pixel),
        name=opened.name,
        notes=("Positions are the encoder's (y, x), metres.", *notes, *_orientation(store)),
    )


def _background(store: Store, frame: tuple[int, ...]) -> np.ndarray | None:
    if "background" not in store:
        return None
    values = store.array("background").astype(np.float32)
    return values if values.shape == tuple(frame) and np.isfinite(values).all() else None


def _orientation(store: Store) -> tuple[str, ...]:
    turned = store.one("orientation")
    if not turned:
        return ()
    return (f"The file asks for PtyLab's orientation {turned:g} of the detector, which is not applied: see --orient.",)
