"""The pair `*_dp.hdf5` and `*_para.hdf5`: fold_slice's words in the second, or those of ptychodus's product."""

import dataclasses

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import OBJECT_PIXEL
from ptychopinn.formats.sources import ptychodus_words as words
from ptychopinn.formats.sources.pairs import Pair
from ptychopinn.formats.sources.ptychodus import with_product
from ptychopinn.formats.sources.reading import beam, columns, frames
from ptychopinn.formats.stores import Store

NAME = "fold_slice pair *_dp.hdf5 and *_para.hdf5 (dp; ppX, ppY, lambda, dx), either of them"
NOT_OURS = ("points", "ccd_pixel_um", "lambda_nm")
"""Words of NSLS-II, whose patterns may be called `dp` too."""


def recognises(opened: Opened) -> bool:
    """Tell whether this is HDF5 with patterns `dp`, positions that such a file lies beside, or a folder of both."""
    return PAIR.recognises(opened)


def record(opened: Opened) -> Recording:
    """Say what the two files hold."""
    given, other = PAIR.files(opened)
    recording = Recording(patterns=frames(given.known_store, "dp"), measurement="counts", name=given.name)
    if other is None:
        note = "No file of positions (*_para.hdf5) lies beside the file."
        return dataclasses.replace(recording, notes=(note,))
    store = other.known_store
    if store.has("ppX", "ppY"):
        return _in_fold_slice_words(recording, store)
    known = with_product(recording, store)
    return dataclasses.replace(known, frame_indexes=np.arange(recording.patterns.shape[0]))


def _is_patterns(opened: Opened) -> bool:
    known = opened.hdf5 is not None and opened.holds("dp") and opened.known_store.is_stack("dp")
    return known and opened.known_store.first(*NOT_OURS) is None


def _is_positions(opened: Opened) -> bool:
    known = opened.holds("ppX", "ppY") or opened.holds(*words.POSITIONS)
    return known and opened.hdf5 is not None


PAIR = Pair(_is_patterns, _is_positions, "dp$|para$")


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
