"""Laws of `ptycho simulate`: files with their truth, made again from their options, disjoint, whole or not there."""

import errno
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho
from skimage.io import imsave

from ptychopinn.formats import read_scan
from ptychopinn.simulation import experiments, objects, probes, scans

SMALL = ("--object-size", 96, "--size", 32, "--step", 8)


def arrays(path):
    with np.load(path) as file:
        return dict(file)


def test_a_simulated_file_holds_scan_truth_and_options_and_can_be_made_again(tmp_path):
    out = tmp_path / "new" / "scan.npz"
    words = "--object dead-leaves --probe zone-plate --distance-m 0.5 --modes 2 --dead-pixels 0.02 --seed 7"
    arguments = ("simulate", out, *SMALL, *words.split())
    done = ptycho(*arguments)
    assert done.exit_code == 0 and f"{out}: 64 patterns of 32 x 32" in done.output, done.output
    scan, first = read_scan(out), arrays(out)
    assert len(scan.probe) == 2 and scan.mask is not None and scan.energy_eV == 8800 and scan.distance_m == 0.5
    assert scan.pixel_size_m == pytest.approx(1.23984198e-6 / 8800 * 0.5 / (32 * 75e-6))
    assert first["_metadata"].shape == () and first["_metadata"].dtype.kind == "U"
    said = json.loads(str(first["_metadata"]))
    assert said == json.loads(out.with_suffix(".json").read_text())
    assert said["simulated"]["object"] == {"object": "dead_leaves", "object_size": 96, "phase_max": np.pi}
    np.testing.assert_array_equal(
        scan.object, objects.transmission(objects.dead_leaves(96, 7), np.pi), "the object has the seed itself"
    )
    assert ptycho(*arguments).exit_code == 0
    for key, array in arrays(out).items():
        np.testing.assert_array_equal(array, first[key], key)


def test_position_errors_are_written_beside_the_positions(tmp_path):
    assert ptycho("simulate", tmp_path / "scan.npz", *SMALL, "--position-error", 0.8).exit_code == 0
    held = arrays(tmp_path / "scan.npz")
    error = np.array([held[f"{axis}coords_true"] - held[f"{axis}coords"] for axis in "xy"])
    assert np.sqrt(np.mean(error**2)) == pytest.approx(0.8, rel=0.2)
    true = np.stack([held["ycoords_true"], held["xcoords_true"]], axis=1)
    seeds = experiments.seeds(0)
    again = scans.simulate(held["objectGuess"], probes.disc(32), true, seed=seeds["noise"])
    np.testing.assert_array_equal(held["diff3d"], again.patterns, "the data are of the true positions")


def test_a_train_fraction_makes_two_files_that_share_no_row(tmp_path):
    done = ptycho("simulate", tmp_path / "a.npz", *SMALL, "--train-fraction", 0.5, "--scan", "raster", "--step", 4)
    assert done.exit_code == 0, done.output
    assert {path.name for path in tmp_path.iterdir()} == {"a-train.npz", "a-train.json", "a-test.npz", "a-test.json"}
    train, test = (arrays(tmp_path / f"a-{part}.npz") for part in ("train", "test"))
    assert train["ycoords"].max() + 16 <= test["ycoords"].min() - 16
    np.testing.assert_array_equal(train["objectGuess"], test["objectGuess"])
    assert len(train["diff3d"]) == len(train["xcoords"]) and len(test["diff3d"]) == len(test["xcoords"])


@pytest.mark.parametrize("words, names", [
    (("--objects", 2, "--train-fraction", 1), ["a-test", "a-train"]),
    (("--objects", 3), ["a-test", "a-train-1", "a-train-2"]),
    (("--objects", 3, "--train-fraction", 0.1), ["a-test-1", "a-test-2", "a-train"]),
])  # fmt: skip
def test_several_objects_make_train_and_test_files(tmp_path, words, names):
    assert ptycho("simulate", tmp_path / "a.npz", *SMALL, "--step", 16, *words).exit_code == 0
    assert sorted(path.stem for path in tmp_path.glob("*.npz")) == names
    truths = [arrays(tmp_path / f"{name}.npz")["objectGuess"] for name in names]
    assert all(np.abs(a - b).max() > 0.1 for i, a in enumerate(truths) for b in truths[:i])


