"""Laws of the simulator: objects by their definitions, positions that fit, Poisson counts, always the same numbers."""

import numpy as np
import pytest
import reference

from ptychopinn.simulation import detector, modes, objects, params, positions, probes, scans
from ptychopinn.simulation.leaves import drop


def test_the_tables_of_options_and_of_drawings_are_one():
    assert tuple(objects.OBJECTS) == params.DRAWN


@pytest.mark.parametrize("draw", objects.OBJECTS.values(), ids=objects.OBJECTS)
def test_a_drawing_is_finite_not_negative_varied_and_made_by_its_seed(draw):
    drawing = draw(70, 3)
    assert drawing.shape == (70, 70) and np.isfinite(drawing).all() and drawing.min() >= 0 and drawing.std() > 0
    np.testing.assert_array_equal(draw(70, 3), drawing)
    assert np.abs(draw(70, 4) - drawing).max() > 0.1 * drawing.max()


def test_a_transmission_has_mean_amplitude_1_and_the_phase_of_its_definition():
    drawing, second = np.random.default_rng(0).uniform(0, 7, (2, 20, 30))
    obj = objects.transmission(drawing, 2.0, second)
    np.testing.assert_allclose(np.abs(obj), drawing / drawing.mean(), rtol=1e-6)
    angle = 2 * np.tanh((second - second.max() / 2) / (3 * second.mean()))
    np.testing.assert_allclose(np.angle(obj), angle, atol=1e-6)
    assert np.abs(objects.transmission(drawing, 0.0).imag).max() == 0


def test_lines_are_as_dense_on_every_side():
    few, many = (objects.draw_lines(side, 0, count) for side, count in ((98, 100), (392, 400)))
    np.testing.assert_array_equal(objects.draw_lines(98), few)
    np.testing.assert_array_equal(objects.draw_lines(392), many)
    assert few.mean() == pytest.approx(many.mean(), rel=0.3)


def test_the_random_field_has_its_power_spectrum():
    power = sum(np.abs(np.fft.fft2(objects.gaussian_field(128, seed))) ** 2 for seed in range(8))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    seen = (frequency > 0.03) & (frequency < 0.5)
    slope, _ = np.polyfit(np.log(frequency[seen]), np.log(power[seen]), 1)
    assert slope == pytest.approx(-0.4, abs=0.02)


@pytest.mark.parametrize("corners", [3, 4, 6, 64])
def test_a_leaf_has_the_area_of_its_polygon(corners):
    image = np.zeros((200, 180))
    drop(image, np.array([97.3, 88.6]), 70.0, corners, 0.4, 1.0)
    assert image.sum() == pytest.approx(corners / 2 * 70**2 * np.sin(2 * np.pi / corners), rel=0.01)


def test_the_star_has_its_spokes_and_its_contrast_falls_outward():
    star, contrast = objects.siemens_star(392), []
    angle = np.arange(720) * np.pi / 360
    for ring in range(4):
        radius = 0.46 * 392 * (ring + 0.8) / 4
        y, x = (np.round(391 / 2 + radius * wave(angle)).astype(int) for wave in (np.sin, np.cos))
        spectrum = np.abs(np.fft.rfft(star[y, x]))
        assert spectrum[1:].argmax() + 1 == 36
        contrast.append(np.ptp(star[y, x]))
    np.testing.assert_allclose(contrast, 0.7 * np.array([1, 0.75, 0.5, 0.25]), rtol=0.04)


def test_a_raster_holds_every_step_that_fits():
    assert len(positions.raster((392, 392), 64, 4)) == 6889  # of the published tables
    assert positions.raster((70, 64), 64, 3).tolist() == [[32, 32], [35, 32], [38, 32]]


@pytest.mark.parametrize("place", [positions.raster, positions.jittered_raster, positions.fermat_spiral])
def test_positions_are_as_dense_as_asked_and_inside_the_object(place):
    where = place((300, 410), 48, 7.0)
    positions.check_inside(where, (300, 410), 48)
    assert len(where) == pytest.approx((300 - 48) * (410 - 48) / 7**2, rel=0.1)


def test_a_spiral_has_no_close_neighbours():
    where = positions.fermat_spiral((300, 300), 32, 10)
    distances = np.linalg.norm(where[:, None] - where, axis=-1) + 1e9 * np.eye(len(where))
    assert distances.min() > 8


