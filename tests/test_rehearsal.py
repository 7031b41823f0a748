"""Laws of rehearsal: what is drawn in place of old scans is as they were, and a run that rehearses says so."""

import json

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn.physics.probes import agreement
from ptychopinn.simulation import scans
from ptychopinn.training.bundle import load_bundle
from ptychopinn.training.rehearsal import drawn, rehearsals
from ptychopinn.training.shipped import shipped

SMALL = ("--epochs", 1, "--n-filters-scale", 0.1, "--no-report", "--quiet")


def test_what_is_drawn_has_the_probe_the_light_and_the_spacing_of_what_it_stands_for(bundle, scan):
    model = load_bundle(bundle).model
    (found,) = rehearsals(model, [scan, scan])
    assert agreement(found.probe, model.diffraction.probe_for(1.0)) > 0.999
    assert found.mean_photons == pytest.approx(scan.mean_photons, rel=0.05)
    assert len(found) == pytest.approx(2 * len(scan), rel=0.1) and found.size == scan.size
    again, other = (rehearsals(model, [scan, scan], seed)[0] for seed in (0, 1))
    np.testing.assert_array_equal(found.patterns, again.patterns)
    assert (found.patterns != other.patterns).any()


def test_an_object_is_of_four_kinds():
    obj = drawn(101, seed=3)
    assert obj.shape == (101, 101)
    quarters = [np.abs(obj[y : y + 50, x : x + 50]) for y in (0, 51) for x in (0, 51)]
    assert len({round(float(part.std() / part.mean()), 3) for part in quarters}) == 4


def test_a_training_that_rehearses_says_so_and_goes_on(bundle, scan_file, scan, out):
    done = ptycho("train", scan_file, "--from-bundle", bundle, "--rehearse", "--output-dir", out, *SMALL)
    assert done.exit_code == 0, done.output
    found = load_bundle(out)
    assert found.record["from_bundle"]["rehearsed"] and found.model.params.scans == 2
    assert [one["name"] for one in found.record["training_data"]] == [scan_file.name, "rehearsal 1"]
    assert ptycho("inspect", out).exit_code == 0
    assert ptycho("train", "--resume", out, "--epochs", 2, "--quiet", "--no-report").exit_code == 0
    assert len(load_bundle(out).history) == 2 and load_bundle(out).model.params.scans == 2
    assert len(rehearsals(load_bundle(out).model, [scan])) == 2


def test_a_network_that_sees_no_probe_rehearses_with_those_of_the_new_scans(scan):
    (found,) = rehearsals(load_bundle(shipped()).model, [scan])
    assert agreement(found.probe, scan.probe) > 0.999 and found.size == scan.size


def test_a_rehearsal_needs_a_bundle_and_patterns_of_its_size(bundle, scan_file, scan_64, tmp_path, out):
    result = ptycho("train", scan_file, "--rehearse", "--output-dir", out)
    assert result.exit_code == 2 and "--rehearse needs --from-bundle" in result.output and not out.exists()
    scans.write_ptychopinn(tmp_path / "large.npz", scan_64)
    words = "train", tmp_path / "large.npz", "--from-bundle", bundle, "--rehearse", "--output-dir", out, *SMALL
    assert_said_plainly(ptycho(*words), "32 x 32", "64 x 64", "Leave --rehearse out", out=out)


def test_a_run_whose_bundle_changed_does_not_rehearse_it(bundle, scan_file, tmp_path, out):
    first = tmp_path / "first"
    assert ptycho("train", scan_file, "--output-dir", first, *SMALL, "--unroll", 1).exit_code == 0
    assert ptycho("train", scan_file, "--from-bundle", first, "--rehearse", "--output-dir", out, *SMALL).exit_code == 0
    assert ptycho("train", scan_file, "--output-dir", first, *SMALL, "--unroll", 1, "--seed", 5).exit_code == 0
    result = ptycho("train", "--resume", out, "--epochs", 2, "--quiet", "--no-report")
    assert result.exit_code == 1 and "changed since" in result.output and json.loads((out / "params.json").read_text())
