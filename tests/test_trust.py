"""Laws of what is said to be believed: photons' own noise is no reason to doubt, a wrong experiment is."""

import dataclasses
import json

import numpy as np
import pytest
from refusal import ptycho
from test_resolution import simulated

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_patterns import residual
from ptychopinn.evaluation.resolution import Resolution
from ptychopinn.evaluation.trust import of_error_bars, of_resolution, trust
from ptychopinn.physics.deviance import poisson_deviance
from ptychopinn.physics.pure_noise import noise_of_photons


def known(scan, **more):
    """The truth of a simulated scan, as a reconstruction that is as uncertain as it is bright."""
    obj = np.asarray(scan.object)
    uncertainty = np.full(obj.shape, 0.02, np.float32)
    said = {"probe": scan.probe, "positions": scan.positions, "uncertainty": uncertainty} | more
    return Reconstruction(obj, origin=(0, 0), **said)


def states(found, scan):
    return {finding.name: finding.state for finding in trust(found, scan)}


@pytest.mark.parametrize("mean", [1e-3, 0.03, 0.7, 3.0, 40.0, 5e3])
def test_the_noise_of_photons_is_that_of_drawn_counts(mean):
    counts = np.random.default_rng(1).poisson(mean, 10**6)
    deviance, amplitude = noise_of_photons(np.array([mean]))
    assert deviance[0] == pytest.approx(poisson_deviance(mean, counts).mean(), rel=0.15 if mean < 0.01 else 0.02)
    assert amplitude[0] == pytest.approx(
        np.abs(np.sqrt(mean) - np.sqrt(counts)).mean(), rel=0.15 if mean < 0.01 else 0.02
    )


@pytest.mark.parametrize("photons", [1e3, 1e6])
def test_the_truth_leaves_the_noise_of_photons_and_is_believed(photons):
    scan = simulated(photons)
    left = residual(known(scan), scan.probe, scan)
    assert left.deviance_per_photon == pytest.approx(left.noise_deviance, rel=0.05)
    assert left.r_factor == pytest.approx(left.noise_r_factor, rel=0.05)
    found = states(known(scan), scan)
    assert found.pop("resolution") == "unknown" and set(found.values()) == {"well"}


def test_what_was_otherwise_is_doubted_where_it_shows():
    scan = simulated(1e6)
    wandered = scan.positions.copy()
    wandered[:10] += 7
    assert states(known(scan, positions=wandered), scan)["positions"] == "doubtful"
    wrong = np.roll(scan.probe, 9, axis=1) * np.exp(1j * 0.02 * np.arange(32) ** 2)
    found = states(known(scan, probe=wrong), scan)
    assert found["fit"] == found["probe"] == "doubtful" and found["error bar"] == "well"
    noisy = known(scan, uncertainty=np.full(scan.object.shape, 3.0, np.float32))
    assert states(noisy, scan)["error bar"] == "doubtful"


def test_amplitudes_have_no_noise_to_compare_with():
    scan = simulated(1e6)
    amplitudes = dataclasses.replace(
        scan, patterns=np.sqrt(scan.patterns[:]).astype(np.float32), measurement="amplitude"
    )
    found = states(known(amplitudes, uncertainty=None), amplitudes)
    assert found["fit"] == found["error bar"] == "unknown" and found["positions"] == "well"


def test_halves_that_agree_on_nothing_are_doubted():
    nothing = Resolution(0.0, 0.0, 0.0, {}, (0, 16, 0, 16), np.zeros((16, 16)), None, ())
    assert (
        of_resolution(nothing).state == "doubtful" and of_resolution(nothing).value == "none (FRC 0.5); none (half-bit)"
    )
    assert of_resolution(dataclasses.replace(nothing, frc50=0.2, half_bit=0.25)).state == "well"


def test_the_strip_stands_on_top_of_the_page_and_in_the_report(scan_file, tmp_path):
    assert ptycho("reconstruct", scan_file, "--passes", 3, "--output-dir", tmp_path / "out").exit_code == 0
    said = json.loads((tmp_path / "out" / "report.json").read_text())["trust"]
    assert [one["name"] for one in said] == ["resolution", "error bar", "fit", "overlap", "positions", "probe"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.index('class="trust"') < page.index("<section")
    for one in said:
        assert one["value"].split(";")[0] in page and f'<li class="{one["state"]}">' in page


def test_without_error_bars_the_reason_is_that_of_the_scan():
    plain = Reconstruction(np.ones((16, 16), np.complex64))
    assert "none was kept" in of_error_bars(plain, counted=True).reason
    assert "Amplitudes" in of_error_bars(plain, counted=False).reason


def test_patterns_that_share_no_pixel_are_doubted():
    scan = simulated(1e4)
    found = {finding.name: finding for finding in trust(known(scan), scan)}
    assert found["overlap"].state == "well" and found["overlap"].value.endswith("% of the diameter of the probe")
    apart = scan.subset(np.array([0, len(scan) - 1]))
    found = {finding.name: finding for finding in trust(known(apart), apart)}
    assert found["overlap"].state == "doubtful" and found["overlap"].value.startswith("0%")
    one = scan.subset(np.array([0]))
    assert trust(known(one), one)[3].value == "one pattern"
