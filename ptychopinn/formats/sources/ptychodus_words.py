"""ptychodus's vocabulary, one in NPZ and HDF5: flat keys there, attributes of the file and of its datasets here."""

import numpy as np

from ptychopinn.formats.quantities import OBJECT_PIXEL, Quantity
from ptychopinn.formats.sources.reading import first_pixel, known_image
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.store import both

PLACES = (("/", ""), ("object", "object_"), ("probe", "probe_"), ("patterns", ""))
"""Where HDF5 holds a word as an attribute, and what is left out of the word there."""

POSITIONS = ("probe_position_y_m", "probe_position_x_m")


def holds_positions(store: Store) -> bool:
    """Tell whether a file holds positions in ptychodus's words."""
    return store.has(*POSITIONS)


def number(store: Store, word: str, quantity: Quantity) -> float | None:
    """Read what a word means, in the quantity's unit; None where it is not there, or 0: ptychodus's "not known"."""
    value = plain(store, word)
    return quantity.within(value, store.name, word) if value else None


def plain(store: Store, word: str) -> float | None:
    """Read a finite number of any meaning, or return None where it is not there."""
    if word in store:
        return store.one(word)
    for path, prefix in PLACES:
        value = store.attribute(path, word.removeprefix(prefix)) if word.startswith(prefix) else None
        if value is None:
            continue
        if not isinstance(value, int | float | np.number | np.bool_) or not np.isfinite(value):
            raise ValueError(
                f"{store.name} must hold one finite number as {word}. Received: {word}={str(value)[:40]!r}. "
                "Save it from ptychodus again."
            )
        return float(value)
    return None


def object_pixel(store: Store) -> tuple[float, float] | None:
    """Read the pixel of the object, `(y, x)` metres, or return None."""
    return both(*(number(store, f"object_pixel_{side}_m", OBJECT_PIXEL) for side in ("height", "width")))


def object_and_place(
    store: Store,
) -> tuple[np.ndarray | None, tuple[float, float] | None, tuple[str, ...]]:
    """Read the object and where its pixel (0, 0) is in the frame of the positions: `(object, (y, x) pixels, notes)`."""
    image, notes = known_image(store, "object")
    size = object_pixel(store)
    if image is None or size is None:
        return image, None, notes
    centre = [plain(store, f"object_center_{axis}_m") or 0.0 for axis in "yx"]
    return image, first_pixel(centre, size, image.shape), notes
