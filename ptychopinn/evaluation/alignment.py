"""Bring a stitched object onto the known one, for the picture and the error of a run."""

import dataclasses

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.region import find_region
from ptychopinn.evaluation.registration import crop, register, with_margin


@dataclasses.dataclass(frozen=True)
class Aligned:
    """Reconstruction and truth on the same pixels, and the relative complex error between them."""

    object: np.ndarray
    truth: np.ndarray
    error: float


def align(stitched, truth, positions):
    """Align a stitched object with the truth inside the scan's bounding box.

    Args:
        stitched: Reconstruction.
        truth: complex array `(y, x)`, pixel (0, 0) at position (0, 0).
        positions: float array `(pattern, 2)`, pixels.

    Returns:
        Aligned, or `None` where the scan and the truth share less than 16 x 16 pixels.
    """
    reconstruction = Reconstruction(stitched.straight, stitched.weight)
    known = Reconstruction(np.asarray(truth, np.complex64), origin=(0, 0), positions=positions)
    box = find_region(reconstruction, known, stitched.origin, "scan")
    if box is None:
        return None
    found = register(with_margin(reconstruction.object, box, stitched.origin), with_margin(known.object, box))
    return Aligned(found.image, crop(known.object, box), found.error)
