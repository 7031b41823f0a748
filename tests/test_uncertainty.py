"""Laws of the uncertainty of a stitched object: what overlapping patches tell of their own errors."""

import numpy as np
import pytest

from ptychopinn.physics.numpy_physics import cut
from ptychopinn.reconstruction.stitching import Stitcher, outward

SIZE, NOISE = 32, 0.05
WEIGHTS = np.exp(-(np.hypot(*np.mgrid[-16:16, -16:16]) ** 2) / 60)


def stitched(noise, step, seed=0):
    """Stitch noisy patches of a smooth object on a raster; return the result and the object on the same pixels."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:120, :120]
    truth = 1 + 0.2 * np.exp(1j * (np.sin(y / 9) + np.cos(x / 7)))
    positions = np.stack(np.meshgrid(np.arange(20, 100, step), np.arange(20, 100, step)), axis=-1).reshape(-1, 2)
    positions = positions[outward(positions)].astype(float)
    stitcher = Stitcher(positions, WEIGHTS)
    noises = random.standard_normal((2, len(positions), SIZE, SIZE)) * noise / np.sqrt(2)
    stitcher.add(cut(truth, positions, SIZE) + noises[0] + 1j * noises[1], positions)
    found = stitcher.result()
    row, column = found.origin
    return found, truth[row : row + found.object.shape[0], column : column + found.object.shape[1]]


INNER = np.s_[20:-20, 20:-20]


def test_patches_that_agree_leave_no_uncertainty():
    assert stitched(0.0, 4)[0].uncertainty[INNER].max() < 2e-3


@pytest.mark.parametrize("step", [4, 8])
def test_uncertainty_is_the_size_of_the_error_of_independent_patches(step):
    found, truth = stitched(NOISE, step)
    image = found.object
    factor = np.vdot(image[INNER], truth[INNER]) / np.vdot(image[INNER], image[INNER])
    error = np.sqrt(np.mean(np.abs(factor * image - truth)[INNER] ** 2))
    assert np.sqrt(np.mean(found.uncertainty[INNER] ** 2)) == pytest.approx(error, rel=0.2)


def test_more_overlap_leaves_less_uncertainty():
    sparse, dense = (np.median(stitched(NOISE, step)[0].uncertainty[INNER]) for step in (8, 4))
    assert dense == pytest.approx(sparse / 2, rel=0.25)  # four times the patches


def test_a_lone_patch_knows_nothing_of_its_error():
    assert np.isinf(stitched(NOISE, 60)[0].uncertainty).all()
