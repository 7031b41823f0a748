"""ptychodus's training data, HDF5 or NPZ: patterns with positions in pixels of the object, all in one file."""

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DISTANCE, ENERGY
from ptychopinn.formats.sources import ptychodus_words as words
from ptychopinn.formats.sources.reading import columns, frames, good_pixels, is_zero, known_image, known_probe

NAME = "ptychodus training data (patterns, probe_position_x_px, probe_position_y_px)"
POSITIONS = ("probe_position_y_px", "probe_position_x_px")


def recognises(opened: Opened) -> bool:
    """Tell whether the file holds patterns, and positions in pixels."""
    return opened.holds("patterns", *POSITIONS)


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    patterns = frames(store, "patterns")
    probe, probe_notes = known_probe(store, "probe")
    image, image_notes = known_image(store, "object")
    size = words.object_pixel(store)
    return Recording(
        patterns=patterns,
        positions=columns(store, *POSITIONS),
        unit="px",
        probe=probe,
        object=image,
        object_first_px=None if image is None else (0.0, 0.0),
        mask=good_pixels(store, "bad_pixels", patterns.shape[1:], is_zero),
        measurement="counts",
        pixel_size_m=None if size is None else size[1],
        energy_eV=words.number(store, "photon_energy_eV", ENERGY),
        distance_m=words.number(store, "detector_object_distance_m", DISTANCE),
        name=opened.name,
        notes=("Positions are pixels of the object.", *probe_notes, *image_notes),
    )
