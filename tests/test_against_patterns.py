"""Laws of the residual: what an object and a probe leave unexplained of the measured patterns."""

import dataclasses

import numpy as np
import pytest

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_patterns import predict, residual


@pytest.fixture
def truth(scan):
    return Reconstruction(scan.object, origin=(0, 0), probe=scan.probe)


def test_the_truth_leaves_nothing_but_noise(scan, truth):
    """The expected deviance of a Poisson variable is about 1 where it is bright, less in the dark: at most pixels."""
    left = residual(truth, scan.probe, scan)
    assert 0.2 * scan.size**2 < left.deviance_per_photon * scan.mean_photons < 1.2 * scan.size**2
    assert left.by_pattern.shape == (len(scan),)


def test_a_flat_object_leaves_more(scan, truth):
    flat = dataclasses.replace(truth, object=np.ones_like(scan.object))
    worse, best = residual(flat, scan.probe, scan), residual(truth, scan.probe, scan)
    assert worse.deviance_per_photon > 2 * best.deviance_per_photon and worse.r_factor > 1.2 * best.r_factor


def test_a_crop_a_ramp_and_a_factor_change_nothing(scan, truth):
    """What the ramp is said to be is for the eye, patches are found by the origin, and the photons set the scale."""
    moved = Reconstruction(0.7j * scan.object[2:94, 3:94], origin=(2, 3), ramp=(0.03, -0.02))
    expected, found = residual(truth, scan.probe, scan), residual(moved, scan.probe, scan)
    assert found.r_factor == pytest.approx(expected.r_factor, rel=1e-3)
    assert found.scale == pytest.approx(expected.scale / 0.49, rel=1e-3)
    np.testing.assert_allclose(found.by_pattern, expected.by_pattern, rtol=0.05)


def test_predicted_patterns_are_those_that_were_simulated(scan, truth):
    predicted = predict(truth, scan.probe, scan, [3, 50])
    measured = scan.amplitudes(np.array([3, 50])) ** 2
    for one, other in zip(predicted, measured):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.99


def test_a_reconstruction_that_lies_elsewhere_is_refused(scan, truth):
    with pytest.raises(ValueError, match="origin=None"):
        residual(Reconstruction(scan.object), scan.probe, scan)
    with pytest.raises(ValueError, match=r"must lie where the scan is.*Received.*same scan\?"):
        residual(dataclasses.replace(truth, origin=(500, 0)), scan.probe, scan)
