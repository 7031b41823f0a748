"""Laws of refinement: what passes over the whole scan may change of a stitched object, and when they stop."""

import dataclasses
import json

import numpy as np
import pytest
from refusal import ptycho

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.engine import passes
from ptychopinn.engine.engine import Moves
from ptychopinn.engine.state import FLUX_SETTLED
from ptychopinn.engine.work import Work
from ptychopinn.evaluation.against_truth import score
from ptychopinn.physics.numpy_physics import cut
from ptychopinn.physics.probes import agreement
from ptychopinn.reconstruction.modes import with_modes
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.reconstruct import reconstruct
from ptychopinn.reconstruction.refinement import refine
from ptychopinn.reconstruction.starts import flat
from ptychopinn.reconstruction.stitching import Stitcher
from ptychopinn.simulation import objects, probes, scans
from ptychopinn.simulation.modes import incoherent

SIDE, SIZE = 96, 32
TRUTH = objects.lines(SIDE, count=120)
BLUR = 0.25


def simulated(photons, **how):
    """Scan the lines with 100 patterns of so many photons."""
    positions = scans.jittered_raster(TRUTH.shape, SIZE, 6, seed=1, margin=1)
    return scans.simulate(TRUTH, probes.gaussian(SIZE, curvature=1.5), positions, photons=photons, seed=2, **how)


def near_truth(scan):
    """Stitch what a network might leave: patches of the truth, a part of whose detail is lost."""
    blurred = TRUTH
    for axis in (0, 1):
        blurred = blurred + BLUR * (np.roll(blurred, 1, axis) + np.roll(blurred, -1, axis) - 2 * blurred)
    stitcher = Stitcher(scan.positions, np.abs(scan.probe[0]) ** 2)
    stitcher.add(cut(blurred, scan.positions, SIZE), scan.positions)
    return dataclasses.replace(stitcher.result(), probe=scan.probe)


def error(reconstruction, scan):
    """The relative complex error inside the scan's box."""
    truth = Reconstruction(TRUTH, origin=(0, 0), positions=scan.positions)
    return score(reconstruction, truth, region="scan").figures["nrmse_complex"]


def test_bright_patterns_bring_the_lost_detail_back():
    scan = simulated(1e8)
    start = near_truth(scan)
    done = refine(start, scan)
    assert error(done.reconstruction, scan) < 0.1 * error(start, scan)
    assert done.deviances[done.kept] == min(done.deviances) < 0.1 * done.deviances[0]


def test_photons_held_out_stop_the_passes_before_they_fit_noise(monkeypatch):
    scan = simulated(1e4)
    start = near_truth(scan)
    monkeypatch.setattr(passes, "ENOUGH", 0)
    done = refine(start, scan)
    assert len(done.deviances) < 20 and done.deviances[done.kept] == min(done.deviances)
    assert error(done.reconstruction, scan) < 1.15 * error(start, scan)
    amplitudes = np.sqrt(np.asarray(scan.patterns, np.float32))
    unjudged = dataclasses.replace(scan, patterns=amplitudes, measurement="amplitude")
    everything = refine(start, unjudged, passes=30)
    assert len(everything.deviances) > len(done.deviances)
    assert error(everything.reconstruction, scan) > 1.5 * error(done.reconstruction, scan)


def test_passes_that_end_early_go_on_for_slow_phase(monkeypatch):
    """Photons held out end passes that fit the noise of detail, long before the slow phase has come in."""
    positions = scans.jittered_raster((128, 128), SIZE, 7, seed=1, margin=1)
    truth = objects.lines(128, count=60, seed=1) * np.exp(
        1j * np.sin(2 * np.pi * np.add.outer(*[np.arange(128) / 128] * 2))
    )
    scan = scans.simulate(truth, probes.gaussian(SIZE, 0.14, curvature=1.0), positions, photons=300, seed=1)
    known = Reconstruction(scan.object, origin=(0, 0), positions=scan.positions)
    without, done, allowed = made(scan, monkeypatch)
    errors = [score(one.reconstruction, known, region="scan").figures["nrmse_complex"] for one in (without, done)]
    assert errors[1] < 0.7 * errors[0], errors
    assert len(without.deviances) - 1 < 30 and len(done.deviances) - 1 == done.kept == passes.ENOUGH
    assert len(allowed.deviances) - 1 == max(passes.OF_ALL * 30, len(without.deviances) - 1)


def made(scan, monkeypatch):
    """Passes from a flat object: those that end early, those that go on, and with 30 at most."""
    with monkeypatch.context() as patched:
        patched.setattr(passes, "ENOUGH", 0)
        without = refine(flat(scan, scan.probe), scan, moves=Moves(probe=False))
    return without, *(refine(flat(scan, scan.probe), scan, most, Moves(probe=False)) for most in (100, 30))


