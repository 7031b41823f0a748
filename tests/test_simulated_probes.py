"""Laws of simulated probes: against closed-form optics."""

import numpy as np
import pytest
from scipy.special import j1

from ptychopinn.simulation import experiments, modes, probes, pupils

WAVELENGTH_M = experiments.wavelength_m(8800)
PIXEL_M = WAVELENGTH_M / (256 * 75e-6) * 2


def test_a_wavelength_is_hc_over_energy():
    assert pytest.approx(1.23984198e-6 / 8800, rel=1e-8) == WAVELENGTH_M


def test_an_open_zone_plate_in_focus_makes_an_airy_pattern():
    (wave,) = pupils.zone_plate(256, PIXEL_M, WAVELENGTH_M, 50e-9, 180e-6, 0.0, 0.0)
    y, x = np.mgrid[-128:128, -128:128]
    v = np.pi * np.maximum(np.hypot(y, x), 1e-9) * PIXEL_M / 50e-9
    np.testing.assert_allclose((wave / wave[128, 128]).real, 2 * j1(v) / v, atol=0.01)
    assert np.abs(wave.imag).max() < 1e-6 * np.abs(wave).max()


def test_a_defocused_zone_plate_lights_a_ring_as_wide_as_rays_say():
    (wave,) = pupils.zone_plate(256, PIXEL_M, WAVELENGTH_M, 50e-9, 180e-6, 90e-6, 8e-4)
    light = np.abs(wave) ** 2
    radius_m = np.hypot(*np.mgrid[-128:128, -128:128]) * PIXEL_M
    outer_m = 8e-4 * WAVELENGTH_M / (2 * 50e-9)  # defocus times half the cone's angle
    inside = [light[radius_m < part * outer_m].sum() / light.sum() for part in (0.4, 0.6, 0.9, 1.1)]
    np.testing.assert_allclose(inside, [0, (0.36 - 0.25) / 0.75, (0.81 - 0.25) / 0.75, 1], atol=0.08)
    focused = pupils.zone_plate(256, PIXEL_M, WAVELENGTH_M, 50e-9, 180e-6, 90e-6, 0.0)
    assert light.sum() == pytest.approx(np.sum(np.abs(focused) ** 2), rel=1e-5)


def test_defocus_before_and_behind_the_focus_differ_by_conjugation():
    """The pupil is real: the field at -z is the conjugate of the field at +z, and the phase of a beam that diverges
    rises outward (with exp(ikz - iwt))."""
    behind, before = (pupils.zone_plate(128, 2 * PIXEL_M, WAVELENGTH_M, defocus_m=z)[0] for z in (3e-4, -3e-4))
    np.testing.assert_allclose(before, np.conj(behind), atol=1e-5 * np.abs(behind).max())
    (free,) = pupils.zone_plate(256, PIXEL_M, WAVELENGTH_M, 50e-9, 180e-6, 0.0, 8e-4)
    r_m = np.arange(10, 50) * PIXEL_M
    slope, _ = np.polyfit(r_m**2, np.unwrap(np.angle(free[128, 138:178])), 1)
    assert slope == pytest.approx(np.pi / (WAVELENGTH_M * 8e-4), rel=0.03)


def test_aberrations_are_orthonormal_on_the_pupil():
    y, x = np.mgrid[-200:201, -200:201] / 200
    rho, theta, inside = np.hypot(y, x), np.arctan2(y, x), np.hypot(y, x) <= 1
    each = [pupils.aberration(rho, theta, row)[inside] for row in np.eye(len(pupils.ABERRATIONS))]
    np.testing.assert_allclose(np.array(each) @ np.array(each).T / inside.sum(), np.eye(len(each)), atol=0.03)


def test_a_lens_without_aberrations_is_in_focus_and_with_them_as_bright():
    flat, bent = (pupils.zernike(64, rms_rad=rms, seed=5)[0] for rms in (0.0, 2.0))
    assert np.unravel_index(np.abs(flat).argmax(), flat.shape) == (32, 32)
    assert np.sum(np.abs(bent) ** 2) == pytest.approx(np.sum(np.abs(flat) ** 2), rel=1e-5)
    assert np.abs(bent).max() < 0.8 * np.abs(flat).max()


@pytest.mark.parametrize("phase", [0.7, 0.7 + np.pi])
def test_modes_are_orthogonal_of_falling_power_and_begin_with_the_probe(phase):
    probe = 3 * np.exp(1j * phase) * probes.gaussian(48, curvature=1.2)
    made = modes.incoherent(probe, 4, 0.4).reshape(4, -1)
    powers = 0.4 ** np.arange(4) / (0.4 ** np.arange(4)).sum() * np.sum(np.abs(probe) ** 2)
    np.testing.assert_allclose(made.conj() @ made.T, np.diag(powers), atol=1e-4 * powers[0])
    np.testing.assert_allclose(made[0] / np.sqrt(powers[0] / powers.sum()), probe.ravel(), atol=1e-5)


def test_a_padded_probe_keeps_its_pixels_and_an_interpolated_one_its_shape():
    probe = probes.gaussian(64, width=0.1, curvature=0.5)
    np.testing.assert_array_equal(modes.resize(modes.resize(probe, 96), 64), probe)
    np.testing.assert_array_equal(modes.resize(probe, 96)[:, 48 + 5, 48 - 7], probe[:, 32 + 5, 32 - 7])
    for size in (48, 96):
        same = modes.resize(probe, size, "interpolate") * size / 64  # as bright: the pixels are of another size
        np.testing.assert_allclose(same, probes.gaussian(size, width=0.1, curvature=0.5), atol=1e-3)
