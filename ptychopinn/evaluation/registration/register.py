"""Bring a reconstruction onto the truth: its place, and the shift, ramp and factor that are left there."""

import dataclasses

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.region import SMALLEST, Box, find_region, well_lit
from ptychopinn.evaluation.registration.coarse import locate
from ptychopinn.evaluation.registration.fine import ROUNDS, crop, match, with_margin

CLOSER = 0.95
"""Another place than the stated one is believed where it leaves less than this part of the error: noise gains less."""

ALIKE = 0.7
"""Part of the error of a flat image below which a place that nobody stated is believed."""

FARAWAY = 2.0**30
"""Pixels: no image lies farther from another, whatever a file says."""


@dataclasses.dataclass(frozen=True)
class Registered:
    """A reconstruction and the truth on the same pixels.

    Args:
        image, truth: complex arrays `(y, x)`: those of the box; the image shifted, its ramp and factor the truth's.
        box: `(top, bottom, left, right)` in the truth's pixels.
        shift: `(y, x)` by which the image was moved from where the origins put it, or else from the truth's corner.
        ramp: `(y, x)` phase ramp that it was multiplied with, radians per pixel.
        factor: complex factor that it was multiplied with, at the middle of the box.
        error: float. Relative complex error that is left.
    """

    image: np.ndarray
    truth: np.ndarray
    box: Box
    shift: tuple[float, float]
    ramp: tuple[float, float]
    factor: complex
    error: float


def register(reconstruction: Reconstruction, truth: Reconstruction, region: str | Box = "auto") -> Registered:
    """Bring a reconstruction onto the truth: shift, complex factor and phase ramp, which nobody can know.

    Where both say where they lie, it is looked for round that place, and another place must be clearly better; farther
    off only where nothing there is alike: the truth of a file may lie in another frame than the positions.

    Args:
        reconstruction, truth: Reconstruction.
        region: which pixels count; see `find_region`.

    Returns:
        Registered.

    Raises:
        ValueError: if they share less than 16 x 16 pixels that count.
    """
    stated = _stated_place(reconstruction, truth)
    places = locate(reconstruction.straight, well_lit(reconstruction), truth.straight, well_lit(truth), stated)
    if stated is not None:
        places = list(dict.fromkeys([stated, *places]))
    errors = {}
    for place in places:
        glance = _register_at(place, reconstruction, truth, region, rounds=1)
        if glance is not None:
            errors[place] = glance.error
    if not errors:
        raise ValueError(
            f"{reconstruction.name} and {truth.name} must share {SMALLEST} x {SMALLEST} pixels that both saw well. "
            f"Received: no overlap between the two, of {reconstruction.object.shape} and {truth.object.shape} pixels. "
            "Are both of the same scan, in the same pixels?"
        )
    found = _register_at(min(errors, key=errors.__getitem__), reconstruction, truth, region)
    assert found is not None  # as at a glance
    if stated in errors and errors[stated] > min(errors.values()):
        trusted = _register_at(stated, reconstruction, truth, region)
        assert trusted is not None
        found = found if found.error < CLOSER * trusted.error else trusted
    if stated is None or _tells(found, CLOSER):
        return found
    return _anywhere(reconstruction, truth, region) or found


def _anywhere(reconstruction: Reconstruction, truth: Reconstruction, region: str | Box) -> Registered | None:
    """Register wherever the images are alike, whatever is stated; None where they are alike nowhere."""
    try:
        found = register(reconstruction, dataclasses.replace(truth, origin=None, positions=None), region)
    except ValueError:  # they share too little at the likeliest places
        return None
    return found if _tells(found, ALIKE) else None


def _tells(found: Registered, part: float) -> bool:
    """Tell whether an image leaves less than a part of the error that the best image of one value leaves."""
    flat = np.linalg.norm(found.truth - found.truth.mean()) / np.linalg.norm(found.truth)
    return bool(found.error < part * flat)


def _stated_place(reconstruction: Reconstruction, truth: Reconstruction) -> tuple[int, int] | None:
    """Return the place that the origins say: the truth's pixel under the first; None where one of them is unknown."""
    if reconstruction.origin is None or truth.origin is None:
        return None
    y, x = np.clip(np.subtract(reconstruction.origin, truth.origin), -FARAWAY, FARAWAY)
    return round(y), round(x)


def _register_at(
    place: tuple[int, int],
    reconstruction: Reconstruction,
    truth: Reconstruction,
    region: str | Box,
    rounds: int = ROUNDS,
) -> Registered | None:
    """Register at a place, the pixel of the truth under the reconstruction's first; None where too little is shared."""
    box = find_region(reconstruction, truth, place, region)
    if box is None:
        return None
    found = match(with_margin(reconstruction.straight, box, place), with_margin(truth.straight, box), rounds)
    shift = np.add(place, found.shift)
    if reconstruction.origin is not None and truth.origin is not None:
        shift = shift - np.subtract(reconstruction.origin, truth.origin)
    y, x = map(float, shift)
    return Registered(found.image, crop(truth.straight, box), box, (y, x), found.ramp, found.factor, found.error)
