"""The box of pixels on which a reconstruction is judged: where both images were lit well enough."""

import numpy as np
from scipy.ndimage import binary_fill_holes

from ptychopinn.data.reconstruction import Reconstruction

Box = tuple[int, int, int, int]

WELL_LIT = 0.15
"""Pixels count where the weight exceeds this part of its largest."""

SMALLEST = 16
"""Side of the smallest region, in pixels: the metrics need as much."""

REGIONS = ("auto", "weight", "scan")


def well_lit(reconstruction: Reconstruction) -> np.ndarray:
    """Return the bool array `(y, x)` of the pixels of a reconstruction that were lit well enough to count."""
    return reconstruction.weight > WELL_LIT * reconstruction.weight.max()


def shared_box(reconstruction: Reconstruction, truth: Reconstruction, place: tuple[int, int]) -> Box:
    """Return the box `(top, bottom, left, right)` of the truth's pixels that a reconstruction covers at a place."""
    low = np.maximum(place, 0)
    high = np.minimum(np.add(place, reconstruction.object.shape), truth.object.shape)
    return int(low[0]), int(high[0]), int(low[1]), int(high[1])


def scan_box(reconstruction: Reconstruction, truth: Reconstruction, place: tuple[int, int]) -> Box | None:
    """Return the bounding box of the scan's positions, in the truth's pixels; None where nobody knows them."""
    if truth.positions is not None and truth.origin is not None:
        positions = truth.positions - np.asarray(truth.origin)
    elif reconstruction.positions is not None and reconstruction.origin is not None:
        positions = reconstruction.positions - np.asarray(reconstruction.origin) + place
    else:
        return None
    low, high = np.ceil(positions.min(axis=0)), np.floor(positions.max(axis=0)) + 1
    return int(low[0]), int(high[0]), int(low[1]), int(high[1])


def intersect(*boxes: Box) -> Box | None:
    """Return the box that all boxes share; None where it is smaller than `SMALLEST`."""
    tops, bottoms, lefts, rights = zip(*boxes)
    box = max(tops), min(bottoms), max(lefts), min(rights)
    return box if min(box[1] - box[0], box[3] - box[2]) >= SMALLEST else None


def find_region(
    reconstruction: Reconstruction, truth: Reconstruction, place: tuple[int, int], region: str | Box = "auto"
) -> Box | None:
    """Choose the box on which a reconstruction at a place is judged.

    Args:
        reconstruction, truth: Reconstruction.
        place: int pair `(y, x)`: pixel of the truth under the reconstruction's first pixel.
        region: `"scan"`, the bounding box of the positions; `"weight"`, a rectangle in which every pixel is well lit in
            both, but for holes that light surrounds; `"auto"`, such a rectangle inside the scan's box where that is
            known, and all of that box where no such rectangle is left; or a box.

    Returns:
        `(top, bottom, left, right)` in the truth's pixels; None where less than `SMALLEST` pixels are shared.

    Raises:
        ValueError: if the scan's box is asked for and nobody knows the positions.
    """
    shared = shared_box(reconstruction, truth, place)
    if not isinstance(region, str):
        return intersect(shared, region)
    if region not in REGIONS:
        raise ValueError(f"region must be one of {', '.join(REGIONS)}, or a box. Received: region={region}.")
    scanned = None if region == "weight" else scan_box(reconstruction, truth, place)
    if region == "scan" and scanned is None:
        raise ValueError(
            "The region scan needs the scan's positions and an origin. "
            f"Received: neither {reconstruction.name} nor {truth.name} has both. "
            "Name the scan with --scan, or take the region weight."
        )
    box = intersect(shared) if scanned is None else intersect(shared, scanned)
    if box is None or region == "scan":
        return box
    lit = _lit_within(box, reconstruction, truth, place)
    return box if lit is None and scanned is not None else lit


def _lit_within(box: Box, reconstruction: Reconstruction, truth: Reconstruction, place: tuple[int, int]) -> Box | None:
    """Return the rectangle inside a box in which both images are well lit; None where less than `SMALLEST` are left."""
    top, bottom, left, right = box
    lit = binary_fill_holes(well_lit(truth))[top:bottom, left:right]
    ours = binary_fill_holes(well_lit(reconstruction))
    inside = lit_box(lit & ours[top - place[0] : bottom - place[0], left - place[1] : right - place[1]])
    return inside and (top + inside[0], top + inside[1], left + inside[2], left + inside[3])


def lit_box(lit: np.ndarray) -> Box | None:
    """Take the darkest side off a box until every pixel in it is lit; None where less than `SMALLEST` are left.

    Args:
        lit: bool array `(y, x)`.

    Returns:
        `(top, bottom, left, right)`.
    """
    dark = np.zeros(np.add(lit.shape, 1), np.int64)  # dark pixels above and left of a corner
    dark[1:, 1:] = np.cumsum(np.cumsum(~lit, axis=0), axis=1)

    def within(top: int, bottom: int, left: int, right: int) -> int:
        return dark[bottom, right] - dark[top, right] - dark[bottom, left] + dark[top, left]

    top, bottom, left, right = 0, lit.shape[0], 0, lit.shape[1]
    while min(bottom - top, right - left) >= SMALLEST:
        if not within(top, bottom, left, right):
            return top, bottom, left, right
        height, width = bottom - top, right - left
        sides = {
            (1, 0, 0, 0): within(top, top + 1, left, right) / width,
            (0, -1, 0, 0): within(bottom - 1, bottom, left, right) / width,
            (0, 0, 1, 0): within(top, bottom, left, left + 1) / height,
            (0, 0, 0, -1): within(top, bottom, right - 1, right) / height,
        }
        steps = max(sides, key=sides.__getitem__)
        top, bottom, left, right = (edge + step for edge, step in zip((top, bottom, left, right), steps))
    return None
