"""The pair `*_dp.hdf5` and `*_para.hdf5`: fold_slice's words in the second, or those of ptychodus's product."""

import dataclasses

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DISTANCE, ENERGY, OBJECT_PIXEL
from ptychopinn.formats.sources import ptychodus_words as words
from ptychopinn.formats.sources.pairs import partner
from ptychopinn.formats.sources.reading import beam, columns, frames
from ptychopinn.formats.stores import Store

NAME = "fold_slice pair *_dp.hdf5 and *_para.hdf5 (dp; ppX, ppY, lambda, dx), either of them"
NAMES_DIFFER = "dp$|para$"
NOT_OURS = ("points", "ccd_pixel_um", "lambda_nm")
"""Words of NSLS-II, whose patterns may be called `dp` too."""


def recognises(opened: Opened) -> bool:
    """Tell whether this is HDF5 with patterns `dp`, or with positions that such a file lies beside."""
    if opened.hdf5 is None:
        return False
    return _is_patterns(opened) or (_is_positions(opened) and partner(opened, _is_patterns, NAMES_DIFFER) is not None)


def record(opened: Opened) -> Recording:
    """Say what the two files hold."""
    given: Opened | None
    other: Opened | None
    if _is_patterns(opened):
        given, other = opened, opened if _is_positions(opened) else partner(opened, _is_positions, NAMES_DIFFER)
    else:
        given, other = partner(opened, _is_patterns, NAMES_DIFFER), opened
    assert given is not None
    recording = Recording(patterns=frames(given.known_store, "dp"), measurement="counts", name=given.name)
    if other is None:
        note = "No file of positions (*_para.hdf5) lies beside the file."
        return dataclasses.replace(recording, notes=(note,))
    store = other.known_store
    return _in_fold_slice_words(recording, store) if store.has("ppX", "ppY") else _in_ptychodus_words(recording, store)


def _is_patterns(opened: Opened) -> bool:
    known = opened.holds("dp") and opened.known_store.is_stack("dp")
    return known and opened.known_store.first(*NOT_OURS) is None


def _is_positions(opened: Opened) -> bool:
    return opened.holds("ppX", "ppY") or opened.holds(*words.POSITIONS)


def _in_fold_slice_words(recording: Recording, store: Store) -> Recording:
    energy, electrons, notes = beam(store, "lambda", "m")
    return dataclasses.replace(
        recording,
        positions=columns(store, "ppY", "ppX"),
        unit="m",
        pixel_size_m=store.number("dx", OBJECT_PIXEL),
        energy_eV=energy,
        electrons=electrons,
        notes=(f"Positions ppX and ppY of {store.name} are metres.", *notes),
    )


def _in_ptychodus_words(recording: Recording, store: Store) -> Recording:
    size = words.object_pixel(store)
    return dataclasses.replace(
        recording,
        positions=columns(store, *words.POSITIONS),
        unit="m",
        pixel_size_m=None if size is None else size[1],
        energy_eV=words.number(store, "photon_energy_eV", ENERGY) or words.number(store, "probe_energy_eV", ENERGY),
        distance_m=words.number(store, "detector_object_distance_m", DISTANCE),
        notes=(f"Positions and geometry are those of {store.name}, in ptychodus's words.",),
    )
