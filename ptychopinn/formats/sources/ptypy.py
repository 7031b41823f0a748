"""PtyPy's prepared data, `.ptyd`: patterns in chunks, with what is known of them under `meta`."""

import numpy as np

from ptychopinn.data.recording import Recording
from ptychopinn.formats.frames import Series, Stack
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.quantities import DETECTOR_PIXEL, DISTANCE, ENERGY
from ptychopinn.formats.sources.reading import frames, good_pixels, is_not_zero
from ptychopinn.formats.stores import Store
from ptychopinn.formats.stores.points import points

NAME = "PtyPy .ptyd (chunks, meta)"


def recognises(opened: Opened) -> bool:
    """Tell whether the file is HDF5 with PtyPy's chunks of patterns."""
    return opened.hdf5 is not None and "meta" in opened.known_store.names() and bool(_chunks(opened.known_store))


def record(opened: Opened) -> Recording:
    """Say what the file holds."""
    store = opened.known_store
    chunks = _chunks(store)
    parts = [frames(store, f"chunks/{chunk}/data") for chunk in chunks]
    patterns = parts[0] if len(parts) == 1 else Series(parts, f"{store.name}: chunks")
    positions = _positions(store, chunks, parts)
    return Recording(
        patterns=patterns,
        positions=positions,
        unit=None if positions is None else "m",
        mask=_mask(store, chunks, patterns.shape[1:]),
        measurement="counts",
        centre_px=_pair(store, "meta/center"),
        energy_eV=store.number("meta/energy", ENERGY, "keV"),
        distance_m=store.number("meta/distance", DISTANCE),
        detector_pixel_m=_detector_pixel(store),
        far_field={"farfield": True, "nearfield": False}.get((store.text("meta/propagation") or "").lower()),
        name=opened.name,
        notes=("Patterns are read as intensities, positions as metres (y, x): PtyPy's habit.",),
    )


def _chunks(store: Store) -> list[str]:
    """List the names of the chunks that hold patterns, in the order of their numbers."""
    numbered = [key for key in store.names("chunks") if key.isdecimal() and len(key) < 10]
    return [key for key in sorted(numbered, key=int) if f"chunks/{key}/data" in store]


def _positions(store: Store, chunks: list[str], parts: list[Stack]) -> np.ndarray | None:
    found = [f"chunks/{chunk}/positions" in store for chunk in chunks]
    if not any(found):
        return None
    if not all(found):
        raise ValueError(
            f"{store.name} must hold positions in every chunk. Received: {sum(found)} of {len(found)} chunks with "
            "positions. Prepare the data again."
        )
    pairs = [points(store, f"chunks/{chunk}/positions", part.shape[0]) for chunk, part in zip(chunks, parts)]
    return np.concatenate([one[:, :2] for one in pairs])


def _mask(store: Store, chunks: list[str], frame: tuple[int, ...]) -> np.ndarray | None:
    """Return the pixels that have a weight in all patterns, or None where all have one."""
    weighted = [path for chunk in chunks if _is_filled(store, path := f"chunks/{chunk}/weights")]
    for path in weighted or ["meta/weight2d"]:
        if not _is_filled(store, path):
            return None
    masks = [good_pixels(store, path, frame, is_not_zero) for path in weighted or ["meta/weight2d"]]
    known = [mask for mask in masks if mask is not None]
    return np.logical_and.reduce(known) if known else None


def _is_filled(store: Store, path: str) -> bool:
    return path in store and 0 not in store.known(path).shape


def _detector_pixel(store: Store) -> tuple[float, float] | None:
    pair = _pair(store, "meta/psize")
    if pair is None:
        return None
    y, x = (DETECTOR_PIXEL.within(one, store.name, "meta/psize") for one in pair)
    return y, x


def _pair(store: Store, path: str) -> tuple[float, float] | None:
    """Read two numbers `(y, x)`, or one for both; None where there are none, or a text that says how to find them."""
    if path not in store or store.text(path) is not None:
        return None
    values = store.array(path).reshape(-1).astype(np.float64)
    if values.size not in (1, 2) or not np.isfinite(values).all():
        raise ValueError(
            f"{store.name} must hold one or two finite numbers as {path}. "
            f"Received: {path}={values[:4].tolist()}. Correct it, or leave it out."
        )
    return float(values[0]), float(values[-1])
