"""Laws of positions between pixels: whole windows, and a probe that is shifted without loss."""

import numpy as np
import pytest
import reference

from ptychopinn.physics.numpy_physics import cut, exit_waves, far_field_intensity, shifted, whole_windows
from ptychopinn.simulation import modes, probes

SIZE, SIDE = 64, 128
MIDDLE = np.array([[60.0, 66.0], [64.0, 61.0], [70.0, 58.0]])


@pytest.fixture(scope="module")
def probe():
    """Two modes that are dark at the window's edges and beyond a quarter of a cycle a pixel, and not centred."""
    wave = modes.incoherent(probes.gaussian(SIZE, width=0.08, curvature=0.3), 2)
    return np.roll(wave, (2, -3), axis=(1, 2)).astype(complex)


@pytest.fixture(scope="module")
def obj():
    """A random transmission without frequencies above 0.2 cycles a pixel, periodic."""
    real, imag = np.random.default_rng(0).standard_normal((2, SIDE, SIDE))
    slow = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE))) < 0.2
    return 1 + np.fft.ifft2(np.fft.fft2(real + 1j * imag) * slow)


def random_probe(size=16, nyquist=True):
    """Return three modes of noise, as far from smooth as can be, with or without the frequency of half a cycle."""
    real, imag = np.random.default_rng(1).standard_normal((2, 3, size, size))
    spectrum = np.fft.fft2(real + 1j * imag)
    if not nyquist:
        spectrum[:, size // 2], spectrum[:, :, size // 2] = 0, 0
    return np.fft.ifft2(spectrum)


def intensity(obj, probe, positions):
    return far_field_intensity(exit_waves(obj, probe, positions))


def test_a_window_covers_rows_from_half_its_side_before_the_nearest_whole_position():
    obj = np.arange(400.0).reshape(20, 20).astype(complex)
    positions = np.array([[8.0, 9.0], [8.49, 9.5], [7.5, 8.51]])
    windows, fractions = whole_windows(obj, positions, 6)
    for window, (row, column) in zip(windows, [(8, 9), (8, 10), (8, 9)]):
        np.testing.assert_array_equal(window, obj[row - 3 : row + 3, column - 3 : column + 3])
    np.testing.assert_allclose(fractions, [[0, 0], [0.49, -0.5], [-0.5, -0.49]], atol=1e-12)


def test_windows_reach_the_object_s_edges_and_not_beyond():
    obj = np.ones((20, 24), complex)
    whole_windows(obj, np.array([[2.5, 3.4], [17.4, 21.4]]), 6)
    for outside in ([2.4, 10.0], [17.5, 10.0], [10.0, 21.5]):
        with pytest.raises(ValueError, match=r"must cover every patch.*Received: object.shape=\(20, 24\)"):
            whole_windows(obj, np.array([outside]), 6)


def test_a_shift_by_whole_pixels_is_a_roll():
    probe = random_probe()
    for found, (rows, columns) in zip(shifted(probe, np.array([[3.0, 0.0], [-2.0, 5.0]])), [(3, 0), (-2, 5)]):
        np.testing.assert_allclose(found, np.roll(probe, (rows, columns), axis=(1, 2)), atol=1e-12)


def test_a_shift_conserves_light():
    probe = random_probe()
    light = np.sum(np.abs(shifted(probe, np.array([[0.3, -0.5], [0.0, 0.27]]))) ** 2, axis=(2, 3))
    np.testing.assert_allclose(light, 2 * [np.sum(np.abs(probe) ** 2, axis=(1, 2))], rtol=1e-12)


def test_two_shifts_are_one_by_their_sum():
    """Half a cycle a pixel has no direction: a shift is a group on what is below it."""
    probe, one, other = random_probe(nyquist=False), np.array([[0.3, -0.45]]), np.array([[0.4, 0.21]])
    np.testing.assert_allclose(shifted(shifted(probe, one)[0], other), shifted(probe, one + other), atol=1e-12)


def test_a_shift_is_the_oracle_s_interpolation(probe):
    fractions = np.array([[0.3, -0.45], [-0.5, 0.21]])
    exact = [[reference.shifted(mode, at) for mode in probe] for at in fractions]
    np.testing.assert_allclose(shifted(probe, fractions), exact, atol=1e-12)


def test_a_pattern_to_the_right_has_its_probe_to_the_right(probe):
    columns = np.arange(SIZE) - SIZE // 2
    light = np.abs(shifted(probe, np.array([[0.0, 0.0], [0.0, 0.4]]))) ** 2
    middle = np.sum(light * columns, axis=(1, 2, 3)) / np.sum(light, axis=(1, 2, 3))
    assert middle[1] - middle[0] == pytest.approx(0.4, abs=1e-6)


@pytest.mark.parametrize("way", [(0.5, 0.0), (0.0, 0.5), (0.3, -0.2)])
def test_to_move_the_beam_is_to_move_the_object_the_other_way(obj, probe, way):
    """Patterns at p + d of an object are those at p of the object shifted by -d, whichever pixel is nearest."""
    moved = reference.shifted(obj, -np.array(way))
    there, here = intensity(obj, probe, MIDDLE + way), intensity(moved, probe, MIDDLE)
    assert np.abs(there - here).max() < 1e-5 * here.max()
    assert np.abs(there - intensity(obj, probe, MIDDLE)).max() > 5e-3 * here.max(), "the way is seen"


def test_at_whole_positions_the_pattern_is_that_of_the_probe_and_the_patch_to_the_bit(obj, probe):
    patches = cut(obj, MIDDLE, SIZE)
    np.testing.assert_array_equal(intensity(obj, probe, MIDDLE), far_field_intensity(mode * patches for mode in probe))
    exact = [reference.intensity(patch, probe) for patch in patches]
    np.testing.assert_allclose(intensity(obj, probe, MIDDLE), exact, atol=1e-10 * np.max(exact))


def test_a_pattern_does_not_depend_on_the_others_of_its_chunk(obj, probe):
    positions = np.concatenate([MIDDLE, MIDDLE + 0.3])
    together = intensity(obj, probe, positions)
    for at, one in zip(positions, together):
        np.testing.assert_array_equal(intensity(obj, probe, at[None])[0], one)
