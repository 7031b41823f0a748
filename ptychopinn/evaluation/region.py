"""The box of pixels on which a reconstruction is judged: where both images were lit well enough."""

import numpy as np

WELL_LIT = 0.15
"""Pixels count where the weight exceeds this part of its largest."""

SMALLEST = 16
"""Side of the smallest region, in pixels: the metrics need as much."""

REGIONS = ("auto", "weight", "scan")


def well_lit(product):
    """Return the bool array `(y, x)` of the pixels of a product that were lit well enough to count."""
    return product.weight > WELL_LIT * product.weight.max()


def shared_box(product, truth, place):
    """Return the box `(top, bottom, left, right)` of the truth's pixels that the product, at its place, covers."""
    low = np.maximum(place, 0)
    high = np.minimum(np.add(place, product.object.shape), truth.object.shape)
    return int(low[0]), int(high[0]), int(low[1]), int(high[1])


def scan_box(product, truth, place):
    """Return the bounding box of the scan's positions, in the truth's pixels; None where nobody knows them."""
    if truth.positions is not None and truth.origin is not None:
        positions = truth.positions - np.asarray(truth.origin)
    elif product.positions is not None and product.origin is not None:
        positions = product.positions - np.asarray(product.origin) + place
    else:
        return None
    low, high = np.ceil(positions.min(axis=0)), np.floor(positions.max(axis=0)) + 1
    return int(low[0]), int(high[0]), int(low[1]), int(high[1])


def intersect(*boxes):
    """Return the box that all boxes share; None where it is smaller than `SMALLEST`."""
    tops, bottoms, lefts, rights = zip(*boxes)
    box = max(tops), min(bottoms), max(lefts), min(rights)
    return box if min(box[1] - box[0], box[3] - box[2]) >= SMALLEST else None


def find_region(product, truth, place, region="auto"):
    """Choose the box on which a product at a place is judged.

    Args:
        product, truth: Product.
        place: int pair `(y, x)`: pixel of the truth under the product's first pixel.
        region: `"scan"`, the bounding box of the positions; `"weight"`, a rectangle in which every pixel is well lit in
            both; `"auto"`, such a rectangle inside the scan's box, where that is known; or a box.

    Returns:
        `(top, bottom, left, right)` in the truth's pixels; None where less than `SMALLEST` pixels are shared.

    Raises:
        ValueError: if the scan's box is asked for and nobody knows the positions.
    """
    boxes = [shared_box(product, truth, place)]
    if region not in REGIONS:
        return intersect(*boxes, region)
    if region != "weight":
        scanned = scan_box(product, truth, place)
        if region == "scan" and scanned is None:
            raise ValueError(
                f"The region scan needs the scan's positions and an origin. Received: neither {product.name} nor "
                f"{truth.name} has both. Name the scan with --scan, or take the region weight."
            )
        boxes += [scanned] if scanned is not None else []
    box = intersect(*boxes)
    if box is None or region == "scan":
        return box
    top, bottom, left, right = box
    lit = well_lit(truth)[top:bottom, left:right]
    lit = lit & well_lit(product)[top - place[0] : bottom - place[0], left - place[1] : right - place[1]]
    inside = shrink(lit)
    return inside and (top + inside[0], top + inside[1], left + inside[2], left + inside[3])


def shrink(lit):
    """Take the darkest side off a box until every pixel in it is lit; None where less than `SMALLEST` are left.

    Args:
        lit: bool array `(y, x)`.

    Returns:
        `(top, bottom, left, right)`.
    """
    dark = np.zeros(np.add(lit.shape, 1), np.int64)  # dark pixels above and left of a corner
    dark[1:, 1:] = np.cumsum(np.cumsum(~lit, axis=0), axis=1)

    def within(top, bottom, left, right):
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
        steps = max(sides, key=sides.get)
        top, bottom, left, right = (edge + step for edge, step in zip((top, bottom, left, right), steps))
    return None
