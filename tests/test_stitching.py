"""Laws of stitching: the adjoint of cutting, blind to what a patch cannot know, and straight for the eye alone."""

import numpy as np
import pytest

from ptychopinn.formats.results import read_reconstruction
from ptychopinn.formats.writers.npz_result import write as write_arrays
from ptychopinn.physics.numpy_physics import cut
from ptychopinn.physics.ramp import add_ramp, ramp_of
from ptychopinn.reconstruction.stitching import PatchSum, Stitcher, canvas_of, outward

SIZE = 32
WEIGHTS = np.exp(-(np.hypot(*np.mgrid[-16:16, -16:16]) ** 2) / 60)


def complex_noise(seed, *shape):
    return np.random.default_rng(seed).standard_normal((*shape, 2)) @ (1, 1j)


def smooth(height=97, width=120):
    """An object of slow amplitude and phase, which bilinear windows do not blur."""
    y, x = np.mgrid[:height, :width]
    return (1 + 0.2 * np.sin(y / 9)) * np.exp(0.3j * np.cos(x / 7))


def scattered(seed, count=60):
    """Positions between the pixels, in the order in which patches meet the ones before them."""
    positions = np.random.default_rng(seed).uniform((20.3, 18.1), (77.8, 99.6), (count, 2))
    return positions[outward(positions)]


def stitched(patches, positions):
    stitcher = Stitcher(positions, WEIGHTS)
    stitcher.add(patches, positions)
    return stitcher.result()


def beside(found, truth):
    """Cut the truth to the pixels of a stitched object, and say which of them are well known."""
    row, column = found.origin
    there = truth[row : row + found.object.shape[0], column : column + found.object.shape[1]]
    return there, found.weight > 0.3 * found.weight.max()


@pytest.mark.parametrize("seed", range(3))
def test_stitching_is_the_adjoint_of_cutting(seed):
    """<cut(O), w p> = <O, placed w p>: random, complex, not square, not centred, between the pixels."""
    positions, weights = scattered(seed, 7), np.abs(complex_noise(seed, SIZE, SIZE)) + 0.1
    patches, (origin, shape) = complex_noise(seed + 10, 7, SIZE, SIZE), canvas_of(positions, SIZE)
    placed, obj = PatchSum(shape, origin, weights), complex_noise(seed + 20, *shape)
    placed.add(patches, positions)
    assert shape[0] != shape[1] and np.ptp(positions % 1) > 0.5
    cut_out = np.vdot(cut(obj, positions - origin, SIZE), weights * patches)
    np.testing.assert_allclose(np.vdot(obj, placed.sum), cut_out, rtol=1e-5)


def test_patches_of_an_object_make_that_object():
    """Also between the pixels: a shift that is left out by half a pixel would cost 2 % of this object."""
    truth, positions = smooth(), scattered(4, 300)
    found = stitched(cut(truth, positions, SIZE), positions)
    there, known = beside(found, truth)
    assert np.abs(found.object * there.conj() / np.abs(there) ** 2 - 1)[known].max() < 4e-3


def test_the_constant_phase_of_a_patch_does_not_matter():
    """Each patch is known up to a constant: they are turned to agree, and the whole is known up to one."""
    truth, positions = smooth(), scattered(5, 300)
    turns = np.exp(2j * np.pi * np.random.default_rng(6).random(300))[:, None, None]
    patches = cut(truth, positions, SIZE)
    found, plain = (stitched(some, positions) for some in (turns * patches, patches))
    constant = np.vdot(found.object, plain.object)
    assert abs(constant) == pytest.approx(np.linalg.norm(found.object) * np.linalg.norm(plain.object), rel=1e-4)
    np.testing.assert_allclose(found.object * constant / abs(constant), plain.object, atol=2e-3)


@pytest.fixture
def ramped():
    """A stitched object with a ramp that wraps several times, and the ramp."""
    ramp, positions = np.array([0.31, -0.22]), scattered(7, 300)
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    tilted = cut(smooth(), positions, SIZE) * np.exp(1j * (ramp[0] * y + ramp[1] * x))
    return stitched(tilted * np.exp(1j * positions @ ramp)[:, None, None], positions), ramp


def test_the_common_ramp_is_measured_and_kept(ramped):
    found, ramp = ramped
    np.testing.assert_allclose(found.ramp, ramp, atol=0.01)  # the object itself has a little
    np.testing.assert_allclose(ramp_of(found.object, found.weight), found.ramp, atol=1e-6)


def test_the_straight_object_has_neither_ramp_nor_mean_phase(ramped):
    found, _ = ramped
    _, known = beside(found, smooth())
    np.testing.assert_allclose(ramp_of(found.straight, found.weight), 0, atol=1e-6)
    assert np.abs(np.angle(found.straight[known])).max() < 0.6 < np.abs(np.angle(found.object[known])).max()
    assert abs(np.angle(np.sum((found.straight * found.weight)[known]))) < 0.05


def test_files_hold_the_object_straight_and_give_the_ramp_back(ramped, tmp_path):
    found, _ = ramped
    path = tmp_path / "reconstruction.npz"
    write_arrays(found, path)
    with np.load(path) as stored:
        np.testing.assert_array_equal(stored["object"], found.straight)
        np.testing.assert_allclose(stored["ramp"], found.ramp)
    again = read_reconstruction(path)
    constant = np.vdot(again.object, found.object)
    np.testing.assert_allclose(again.object * constant / abs(constant), found.object, atol=1e-5)
    np.testing.assert_allclose(again.straight, found.straight, atol=1e-5)
    np.testing.assert_allclose(add_ramp(again.straight, again.ramp), again.object, atol=1e-5)
