"""ptychodus's pair of files, `diffraction` and `product`, HDF5 or NPZ, which belong together by their indexes."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE, ENERGY, OBJECT_PIXEL
from ptychopinn.formats.sources import ptychodus_words as words
from ptychopinn.formats.sources.pairs import Pair
from ptychopinn.formats.sources.reading import columns, frames, good_pixels, indexes, is_zero, known_probe
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.store import both

NAME = "ptychodus diffraction and product (HDF5 or NPZ, either or the folder)"


def recognises(opened: Opened) -> bool:
    """Tell whether this is a file of patterns, a product with such a file beside it, or a folder of both."""
    return PAIR.recognises(opened)


def record(opened: Opened) -> Recording:
    """Say what the two files hold."""
    given, product = PAIR.files(opened)
    recording = _of_patterns(given)
    if product is None:
        note = "No product of ptychodus lies beside the file: it tells no positions, probe, energy and distance."
        return dataclasses.replace(recording, notes=(note,))
    return with_product(recording, product.known_store)


def _is_patterns(opened: Opened) -> bool:
    return opened.holds("patterns") and opened.known_store.is_stack("patterns")


def _is_product(opened: Opened) -> bool:
    return opened.store is not None and words.holds_positions(opened.store)


PAIR = Pair(_is_patterns, _is_product, "diffraction|patterns|product|recon(struction)?")


def _of_patterns(opened: Opened) -> Recording:
    store = opened.known_store
    patterns = frames(store, "patterns")
    return Recording(
        patterns=patterns,
        mask=good_pixels(store, "bad_pixels", patterns.shape[1:], is_zero),
        measurement="counts",
        frame_indexes=indexes(store, "indexes"),
        detector_pixel_m=both(
            words.number(store, "detector_pixel_height_m", DETECTOR_PIXEL),
            words.number(store, "detector_pixel_width_m", DETECTOR_PIXEL),
        ),
        name=opened.name,
    )


def with_product(recording: Recording, product: Store) -> Recording:
    """Return a recording with what a product tells of it."""
    positions = columns(product, *words.POSITIONS)
    probe, probe_notes = known_probe(product, "probe")
    image, first, image_notes = words.object_and_place(product)
    size = words.object_pixel(product)
    far = words.plain(product, "far_field")
    return dataclasses.replace(
        recording,
        positions=positions,
        unit="m",
        probe=probe,
        probe_pixel_m=words.number(product, "probe_pixel_width_m", OBJECT_PIXEL),
        object=image,
        object_first_px=first,
        flux=_flux(product, len(positions)),
        position_indexes=indexes(product, "probe_position_indexes"),
        pixel_size_m=None if size is None else size[1],
        energy_eV=words.number(product, "photon_energy_eV", ENERGY) or words.number(product, "probe_energy_eV", ENERGY),
        distance_m=words.number(product, "detector_object_distance_m", DISTANCE),
        far_field=None if far is None else bool(far),
        notes=(f"Positions, probe and geometry are those of {product.name}.", *probe_notes, *image_notes),
    )


def _flux(product: Store, positions: int) -> np.ndarray | None:
    """Return the light at each position, where all have some."""
    if "probe_photon_counts" not in product:
        return None
    flux = product.array("probe_photon_counts").reshape(-1).astype(np.float64)
    return flux if len(flux) == positions and (flux > 0).all() and np.isfinite(flux).all() else None
