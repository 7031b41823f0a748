"""Which window of the detector makes the patterns: around the middle, or around the light where that is far from it."""

import numpy as np

from ptychopinn.preparation.centre import SAID, fills_window, is_far, measured_centre
from ptychopinn.preparation.detector import Detected
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.window import LARGEST_SIDE, Window, side_of


def window_of(told: Detected, wanted: Preparation) -> tuple[Window | None, tuple[str, ...]]:
    """Return the window that makes the patterns, None where they are as they should be, and what is said of it."""
    recording, near = told.recording, told.recording.far_field is False
    shape = tuple(recording.patterns.shape[1:])
    side, kept = side_of(shape, wanted, recording.name, near)
    middle, moved, said = _middle(told, wanted, shape)
    notes = [said] if said else []
    as_it_is = shape == (side, side) and not moved and not wanted.bin
    if as_it_is and wanted.orient == "identity" and wanted.crop is None:
        return None, tuple(notes)
    binned = wanted.bin or 1
    if (side * binned, side * binned) != shape or wanted.crop is not None:
        what = "cropped" if side * binned <= min(shape) else "padded with pixels without data"
        notes.append(
            f"Patterns of {shape[0]} x {shape[1]} pixels are {what} to {side} x {side}"
            + (f" pixels of {binned} x {binned}" if binned > 1 else "")
            + (f", of which the middle {kept} hold data" if kept < side else "")
            + "; --crop, --bin and --pad override."
        )
    elif binned > 1:
        notes.append(f"Patterns are binned to pixels of {binned} x {binned}, as asked.")
    if wanted.orient != "identity":
        notes.append(f"Patterns are turned by {wanted.orient}, as asked.")
    corner = bool(recording.corner)
    return Window(side, middle, binned, min(kept, LARGEST_SIDE), corner, wanted.orient, near), tuple(notes)


def _middle(told: Detected, wanted: Preparation, shape: tuple[int, ...]) -> tuple[tuple[int, int], bool, str | None]:
    """Return the detector's pixel of the zero frequency, whether it is moved there, and what is said of it."""
    corner = bool(told.recording.corner)
    plain = (0, 0) if corner else (shape[0] // 2, shape[1] // 2)
    if wanted.centre_px is not None:
        y, x = (round(one) for one in wanted.centre_px)
        if not (0 <= y < shape[0] and 0 <= x < shape[1]):
            raise ValueError(
                f"centre must be a pixel y,x of patterns of {shape[0]} x {shape[1]}. Received: centre={wanted.centre}. "
                "Counting starts at 0."
            )
        return (y, x), (y, x) != plain, f"Zero frequency is at pixel ({y}, {x}), as asked."
    if told.recording.far_field is False:
        return plain, False, None
    mean, good = told.mean, np.asarray(told.recording.mask)
    if corner:
        mean, good = np.fft.fftshift(mean), np.fft.fftshift(good)
    if wanted.centre is None and (told.place_is_said or fills_window(mean)):
        return plain, False, None
    found = measured_centre(mean, ~good)
    offset = (found[0] - shape[0] // 2, found[1] - shape[1] // 2)
    where = f"({offset[0]:+.1f}, {offset[1]:+.1f}) pixels (y, x) from where it should be"
    rounded = round(offset[0]), round(offset[1])
    if wanted.centre == "auto" or is_far(offset, shape):
        middle = (plain[0] + rounded[0], plain[1] + rounded[1])
        moved = rounded != (0, 0)
        said = f"The light is {where}: patterns are moved by whole pixels; --centre overrides." if moved else None
        return middle, moved, said
    if max(map(abs, offset)) >= SAID:
        return plain, False, f"The light is {where}; --centre auto moves the patterns."
    return plain, False, None