def test_objects_probes_and_positions_come_from_files(tmp_path):
    y, x = np.mgrid[:120, :150]
    imsave(tmp_path / "amplitude.png", (y + x).astype(np.uint8), check_contrast=False)
    imsave(tmp_path / "phase.tif", (x[:, :, None] * [1, 1, 1]).astype(np.uint8), check_contrast=False)
    (tmp_path / "where.csv").write_text("y,x\n30,31.5\n40.25,60\n")
    np.savez(tmp_path / "probe.npz", probe=probes.gaussian(64)[None, None])
    words = (
        f"--object from-image --image-file {tmp_path}/amplitude.png --phase-file {tmp_path}/phase.tif --object-size 96"
    )
    words += f" --scan from-file --positions-file {tmp_path}/where.csv --size 32 --seed 1"
    words += f" --probe from-file --probe-file {tmp_path}/probe.npz --probe-resize interpolate"
    done = ptycho("simulate", tmp_path / "a.npz", *words.split())
    assert done.exit_code == 0, done.output
    made = read_scan(tmp_path / "a.npz")
    assert made.positions.tolist() == [[30, 31.5], [40.25, 60]]
    amplitude, phase = np.abs(made.object), np.angle(made.object)
    assert np.corrcoef(amplitude.ravel(), np.add(*np.mgrid[:96, :96]).ravel())[0, 1] > 0.999
    assert np.ptp(phase[:, 40]) < 0.02 and np.all(np.diff(phase[40, 2:-2]) > 0)
    again = tmp_path / "b.npz"
    assert (
        ptycho("simulate", again, "--object", "from-file", "--object-file", tmp_path / "a.npz", "--size", 32).exit_code
        == 0
    )
    np.testing.assert_allclose(read_scan(again).object, made.object, rtol=1e-5)


def test_a_measured_probe_and_object_make_a_scan(shared_data, tmp_path):
    measured, out = shared_data / "run1084.npz", tmp_path / "a.npz"
    words = f"--object from-file --object-file {measured} --probe from-file --probe-file {measured} --size 128"
    done = ptycho("simulate", out, *words.split(), "--step", 20)
    assert done.exit_code == 0, done.output
    np.testing.assert_allclose(
        np.abs(np.vdot(read_scan(out).probe[0, 32:96, 32:96], arrays(measured)["probeGuess"]))
        / np.linalg.norm(read_scan(out).probe) / np.linalg.norm(arrays(measured)["probeGuess"]), 1, rtol=1e-5,
    )  # fmt: skip


def test_simulating_needs_no_backend():
    code = "import sys, ptychopinn.simulation.experiments; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


