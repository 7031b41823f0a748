"""Laws of `ptycho verify`: a result that is as it was agrees anywhere, and whatever was changed of it is found."""

import dataclasses
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho
from tampering import CHANGED, FORGED, MASK, arrays, record, sealed

from ptychopinn.evaluation.verify import verify
from ptychopinn.physics.experiment import Experiment
from ptychopinn.simulation import objects, probes, scans

RICH = ("--positions", "refine", "--modes", 2, "--opr", 1, "--flux", "find", "--background", "find", "--blur", 0.5)
CHECKSUMS = ("SHA-256", "as it was written", "after it was written", "not there")


def measured():
    """A scan of 25 patterns whose light flickers, over stray light, at places that are not quite those it says."""
    truth, random = objects.lines(80, count=100), np.random.default_rng(5)
    positions = scans.jittered_raster((72, 72), 32, 8, seed=1, margin=1) + 4
    flux = random.uniform(0.8, 1.2, len(positions))
    experiment = Experiment(truth, probes.gaussian(32, curvature=1.5), flux=flux, background=0.5)
    scan = scans.simulate_experiment(experiment, positions, 1e5, seed=2)
    said = positions + random.normal(0, 0.4, positions.shape)
    return dataclasses.replace(scan.moved_to(said), energy_eV=8000.0, object=None)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a scan, a mask, a start, and a result of all of these, with everything that may be found."""
    folder = tmp_path_factory.mktemp("made")
    scan, mask, start = measured(), folder / "mask.npy", folder / "start.npz"
    scans.write_ptychopinn(folder / "scan.npz", scan)
    scans.write_ptychopinn(folder / "other.npz", dataclasses.replace(scan, patterns=scan.patterns[::-1]))
    np.save(mask, MASK)
    np.savez(start, object=np.ones((80, 80), np.complex64), origin=(0, 0))
    done = ptycho("reconstruct", folder / "scan.npz", "--mask", mask, "--start", start, *RICH, "--passes", 12,
                  "--no-report", "--save-format", "tiff", "--output-dir", folder / "out")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert np.load(folder / "out" / "reconstruction.npz")["probe_weights"].any()
    return folder


@pytest.fixture
def copy(made, tmp_path):
    """A copy of it, whose record says where that is."""
    folder = shutil.copytree(made, tmp_path / "copy")
    path = folder / "out" / "report.json"
    path.write_text(path.read_text().replace(str(made), str(folder)))
    sealed(folder)
    return folder


def differing(folder, *more):
    return [one for one in verify(folder / "out", *more) if one.agrees is False]


def test_a_result_that_is_as_it_was_agrees_in_a_process_without_a_backend(made):
    code = (
        "import sys; from ptychopinn.evaluation.verify import verify; found = verify(sys.argv[1]);"
        "sys.exit(any(one.agrees is not True for one in found) or len(found) < 22 or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, made / "out"]).returncode == 0


@pytest.mark.parametrize("tamper", FORGED.values(), ids=FORGED)
def test_what_is_forged_with_checksums_and_all_is_found_by_computing_again(copy, tamper):
    tamper(copy)
    sealed(copy)
    found = differing(copy)
    assert found and not any(mark in one.words for one in found for mark in CHECKSUMS), found


@pytest.mark.parametrize("tamper", CHANGED.values(), ids=CHANGED)
def test_what_is_changed_is_found_by_its_checksum(copy, tamper):
    tamper(copy)
    assert any(mark in one.words for one in differing(copy) for mark in CHECKSUMS)


def test_checksums_that_are_made_anew_of_what_was_not_changed_agree(copy):
    assert not differing(copy)


def test_an_error_against_the_file_s_object_is_computed_again(scan_file, tmp_path):
    made = ptycho("reconstruct", scan_file, "--passes", 1, "--no-report", "--output-dir", tmp_path / "out")
    assert made.exit_code == 0 and not differing(tmp_path)
    record(tmp_path, lambda content: content.update(error_against_file_object=0.001))
    sealed(tmp_path)
    assert [one.what for one in differing(tmp_path)] == ["error_against_file_object"]


def test_lines_json_and_exit_codes_say_what_differs(copy):
    agrees = ptycho("verify", copy / "out")
    assert agrees.exit_code == 0 and agrees.stdout.splitlines()[-1] == f"{copy / 'out'}: all agrees"
    record(copy, lambda content: content["figures"].update(r_factor=0.001))
    differs = ptycho("verify", copy / "out")
    lines = [line for line in differs.stdout.splitlines() if line.startswith("DIFFERS")]
    assert differs.exit_code == 3 and len(lines) == 2
    assert "the record: was changed" in lines[0] and lines[1].endswith("and 0.001 is recorded")
    facts = json.loads(ptycho("verify", copy / "out", "--json").stdout)
    assert [one["what"] for one in facts if not one["agrees"]] == ["the record", "r_factor"]


def test_a_scan_that_moved_is_said_by_data_and_another_one_is_found(copy):
    (copy / "scan.npz").rename(copy / "moved.npz")
    assert {one.words for one in differing(copy)} >= {"is not there"}
    assert not differing(copy, copy / "moved.npz")
    assert {one.what for one in differing(copy, copy / "other.npz")} > {"r_factor", f"scan, {copy / 'other.npz'}"}


def test_an_input_that_is_not_needed_may_be_gone(copy):
    (copy / "start.npz").unlink()
    done = ptycho("verify", copy / "out")
    assert done.exit_code == 0 and f"unknown  start, {copy / 'start.npz'}: is not there" in done.stdout


NO_RECORD = {
    "cut short": lambda path: path.write_text(path.read_text()[:200]),
    "a list": lambda path: path.write_text("[1]"),
    "of an earlier version": lambda path: path.write_text("{}"),
    "with an option that is none": lambda path: path.write_text(path.read_text().replace('"mask": "/', '"hat": "/')),
}


@pytest.mark.parametrize("spoil", NO_RECORD.values(), ids=NO_RECORD)
def test_a_record_that_cannot_be_is_refused(copy, spoil):
    spoil(copy / "out" / "report.json")
    refused = ptycho("verify", copy / "out")
    assert_said_plainly(refused, "as ptycho reconstruct writes it", "Received: ", "reconstruct again")
    assert refused.exit_code == 1


def test_no_result_is_refused(tmp_path, copy):
    assert_said_plainly(ptycho("verify", tmp_path / "no"), "must be a folder", "Received: ")
    assert_said_plainly(ptycho("verify", tmp_path), "must be a folder with report.json", "Received: ")
    assert_said_plainly(ptycho("verify", copy / "out", "--data", tmp_path / "no"), "A scan must be", "Received: ")


def test_an_archive_that_is_none_differs_and_the_rest_is_still_said(copy):
    arrays(copy, object=np.ones(3))
    words = [one.words for one in differing(copy)]
    assert any("cannot be computed again" in one for one in words) and any("SHA-256" in one for one in words)


def test_evaluate_reads_the_scan_as_it_was_read_unless_said_anew(made, tmp_path):
    """And its R-factor is that of the record, at the positions and with the blur that were found."""
    factors = []
    for words in ((), ("--zero-frequency", "corner")):
        done = ptycho("evaluate", made / "out", made / "scan.npz", *words, "--output-dir", tmp_path / "evaluation",
                      "--no-report", "--json")  # fmt: skip
        assert ("is read as it was for" in done.stderr and "mask.npy" in done.stderr) == (not words)
        factors.append(json.loads(done.stdout)["figures"]["r_factor"])
    recorded = json.loads((made / "out" / "report.json").read_text())["figures"]["r_factor"]
    assert factors[0] == pytest.approx(recorded, rel=1e-4) and factors[1] > 1.3 * recorded


def test_what_is_evaluated_is_not_overwritten(copy):
    for words in (("evaluate", copy / "out", copy / "scan.npz"), ("compare", copy / "out", copy / "start.npz")):
        done = ptycho(*words, "--output-dir", copy / "out")
        assert_said_plainly(done, "must not overwrite what it is made of", "Received: --output-dir")
    assert not differing(copy)
