"""SLAC's NPZ of PtychoPINN: `diffraction` `(y, x, pattern)`, `xcoords_start`, `ycoords_start`."""

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.pattern_axis import cube_axis, pattern_axis_is_last
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE, ENERGY
from ptychopinn.formats.sources.reading import columns, frames, known_image, known_probe
from ptychopinn.formats.stores.store import both

NAME = "SLAC's NPZ (diffraction, xcoords_start, ycoords_start)"
POSITIONS = (("ycoords", "xcoords"), ("ycoords_start", "xcoords_start"))
LEAST_PX = 1e-3
"""Coordinates that all are smaller are metres: no scan is a thousandth of a pixel wide, and few a millimetre."""


def recognises(opened: Opened) -> bool:
    """Tell whether the file is an archive with SLAC's keys, and without those of later versions."""
    return opened.archive is not None and opened.holds("diffraction", *POSITIONS[1]) and not opened.holds("diff3d")


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    keys = next(keys for keys in POSITIONS if store.has(*keys))
    positions = columns(store, *keys)
    last = pattern_axis_is_last(store.known("diffraction"), len(positions), first_is_usual=False)
    cube = cube_axis(store.known("diffraction"), last)
    in_metres = bool(np.abs(positions).max(initial=0) <= LEAST_PX)
    probe, probe_notes = known_probe(store, "probeGuess")
    image, image_notes = known_image(store, "objectGuess")
    pixel = store.number("detector_pixel_size_m", DETECTOR_PIXEL)
    order = "(y, x, pattern)" if last else "(pattern, y, x)"
    of_order = () if cube else (f"Patterns are in the order {order}.",)
    unit = "metres, as none is larger than a thousandth" if in_metres else "pixels"
    return Recording(
        patterns=frames(store, "diffraction", last=last),
        positions=positions,
        unit="m" if in_metres else "px",
        probe=probe,
        object=image,
        object_first_px=None if image is None or in_metres else (0.0, 0.0),
        cube_axis=cube,
        energy_eV=store.number("photon_energy_eV", ENERGY) or store.number("probe_energy_ev", ENERGY),
        distance_m=store.number("detector_distance_m", DISTANCE),
        detector_pixel_m=both(pixel, pixel),
        name=opened.name,
        notes=(
            *of_order,
            f"{keys[1]} and {keys[0]} are {unit}.",
            *probe_notes,
            *image_notes,
        ),
    )
