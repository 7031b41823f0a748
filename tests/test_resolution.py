"""Laws of the resolution from one scan: halves of its photons are independent, and tell of all of them."""

import dataclasses
import json
import re

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn.data.halves import halves
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation import ring_correlation as rings
from ptychopinn.evaluation.against_truth import score
from ptychopinn.evaluation.forecast import AT_HALF, forecast
from ptychopinn.evaluation.resolution import Resolution, at_full_dose, of_waves, resolution
from ptychopinn.simulation import objects, probes, scans


def simulated(photons, seed=2, **how):
    """Scan lines with 144 patterns of 32 x 32; the object is the same whatever the seed of the noise."""
    truth = objects.lines(112, count=120)
    positions = scans.jittered_raster(truth.shape, 32, 6, seed=1, margin=1)
    return scans.simulate(truth, probes.gaussian(32, curvature=1.5), positions, photons=photons, seed=seed, **how)


def reconstructed(scan, **options):
    from ptychopinn.reconstruction.params import ReconstructionParams
    from ptychopinn.reconstruction.reconstruct import reconstruct

    return reconstruct(scan, params=ReconstructionParams(refine_probe=False, **options))


@pytest.fixture(scope="module")
def judged():
    """A reconstruction at 1e4 photons a pattern, with its halves."""
    return reconstructed(simulated(1e4), resolution=True)


def test_each_photon_is_in_one_half(scan):
    first, second = (np.stack([half.amplitudes(np.arange(len(scan))) ** 2]) for half in halves(scan))
    np.testing.assert_allclose(first + second, scan.amplitudes(np.arange(len(scan)))[None] ** 2, atol=1e-3)
    again = halves(scan)[0].amplitudes(np.array([[7, 3], [3, 0]])) ** 2
    np.testing.assert_allclose(again, first[0][[[7, 3], [3, 0]]], atol=1e-3)


def test_halves_are_independent_and_of_half_the_light(scan):
    known = scan.patterns[:].astype(float).sum(axis=0) / len(scan)
    first, second = (np.asarray(half.patterns[:], float) for half in halves(scan))
    bright = known > 1
    excess = [half[:, bright] - np.asarray(scan.patterns[:], float)[:, bright] / 2 for half in (first, second)]
    np.testing.assert_allclose(excess[0], -excess[1], atol=1e-6)
    variance = np.mean(excess[0] ** 2) / np.mean(scan.patterns[:][:, bright])
    assert variance == pytest.approx(0.25, rel=0.05)  # binomial: n / 4, so halves of Poisson counts do not covary
    assert halves(scan)[0].mean_photons == pytest.approx(scan.mean_photons / 2)


def test_pixels_without_data_stay_so_in_both_halves():
    bad = np.zeros((32, 32), bool)
    bad[10:14, 18:24] = True
    scan = simulated(1e4, bad=bad)
    for half in halves(scan):
        assert (half.amplitudes(slice(0, 5))[:, bad] < 0).all() and half.mask is scan.mask


def test_amplitudes_have_no_photons_to_deal_out(scan, tmp_path):
    amplitudes = dataclasses.replace(scan, measurement="amplitude", patterns=np.sqrt(scan.patterns[:]))
    with pytest.raises(ValueError, match="needs counts. Received: resolution=True.*of amplitudes"):
        reconstructed(amplitudes, resolution=True)
    with pytest.raises(ValueError, match="resolution=True, passes=0. Allow passes"):
        reconstructed(scan, resolution=True, passes=0)
    path = tmp_path / "scan.npz"
    scans.write_ptychopinn(path, scan)
    asked = ("reconstruct", path, "--measurement", "amplitude", "--resolution", "--output-dir", tmp_path / "out")
    assert_said_plainly(ptycho(*asked), "needs counts", "resolution=True")
    assert not (tmp_path / "out").exists()