REFUSED = {
    "object smaller than a pattern": ("--object-size 48", "larger than a pattern", "48 x 48", "Make it larger"),
    "step of zero": ("--step 0", "at least", "step=0"),
    "negative photons": ("--photons -1", "more than 0", "photons=-1"),
    "photons that are no number": ("--photons nan", "more than 0", "photons=nan"),
    "too bright": ("--photons 1e14", "32 bits", "expected", "beamstop"),
    "side of 50": ("--size 50", "multiple of 8", "size=50", "Choose 56"),
    "nothing left": ("--dead-pixels 1", "good pixel", "dead_pixels=1", "fewer"),
    "split too small": ("--object-size 100 --train-fraction 0.5", "Train and test", "rows", "larger"),
    "errors as wide as the object": ("--position-error 400", "larger than a pattern", "392 x 392", "errors smaller"),
    "light off the detector": ("--probe zone-plate --distance-m 3", "fit on the detector", "pixel_size_m", "near"),
    "beam too wide": ("--probe zone-plate --defocus-m 0.01", "field of view", "defocus_m=0.01", "Defocus less"),
    "stopped zone plate": ("--probe zone-plate --central-stop-m 1e-3", "smaller", "central_stop_m", "smaller stop"),
    "no image": ("--object from-image", "given a file", "image_file=None", "Give image_file"),
    "stranger": ("--jitter 0.5 --scan raster", "jitter goes with --scan jittered", "--scan raster", "Leave it out"),
    "stranger of the probe": ("--defocus-m 0.1", "--probe zone-plate", "--probe disc", "Leave it out"),
    "several copies": ("--objects 2 --object from-image --image-file x.png", "drawn", "objects=2", "train_fraction"),
    "image missing": ("--object from-image --image-file nowhere.png", "must be a file", "nowhere.png", "Check"),
    "not an image": ("--object from-image --image-file {text}", "text", "must be an image", "PNG"),
    "black image": ("--object from-image --image-file {black}", "zero everywhere", "black", "another"),
    "object of NaN": ("--object from-file --object-file {nan}", "finite", "NaN", "0"),
    "probe of NaN": ("--probe from-file --probe-file {nan}", "finite, square probe", "1 pixels", "Save"),
    "object in no archive": ("--object from-file --object-file {text}", "one of", "another kind", "Save"),
    "probe missing in the file": ("--probe from-file --probe-file {where}", "probeGuess or probe", "ycoords", "Rename"),
    "positions outside": ("--scan from-file --positions-file {where}", "inside the object", "y 3 to 40", "Shift"),
    "positions of words": ("--scan from-file --positions-file {text}", "CSV of positions", "hello", "two numbers"),
    "positions of three": ("--scan from-file --positions-file {three}", "positions (y, x)", "(1, 3)", "two numbers"),
    "no positions": ("--scan from-file --positions-file {empty}", "one or more", "0 rows", "two numbers"),
    "positions missing": ("--scan from-file --positions-file nowhere.csv", "must be a file", "nowhere.csv", "Check"),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED)
def test_impossible_simulations_are_refused_and_leave_nothing(tmp_path, row):
    words, *said = row
    names = ("text.txt", "black.png", "nan.npz", "where.npz", "three.csv", "empty.csv")
    files = {name.partition(".")[0]: tmp_path / name for name in names}
    files["text"].write_text("hello")
    files["three"].write_text("1,2,3\n")
    files["empty"].write_text("# y,x\n")
    imsave(files["black"], np.zeros((40, 40), np.uint8), check_contrast=False)
    spoiled = objects.lines(64)
    spoiled[3, 3] = np.nan
    np.savez(files["nan"], objectGuess=spoiled, probeGuess=spoiled)
    np.savez(files["where"], ycoords=[40.0, 3.0], xcoords=[50.0, 50.0])
    out = tmp_path / "out"
    result = ptycho("simulate", out / "scan.npz", *words.format(**files).split())
    assert_said_plainly(result, *said, out=out)


def test_out_must_be_an_npz_that_can_be_written(tmp_path):
    assert_said_plainly(ptycho("simulate", tmp_path / "scan", *SMALL), "name of an .npz", "scan", "scan.npz")
    (tmp_path / "file").write_text("")
    assert_said_plainly(ptycho("simulate", tmp_path / "file" / "a.npz", *SMALL), "free to write", "Choose a folder")


def test_a_disk_that_fills_up_at_the_second_file_keeps_the_old_ones(tmp_path, monkeypatch):
    save, calls = np.savez_compressed, []

    def fill_the_disk(file, **arrays):
        calls.append(file)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        save(file, **arrays)

    (tmp_path / "a-train.npz").write_text("old")
    monkeypatch.setattr(np, "savez_compressed", fill_the_disk)
    result = ptycho("simulate", tmp_path / "a.npz", *SMALL, "--objects", 2)
    assert_said_plainly(result, "No space left on device", "Free some space")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a-train.npz", "old")]


def test_a_refused_simulation_keeps_the_old_files(tmp_path):
    for name in ("a-train.npz", "a-test.npz", "a-train.json"):
        (tmp_path / name).write_text("old")
    assert ptycho("simulate", tmp_path / "a.npz", *SMALL, "--train-fraction", 0.05).exit_code == 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(
        ("a-train.npz", "a-test.npz", "a-train.json"), "old"
    )