@pytest.mark.parametrize("step, photons, goes_on", [(44, 300, False), (11, 300, True), (11, 60, False)])
def test_passes_do_not_go_on_for_slow_phase_where_a_scan_tells_little(monkeypatch, step, photons, goes_on):
    positions = 20 + step * np.stack(np.meshgrid(*[np.arange(3.0)] * 2), axis=-1).reshape(-1, 2)
    truth = objects.lines(128, count=60, seed=1)
    scan = scans.simulate(truth, probes.gaussian(SIZE, 0.14, curvature=1.0), positions, photons, seed=1)
    without, done, _ = made(scan, monkeypatch)
    assert (len(done.deviances) > len(without.deviances)) == goes_on


def test_the_result_does_not_depend_on_the_batch():
    scan = simulated(1e6)
    whole, parts = (
        refine(near_truth(scan), scan, passes=4, work=Work(size)).reconstruction.object for size in (100, 7)
    )
    np.testing.assert_allclose(parts, whole, atol=1e-4)


def test_the_ramp_that_the_patterns_know_is_kept():
    scan = simulated(1e8)
    start = near_truth(scan)
    done = refine(start, scan, passes=3)
    assert np.abs(start.ramp).max() > 1e-4
    np.testing.assert_allclose(done.reconstruction.ramp, start.ramp, atol=2e-3)
    straight = refine(dataclasses.replace(start, object=start.straight), scan, passes=3)
    assert straight.deviances[0] > 1.003 * done.deviances[0]


def test_a_wrong_probe_is_brought_nearer_and_left_alone_if_asked():
    scan = simulated(1e7)
    wrong = np.stack([scan.probe[0] * np.exp(1j * 2e-3 * np.square(np.mgrid[-16:16, -16:16]).sum(axis=0))])
    start = near_truth(scan)
    start = dataclasses.replace(start, probe=wrong)
    moved, kept = (refine(start, scan, 24, Moves(probe=moves)) for moves in (True, False))
    np.testing.assert_allclose(kept.reconstruction.probe, wrong, rtol=1e-6)
    assert 1 - agreement(moved.reconstruction.probe, scan.probe) < 0.5 * (1 - agreement(wrong, scan.probe))
    assert min(moved.deviances) < 0.3 * min(kept.deviances)


def test_positions_are_found_again_and_kept_unless_asked():
    scan = simulated(1e6)
    wrong = scan.positions + np.random.default_rng(3).normal(0, 0.7, scan.positions.shape)
    told = dataclasses.replace(scan, positions=wrong)
    kept, found = (
        refine(flat(told, scan.probe), told, 40, Moves(probe=False, positions=move)) for move in (False, True)
    )
    np.testing.assert_allclose(kept.reconstruction.positions, wrong, atol=1e-6)
    left = np.asarray(found.reconstruction.positions) - scan.positions
    assert np.std(left, axis=0).max() < 0.35 * np.std(wrong - scan.positions, axis=0).min()
    assert error(found.reconstruction, scan) < 0.6 * error(kept.reconstruction, scan)


def flickering(scan, flux, seed):
    """Return a scan of counts whose patterns `(pattern,)` were so many times as bright."""
    counts = np.random.default_rng(seed).poisson(np.asarray(scan.patterns, float) * flux[:, None, None])
    return dataclasses.replace(scan, patterns=counts.astype(np.uint32))


def test_the_flux_of_each_pattern_is_found_and_even_unless_asked():
    scan = simulated(1e6)
    flux = np.random.default_rng(4).uniform(0.5, 1.5, len(scan))
    uneven = flickering(scan, flux, seed=5)
    even, found = (
        refine(flat(uneven, scan.probe), uneven, 40, Moves(probe=False, flux=move)) for move in (False, True)
    )
    assert even.reconstruction.flux is None
    assert np.corrcoef(found.reconstruction.flux, flux)[0, 1] > 0.9  # what varies slowly may be of the object as well
    assert error(found.reconstruction, scan) < 0.6 * error(even.reconstruction, scan)


def test_flux_is_found_where_passes_without_it_end_before_it_is_looked_for(monkeypatch):
    scan = simulated(300)
    uneven = flickering(scan, np.random.default_rng(4).uniform(0.2, 1.8, len(scan)), seed=5)
    start = flat(uneven, scan.probe)
    monkeypatch.setattr(passes, "ENOUGH", 0)
    even, found = (refine(start, uneven, moves=Moves(probe=False, flux=move)) for move in (False, True))
    assert len(even.deviances) - 1 < FLUX_SETTLED and np.std(found.reconstruction.flux) > 0.3


def test_modes_that_the_file_does_not_hold_are_found():
    positions = scans.jittered_raster(TRUTH.shape, SIZE, 6, seed=1, margin=1)
    probe = incoherent(probes.gaussian(SIZE, curvature=1.5), 3)
    scan = scans.simulate(TRUTH, probe, positions, photons=1e6, seed=2)
    single = dataclasses.replace(scan, probe_guess=probe[:1])
    errors = {}
    for modes in (None, 3):
        found = reconstruct(single, params=ReconstructionParams(modes=modes, passes=60))
        errors[modes] = error(found, scan)
    assert found.probe.shape == probe.shape and agreement(found.probe, probe) > 0.95
    light = found.record["mode_powers"]
    assert sorted(light, reverse=True) == light and sum(light) == pytest.approx(1, abs=1e-3)
    overlaps = np.tensordot(found.probe.conj(), found.probe, axes=((1, 2), (1, 2)))
    assert np.abs(overlaps - np.diag(np.diag(overlaps))).max() < 1e-3 * np.abs(overlaps).max()
    assert errors[3] < 0.85 * errors[None]


