"""ptychodus's pair of CXI files: `diffraction.cxi` with the patterns, `product.cxi` with what is known beside them."""

import dataclasses

from ptychopinn.data.recording import Recording
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.sources import cxi
from ptychopinn.formats.sources.pairs import Pair

NAME = "ptychodus's diffraction.cxi and product.cxi (either or the folder)"


def recognises(opened: Opened) -> bool:
    """Tell whether this is either of the two with the other beside it, or a folder of both."""
    if opened.path.is_dir() or not _is_patterns(opened):
        return PAIR.recognises(opened)
    return PAIR.positions_of(opened) is not None


def record(opened: Opened) -> Recording:
    """Say what the two files hold."""
    given, product = PAIR.files(opened)
    assert product is not None
    of_patterns, store = cxi.record(given), product.known_store
    known = cxi.with_images(cxi.known_beside(of_patterns, store), store)
    notes = (f"Positions, probe and geometry are those of {product.name}.", *known.notes)
    return dataclasses.replace(known, notes=notes)


def _is_patterns(opened: Opened) -> bool:
    return cxi.recognises(opened) and opened.known_store.first(*cxi.TRANSLATIONS) is None


def _is_product(opened: Opened) -> bool:
    known = opened.hdf5 is not None and bool(opened.known_store.names(cxi.PTYCHODUS))
    return known and not cxi.recognises(opened) and opened.known_store.first(*cxi.TRANSLATIONS) is not None


PAIR = Pair(_is_patterns, _is_product, "diffraction|product")
