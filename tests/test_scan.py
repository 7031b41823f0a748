"""Laws of a Scan: opening is not reading, the patterns are looked through once, parts share what that told."""

import dataclasses
import json
import os
import pathlib
import shutil

import numpy as np
import pytest
from refusal import ptycho

from ptychopinn import read_scan
from ptychopinn.data.batches import GroupBatches
from ptychopinn.data.scan import Scan
from ptychopinn.formats import read_reconstruction
from ptychopinn.formats.opened import Opened
from ptychopinn.params import DataParams, ModelParams, TrainingParams


class Counted:
    """Patterns that count how often each is read."""

    def __init__(self, patterns):
        self.patterns, self.shape, self.dtype = patterns, patterns.shape, patterns.dtype
        self.reads, self.verified = np.zeros(len(patterns), int), 0

    def __getitem__(self, which):
        self.reads[which] += 1
        return self.patterns[which]

    def verify(self):
        self.verified += 1


@pytest.fixture
def counted(scan):
    """A scan of amplitudes that counts what is read of it."""
    patterns = Counted(np.sqrt(scan.patterns, dtype=np.float32))
    return Scan(patterns, scan.positions, scan.probe_guess, measurement="amplitude")


def test_making_copying_and_cutting_a_scan_read_no_pattern(counted):
    some = dataclasses.replace(counted.subset([3, 4, 5]).with_photons(1e6), name="other")
    assert len(some) == 3 and some.size == 32
    assert not counted.patterns.reads.any() and not counted.patterns.verified


def test_all_parts_share_one_pass_over_the_patterns(counted):
    some, brighter = counted.subset([9, 3]), counted.with_photons(1e6)
    assert some.mean_photons == counted.mean_photons != brighter.mean_photons == 1e6
    for scan in (some, brighter, brighter.subset([1]), counted):
        assert np.sum(np.abs(scan.probe) ** 2) == pytest.approx(scan.mean_photons, rel=1e-5)
    assert (counted.patterns.reads == 1).all() and counted.patterns.verified == 1
    some.amplitudes(slice(None))
    assert (np.flatnonzero(counted.patterns.reads == 2) == [3, 9]).all()


def test_patterns_that_cannot_be_are_refused_before_any_is_given_out(scan):
    patterns = scan.patterns.astype(np.float32)
    patterns[90, 1, 1] = np.nan
    spoilt = dataclasses.replace(scan, patterns=patterns)
    for use in (
        lambda: spoilt.amplitudes(slice(0, 2)),
        lambda: spoilt.subset([1]).amplitudes([0]),
        lambda: spoilt.probe,
    ):
        with pytest.raises(ValueError, match=r"finite.*Received: NaN.*pattern 90.*bad_pixels"):
            use()


@pytest.mark.parametrize("measurement", ["counts", "amplitude"])
@pytest.mark.parametrize("value", [1e30, 2.0**63])
def test_pixels_too_bright_for_the_arithmetic_are_refused(scan, measurement, value):
    patterns = scan.patterns.astype(np.float64)
    patterns[7, 3, 3] = value
    spoilt = dataclasses.replace(scan, patterns=patterns, measurement=measurement)
    with pytest.raises(ValueError, match=r"below 1e\+15.*Received: .* in pattern 7.*gain"):
        spoilt.check()
    mask = np.ones((32, 32), bool)
    mask[3, 3] = False
    assert np.isfinite(dataclasses.replace(spoilt, mask=mask).mean_photons)


def test_a_subset_may_lie_as_no_whole_scan_may(scan):
    assert len(scan.subset([0])) == 1
    repeated = dataclasses.replace(scan, positions=scan.positions[np.arange(100) // 50])
    assert len(repeated.subset([0, 1])) == 2


@pytest.mark.parametrize("repeats", [2, 8, 20])
def test_repeated_positions_are_grouped(scan, repeats):
    again = dataclasses.replace(scan, positions=scan.positions[np.arange(100) // repeats])
    batches = GroupBatches(
        [again], [np.arange(100)], ModelParams(), DataParams(), TrainingParams(batch_size=5, holdout=0.0)
    )
    inputs = batches[0][0]
    assert inputs[0].shape == (5, 4, 32, 32) and np.isfinite(inputs[1]).all()


@pytest.mark.parametrize("name", [b"sc\xffan.npz", b"sc\x1b[31man.npz", b"sc\nan.npz"])
def test_names_that_cannot_be_printed_are_made_printable(scan_file, name):
    path = renamed(scan_file, name)
    scan = read_scan(path)
    assert scan.name.isprintable() and scan.name.startswith("sc\\") and read_reconstruction(path).name == scan.name
    missing = ptycho("inspect", f"{path}x")
    assert missing.exit_code == 1 and "\x1b" not in missing.output and len(missing.output.splitlines()) == 1


def test_a_name_that_is_not_utf_8_loses_no_result(scan_file, bundle, out):
    path = renamed(scan_file, b"sc\xffan\x1b[31m.npz")
    done = ptycho("infer", bundle, path, "--output-dir", out, "--refine", 0, "--batch-size", 50)
    assert done.exit_code == 0, done.output
    assert json.loads((out / "report.json").read_text())["patterns"] == 100
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Reconstruction of sc\\udcffan\\x1b[31m.npz" in page and "\x1b" not in page


def renamed(path, name):
    return pathlib.Path(shutil.move(path, os.fsdecode(bytes(path.parent) + b"/" + name)))


def test_each_container_is_opened_once(scan_file):
    opened = Opened(scan_file)
    assert opened.archive is opened.archive and Opened.of(opened) is opened
    assert read_scan(opened).patterns.archive is opened.archive


def test_a_scan_moved_keeps_its_patterns_and_their_survey(scan):
    moved = scan.moved_to(scan.positions + 0.5)
    np.testing.assert_array_equal(moved.positions, scan.positions + 0.5)
    assert moved.survey is scan.survey and moved.patterns is scan.patterns