def test_the_full_dose_is_what_bright_halves_double_and_what_is_negative_stays():
    halved = np.array([-0.2, 0.0, 1 / 3, 0.99, 1.0])
    full = at_full_dose(halved)
    assert full[:2].tolist() == [-0.2, 0.0] and full[-1] == pytest.approx(1, abs=1e-6)
    ratio = full[2:4] / (1 - full[2:4]) / (halved[2:4] / (1 - halved[2:4]))
    assert ratio[0] > ratio[1] > 2 and ratio[1] == pytest.approx(2, rel=0.02)


def test_one_scan_tells_how_far_two_of_them_agree(judged):
    other = reconstructed(simulated(1e4, seed=3))
    agreed = score(judged, other).figures["frc50_complex"]
    found = resolution(judged)
    assert found.frc50 == pytest.approx(agreed, rel=0.12)  # two scans of 80 pixels differ by a few percent themselves
    assert rings.crossing(found.curves["halves"], 0.5) < found.frc50 <= found.seventh


def test_more_photons_resolve_more(judged):
    bright = resolution(reconstructed(simulated(1e6), resolution=True))
    assert bright.frc50 > 1.2 * resolution(judged).frc50


def test_waves_that_fall_as_is_expected_are_foretold_and_what_agrees_on_nothing_is_not():
    frequency = rings.frequencies((96, 96))
    waves = AT_HALF * np.exp(-30 * (frequency**1.5 - 0.2**1.5))
    curves = {"frequency": frequency, "halves": of_waves(waves / 2), "signal": np.exp(-30 * frequency)}
    told = Resolution(0.2, 0.25, 0.3, curves, (0, 96, 0, 96), np.zeros((96, 96)), None, ())
    twice, four_times = forecast(told)
    expected = [(0.2**1.5 + np.log(dose) / 30) ** (2 / 3) for dose in (2, 4)]
    assert [twice.frc50, four_times.frc50] == pytest.approx(expected)
    assert 2**-0.5 < twice.error < 1 and 0.5 < four_times.error < twice.error
    assert forecast(dataclasses.replace(told, frc50=0.0)) == ()
    bright = dataclasses.replace(told, curves={**curves, "halves": of_waves(1e6 * waves)}, frc50=0.5)
    assert all(one.frc50 == 0.5 for one in forecast(bright))


def test_the_map_knows_where_detail_is_finer(judged):
    random = np.random.default_rng(0)
    image = random.normal(size=(2, 96, 96))
    noises = random.normal(size=(2, 2, 96, 96)) * np.where(np.arange(96) < 48, 0.05, 1.5)
    one, two = (Reconstruction(1 + (image + noise)[0] + 1j * (image + noise)[1], origin=(0, 0)) for noise in noises)
    found = resolution(dataclasses.replace(one, halves=(one, two)))
    assert np.nanmedian(found.local[:, :30]) < 2.1 < 3 < np.nanmedian(found.local[:, 66:])
    measured = resolution(judged).local
    assert measured.shape == judged.object.shape
    assert np.nanmedian(measured) == pytest.approx(1 / resolution(judged).frc50, rel=0.4)


def test_the_object_is_the_same_whether_its_resolution_is_asked_for_or_not(judged):
    np.testing.assert_array_equal(judged.object, reconstructed(simulated(1e4)).object)
    with pytest.raises(ValueError, match="needs the reconstructions of both halves.*Received: .* with 0 of them"):
        resolution(dataclasses.replace(judged, halves=()))


def test_what_both_halves_share_is_named(judged):
    assert "the probe" in resolution(judged).shared and "the scan's positions" in resolution(judged).shared
    told = dataclasses.replace(judged, record={**judged.record, "start": "network", "probe_refined": True})
    assert "what the network knows of objects" in resolution(told).shared
    assert "the probe" not in resolution(told).shared


