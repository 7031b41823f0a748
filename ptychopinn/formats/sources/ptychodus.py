"""ptychodus's pair of files, `diffraction` and `product`, HDF5 or NPZ, which belong together by their indexes."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.data.selection import Selection
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE, ENERGY, OBJECT_PIXEL
from ptychopinn.formats.sources import ptychodus_words as words
from ptychopinn.formats.sources.pairs import beside, in_folder, partner
from ptychopinn.formats.sources.reading import columns, frames, good_pixels, is_zero, known_probe
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.store import both

NAME = "ptychodus diffraction and product (HDF5 or NPZ, either or the folder)"
NAMES_DIFFER = "diffraction|patterns|product|recon(struction)?"


def recognises(opened: Opened) -> bool:
    """Tell whether this is a file of patterns, a product with such a file beside it, or a folder of both."""
    if opened.path.is_dir():
        return bool(beside(opened.path, _is_patterns) and beside(opened.path, _is_product))
    if opened.store is None:
        return False
    return _is_patterns(opened) or (_is_product(opened) and _patterns_of(opened) is not None)


def record(opened: Opened) -> Recording:
    """Say what the two files hold."""
    chosen = in_folder(opened, _is_patterns)
    given, product = (chosen, _product_of(chosen)) if _is_patterns(chosen) else (_patterns_of(chosen), chosen)
    assert given is not None
    recording = _of_patterns(given)
    if product is None:
        note = "No product of ptychodus lies beside the file: it tells no positions, probe, energy and distance."
        return dataclasses.replace(recording, notes=(note,))
    return _with_product(recording, given.known_store, product.known_store)


def _is_patterns(opened: Opened) -> bool:
    return opened.holds("patterns") and opened.known_store.is_stack("patterns")


def _is_product(opened: Opened) -> bool:
    return opened.store is not None and words.holds_positions(opened.store)


def _patterns_of(opened: Opened) -> Opened | None:
    return partner(opened, _is_patterns, NAMES_DIFFER)


def _product_of(opened: Opened) -> Opened | None:
    return opened if _is_product(opened) else partner(opened, _is_product, NAMES_DIFFER)


def _of_patterns(opened: Opened) -> Recording:
    store = opened.known_store
    patterns = frames(store, "patterns")
    return Recording(
        patterns=patterns,
        mask=good_pixels(store, "bad_pixels", patterns.shape[1:], is_zero),
        measurement="counts",
        detector_pixel_m=both(
            words.number(store, "detector_pixel_height_m", DETECTOR_PIXEL),
            words.number(store, "detector_pixel_width_m", DETECTOR_PIXEL),
        ),
        name=opened.name,
    )


def _with_product(recording: Recording, measured: Store, product: Store) -> Recording:
    """Return a recording with what a product tells of it, its patterns in the order of the positions."""
    positions = columns(product, *words.POSITIONS)
    rows, kept, pairing = _paired(measured, product, recording.patterns.shape[0], len(positions))
    probe, probe_notes = known_probe(product, "probe")
    image, first, image_notes = words.object_and_place(product)
    size = words.object_pixel(product)
    far = words.plain(product, "far_field")
    return dataclasses.replace(
        recording,
        patterns=recording.patterns if rows is None else Selection(recording.patterns, rows),
        positions=positions[kept],
        unit="m",
        probe=probe,
        probe_pixel_m=words.number(product, "probe_pixel_width_m", OBJECT_PIXEL),
        object=image,
        object_first_px=first,
        flux=_flux(product, len(positions), kept),
        pixel_size_m=None if size is None else size[1],
        energy_eV=words.number(product, "photon_energy_eV", ENERGY) or words.number(product, "probe_energy_eV", ENERGY),
        distance_m=words.number(product, "detector_object_distance_m", DISTANCE),
        far_field=None if far is None else bool(far),
        notes=(f"Positions, probe and geometry are those of {product.name}.", pairing, *probe_notes, *image_notes),
    )


def _paired(
    measured: Store, product: Store, patterns: int, positions: int
) -> tuple[np.ndarray | None, np.ndarray, str]:
    """Pair positions with patterns by their indexes.

    Returns:
        `(rows of the patterns, or None where they are all in order; positions that are kept; note)`.
    """
    if not measured.has("indexes") or not product.has("probe_position_indexes"):
        return None, np.arange(positions), "Patterns and positions are paired by their order."
    indexes = measured.array("indexes").reshape(-1)
    wanted = product.array("probe_position_indexes").reshape(-1)
    if len(indexes) != patterns or len(wanted) != positions:
        raise ValueError(
            f"{measured.name} and {product.name} must hold one index a pattern and one a position. Received: "
            f"{len(indexes)} indexes of {patterns} patterns, {len(wanted)} of {positions} positions. Save them again."
        )
    order = np.argsort(indexes, kind="stable")
    places = np.minimum(np.searchsorted(indexes[order], wanted), patterns - 1)
    rows = order[places]
    kept = np.flatnonzero(indexes[rows] == wanted)
    if not len(kept):
        raise ValueError(
            f"{product.name} must hold positions of the patterns of {measured.name}. "
            f"Received: no index that both hold. Give the two files of one scan."
        )
    used = len(np.unique(rows[kept]))
    note = f"Patterns and positions are paired by index: {len(kept)} pairs"
    if len(kept) < positions or used < patterns:
        note += f"; {positions - len(kept)} positions and {patterns - used} patterns have no partner, and are left out"
    in_order = len(kept) == positions == patterns and np.array_equal(rows, np.arange(patterns))
    return None if in_order else rows[kept], kept, note + "."


def _flux(product: Store, positions: int, kept: np.ndarray) -> np.ndarray | None:
    if "probe_photon_counts" not in product:
        return None
    flux = product.array("probe_photon_counts").reshape(-1).astype(np.float64)
    return flux[kept] if len(flux) == positions and (flux > 0).all() and np.isfinite(flux).all() else None