def test_position_errors_have_their_rms():
    error = positions.displaced(np.zeros((20000, 2)), 0.7, seed=1)
    np.testing.assert_allclose(np.sqrt(np.mean(error**2, axis=0)), 0.7, rtol=0.02)
    assert np.abs(error).max() <= positions.largest_error(0.7)


def test_no_row_is_in_a_patch_of_both_parts():
    where = positions.jittered_raster((300, 100), 32, 3, seed=4)
    lit = []
    for part in positions.split(where[None], 32, 0.6):
        rows = [np.arange(32) + y - 16 for y in where[part, 0]]
        lit.append({int(row) for some in rows for row in (*np.floor(some), *np.ceil(some))})
    assert not lit[0] & lit[1] and len(lit[0] | lit[1]) > 290
    assert len(lit[0]) / len(lit[0] | lit[1]) == pytest.approx(0.6, abs=0.02)


@pytest.fixture(scope="module")
def small():
    """An object, a probe of two modes, and positions."""
    obj = objects.lines(60, count=60, seed=2)
    probe = modes.incoherent(probes.gaussian(32, curvature=0.8), 2)
    return obj, probe, positions.jittered_raster(obj.shape, 32, 4, seed=3)


def test_counts_are_poisson_around_the_oracle_s_intensity(small):
    obj, probe, where = small
    scan = scans.simulate(obj, probe, where, photons=3e4, seed=1, background=0.5)
    exact = []
    for at in where:
        whole = np.round(at)
        beam = [reference.shifted(mode, at - whole) for mode in probe]
        exact.append(reference.intensity(reference.patch(obj, whole, 32), beam))
    exact = np.array(exact)
    exact = 3e4 * exact / exact.sum(axis=(1, 2)).mean() + 0.5
    surprise = np.square(scan.patterns - exact) / exact  # of mean 1 and variance 2 + 1 / exact if Poisson
    spread = np.sqrt(np.sum(2 + 1 / exact)) / exact.size
    assert surprise.mean() == pytest.approx(1, abs=4 * spread)
    assert scan.mean_photons == pytest.approx(3e4 + 0.5 * 32**2, rel=4 / np.sqrt(3e4 * len(where)))


def test_counts_are_the_same_numbers_on_every_machine(small):
    """What this seed gave when the test was written."""
    counts = scans.simulate(*small, photons=3e4, seed=1).patterns
    assert counts.dtype == np.uint16 and counts.shape == (49, 32, 32)
    assert int(counts.sum()) == 1472437
    assert counts[0, 16, 14:19].tolist() == [812, 1498, 1748, 1206, 567]
    assert counts[48, 12:17, 16].tolist() == [205, 791, 1541, 1972, 1675]


def test_counts_of_a_pattern_do_not_depend_on_the_chunk(small, monkeypatch):
    whole = scans.simulate(*small, seed=1).patterns
    monkeypatch.setattr(scans, "CHUNK", 5)
    np.testing.assert_array_equal(scans.simulate(*small, seed=1).patterns, whole)


def test_counts_never_overflow(small):
    obj, probe, where = small
    bright = scans.simulate(obj, probe, where, photons=1e9).patterns
    assert bright.dtype == np.uint32 and bright.max() > 2**16
    np.testing.assert_allclose(bright.sum(axis=(1, 2), dtype=float).mean(), 1e9, rtol=1e-4)
    with pytest.raises(ValueError, match=r"32 bits.*Received: .*expected.*beamstop"):
        scans.simulate(obj, probe, where, photons=1e12)


def test_bad_pixels_read_0_and_are_marked(small):
    bad = detector.bad_pixels(32, dead=0.1, beamstop=3, seed=0)
    stop = np.hypot(*np.mgrid[-16:16, -16:16]) < 3
    assert bad[stop].all() and abs(bad[~stop].mean() - 0.1) < 0.02
    open_, hidden = scans.simulate(*small, seed=1), scans.simulate(*small, seed=1, bad=bad)
    np.testing.assert_array_equal(hidden.mask, ~bad)
    assert hidden.patterns[:, bad].max() == 0 and hidden.mean_photons < open_.mean_photons