def test_the_command_says_and_draws_the_resolution(scan, tmp_path):
    path, out = tmp_path / "scan.npz", tmp_path / "out"
    scans.write_ptychopinn(path, dataclasses.replace(scan, pixel_size_m=1e-8))
    done = ptycho("reconstruct", path, "--resolution", "--passes", 12, "--output-dir", out)
    assert done.exit_code == 0, done.output
    report = json.loads((out / "report.json").read_text())
    said = report["resolution"]
    assert 0.05 < said["frc50"] <= said["seventh"] <= 0.5 and report["seconds"]["halves"] > 0
    assert said["frc50_nm"] == pytest.approx(10 / said["frc50"], rel=1e-3) and "the probe at first" in said["shared"]
    words = re.search(r"resolution (\S+) px, (\S+) nm \(FRC 0.5\)", done.output)
    assert [float(word) for word in words.groups()] == pytest.approx([1 / said["frc50"], said["frc50_nm"]], rel=5e-3)
    twice, four_times = report["forecast"]
    assert said["frc50"] < twice["frc50"] < four_times["frc50"] <= 0.5
    assert 1 > twice["error"] > four_times["error"] > 0.3
    assert f"{1 / four_times['frc50']:.3g} px, {10 / four_times['frc50']:.3g} nm (FRC 0.5)" in done.output
    with np.load(out / "reconstruction.npz") as file:
        assert np.isfinite(file["local_resolution"]).any() and file["local_resolution"].shape == file["object"].shape
    page = (out / "report.html").read_text()
    assert "Fourier ring correlation of two halves" in page and "With more photons" in page


def blocks(squares, side=8):
    height, width = (length // side * side for length in squares.shape)
    return squares[:height, :width].reshape(height // side, side, width // side, side).mean(axis=(1, 3)).ravel()


@pytest.mark.parametrize("photons", [1e5, 1e6])
def test_error_bars_are_of_the_size_of_the_true_error(photons):
    from ptychopinn.evaluation.error_bars import with_error_bars

    scan = simulated(photons)
    by_dose = reconstructed(scan, resolution=True)
    found = with_error_bars(by_dose)
    seen = score(found, Reconstruction(scan.object, origin=(0, 0), positions=scan.positions), "weight")
    top, bottom, left, right = seen.region
    window = np.s_[top - found.origin[0] : bottom - found.origin[0], left - found.origin[1] : right - found.origin[1]]
    error, predicted = np.abs(seen.image - seen.truth) ** 2, found.uncertainty[window] ** 2
    known = np.isfinite(predicted)
    assert known.mean() > 0.9
    assert 0.65 < np.sqrt(error[known].mean() / predicted[known].mean()) < 1.5
    parts = (
        found.amplitude_uncertainty[window] ** 2 + (found.phase_uncertainty[window] * np.abs(found.object[window])) ** 2
    )
    np.testing.assert_allclose(parts[known], predicted[known], rtol=1e-4)
    assert by_dose.record["uncertainty"] == "dose" and found.record["uncertainty"] == "halves"
    assert 0.4 < np.sqrt(error.mean() / (by_dose.uncertainty[window] ** 2).mean()) < 2.5


def test_what_one_half_alone_shows_wrong_is_uncertain(judged):
    from ptychopinn.evaluation.error_bars import with_error_bars

    first, second = judged.halves
    spoilt = first.object.copy()
    spoilt[50:60, 50:60] *= np.exp(0.6j)
    told = dataclasses.replace(judged, halves=(dataclasses.replace(first, object=spoilt), second))
    before, after = with_error_bars(judged), with_error_bars(told)
    averaged = 0.3 * 0.79  # half of it, through the window
    assert after.phase_uncertainty[55, 55] == pytest.approx(averaged, rel=0.1)
    assert before.phase_uncertainty[55, 55] < averaged / 2
    assert after.amplitude_uncertainty[55, 55] < 0.5 * after.phase_uncertainty[55, 55]


def test_a_networks_object_that_no_pass_betters_has_error_bars():
    from ptychopinn.evaluation.error_bars import with_error_bars

    dim = simulated(20)
    found = reconstructed(dim, start="network", resolution=True)
    assert found.record["refinement_passes"] == 0
    bars = with_error_bars(found).uncertainty
    assert 0.02 < np.median(bars[np.isfinite(bars)]) < 1
