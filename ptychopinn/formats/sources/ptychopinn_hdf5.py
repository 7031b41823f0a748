"""PtychoPINN's keys in an HDF5 or MATLAB file."""

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.pattern_axis import cube_axis, pattern_axis_is_last
from ptychopinn.formats.quantities import DISTANCE, ENERGY, OBJECT_PIXEL
from ptychopinn.formats.sources.reading import (
    columns,
    frames,
    good_pixels,
    is_zero,
    known_image,
    known_probe,
)

NAME = "PtychoPINN's keys in HDF5 (diff3d or diffraction, xcoords, ycoords, probeGuess)"
PATTERNS, POSITIONS = ("diff3d", "diffraction"), ("ycoords", "xcoords")


def recognises(opened: Opened) -> bool:
    """Tell whether the file is no NPZ, and holds patterns and positions under PtychoPINN's keys."""
    if opened.store is None or opened.archive is not None or not opened.store.has(*POSITIONS):
        return False
    return any(opened.store.is_stack(key) for key in PATTERNS)


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    key = str(store.first(*PATTERNS))
    positions = columns(store, *POSITIONS)
    last = pattern_axis_is_last(store.known(key), len(positions))
    patterns = frames(store, key, last=last)
    probe, probe_notes = known_probe(store, "probeGuess")
    image, image_notes = known_image(store, "objectGuess")
    return Recording(
        patterns=patterns,
        positions=positions,
        unit="px",
        probe=probe,
        object=image,
        object_first_px=None if image is None else (0.0, 0.0),
        mask=good_pixels(store, "bad_pixels", patterns.shape[1:], is_zero),
        cube_axis=cube_axis(store.known(key), last),
        pixel_size_m=store.number("pixel_size_m", OBJECT_PIXEL),
        energy_eV=store.number("energy_eV", ENERGY),
        distance_m=store.number("distance_m", DISTANCE),
        name=opened.name,
        notes=(
            "Positions are pixels (x column, y row) of the patch's centre.",
            *probe_notes,
            *image_notes,
        ),
    )