def test_half_of_a_guessed_mode_is_along_whatever_direction_one_is_missed_in():
    probe = probes.gaussian(SIZE, curvature=1.5)
    guess = with_modes(probe, 2)[1]
    y, x = (np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2) / SIZE
    for angle in np.linspace(0, np.pi, 7):
        missed = (np.cos(angle) * x + np.sin(angle) * y) * probe[0]
        along = np.abs(np.vdot(missed, guess)) ** 2 / np.vdot(missed, missed).real / np.vdot(guess, guess).real
        assert along == pytest.approx(0.5, abs=0.02)


def test_bad_pixels_pull_at_nothing():
    bad = np.zeros((SIZE, SIZE), bool)
    bad[10:14, 18:24] = True
    scan = simulated(1e8, bad=bad)
    start = near_truth(scan)
    assert error(refine(start, scan).reconstruction, scan) < 0.3 * error(start, scan)


def test_a_beamstop_does_not_make_the_probe_dim():
    """The file's probe carries the photons that were seen; those behind the stop are many."""
    y, x = np.mgrid[-16:16, -16:16]
    scan = simulated(1e8, bad=np.hypot(y, x) < 3)
    start = near_truth(scan)
    done = refine(start, scan)
    assert agreement(done.reconstruction.probe, scan.probe) > 0.998
    assert error(done.reconstruction, scan) < 0.4 * error(start, scan)


def test_amplitudes_may_be_of_any_unit():
    scan = simulated(1e8)
    amplitudes = np.sqrt(np.asarray(scan.patterns, np.float32))
    dim, bright = (
        dataclasses.replace(
            scan, patterns=factor * amplitudes, probe_guess=factor * scan.probe, measurement="amplitude"
        )
        for factor in (1e-4, 1.0)
    )
    start = near_truth(scan)
    ours, theirs = (refine(dataclasses.replace(start, probe=one.probe), one, passes=4) for one in (dim, bright))
    np.testing.assert_allclose(ours.reconstruction.object, theirs.reconstruction.object, atol=1e-4)
    np.testing.assert_allclose(
        1e4 * ours.reconstruction.probe,
        theirs.reconstruction.probe,
        atol=1e-4 * np.abs(theirs.reconstruction.probe).max(),
    )
    assert error(ours.reconstruction, scan) < 0.5 * error(start, scan)


def test_where_nothing_was_lit_nothing_appears():
    scan = simulated(1e6)
    start = near_truth(scan)
    start.object[40:44] = 0
    assert not refine(start, scan, passes=2).reconstruction.object[40:44].any()


def test_infer_refines_counts_unless_told_not_to(bundle, scan_file, tmp_path):
    reports = {}
    for name, options in {"default": (), "three": ("--refine", 3), "none": ("--refine", 0)}.items():
        out = tmp_path / name
        done = ptycho("infer", bundle, scan_file, "--output-dir", out, "--no-report", *options)
        assert done.exit_code == 0, done.output
        reports[name] = json.loads((out / "report.json").read_text())
        assert ("passes over the scan" in done.output) == (name != "none")
    errors = {name: report["error_against_file_object"] for name, report in reports.items()}
    passes = {name: report["refinement_passes"] for name, report in reports.items()}
    assert passes["none"] == 0 < passes["three"] <= 3 and passes["default"] > 0
    assert max(errors["default"], errors["three"]) < errors["none"]
    assert "passes" not in reports["none"]["seconds"] and reports["default"]["seconds"]["passes"] > 0


def test_amplitudes_are_refined_too(bundle, scan, tmp_path):
    path = tmp_path / "amplitudes.npz"
    y, x = scan.positions.T
    amplitudes = np.sqrt(np.asarray(scan.patterns, np.float32))
    np.savez(path, diff3d=amplitudes, ycoords=y, xcoords=x, probeGuess=scan.probe[0], objectGuess=scan.object)
    passes = []
    for options in ((), ("--refine", 2)):
        ptycho("infer", bundle, path, "--measurement", "amplitude", "--output-dir", tmp_path / "out", "--no-report",
               *options)  # fmt: skip
        passes.append(json.loads((tmp_path / "out" / "report.json").read_text())["refinement_passes"])
    assert passes[0] > 2 == passes[1]


def test_an_object_of_another_scan_is_refused():
    scan = simulated(1e6)
    other = dataclasses.replace(scan, positions=scan.positions[:50], patterns=scan.patterns[:50])
    with pytest.raises(ValueError, match="must be stitched from the patterns.*Received: object.shape.*Reconstruct"):
        refine(near_truth(scan), other)
    with pytest.raises(ValueError, match="passes must be 0 or more. Received: passes=-1"):
        refine(near_truth(scan), scan, passes=-1)
