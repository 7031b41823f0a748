"""Laws of a reconstruction: Python gets what the command gets, options act or are refused, nothing made is lost."""

import dataclasses
import json
import os
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn import reconstruct
from ptychopinn.formats import read_scan
from ptychopinn.model import PtychoModel
from ptychopinn.params import ExecutionParams, ModelParams
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.prediction import full_batches, predict_object, predictor_of
from ptychopinn.reconstruction.reading import aside, read_ahead
from ptychopinn.simulation.scans import write_ptychopinn

RANDOM = np.random.default_rng(23)


@pytest.fixture(scope="module")
def model(scan):
    """A small model of one round whose network has something to say."""
    model = PtychoModel(ModelParams(size=32, canvas=48, n_filters_scale=0.1, unroll=1))
    model.set_weights([w if w.any() else 0.02 * RANDOM.standard_normal(w.shape) for w in model.get_weights()])
    model.diffraction.log_scale.assign([0.0])
    model.diffraction.set_probes([scan.probe])
    return model


def test_python_gets_what_the_command_gets(bundle, scan_file, out):
    assert ptycho("infer", bundle, scan_file, "--refine", 2, "--no-report", "--output-dir", out).exit_code == 0
    parts = []
    found = reconstruct(
        read_scan(scan_file), bundle, ReconstructionParams(passes=2), progress=lambda part, *_: parts.append(part)
    )
    written, report = np.load(out / "reconstruction.npz"), json.loads((out / "report.json").read_text())
    np.testing.assert_allclose(found.straight, written["object"], atol=1e-6)
    np.testing.assert_allclose(found.probe, written["probe"], rtol=1e-5)
    np.testing.assert_allclose(found.record["refinement_deviances"], report["refinement_deviances"], rtol=1e-5)
    decided = set(found.record) - {"seconds", "refinement_deviances"}
    assert {name: found.record[name] for name in decided} == {name: report[name] for name in decided}
    assert set(report["seconds"]) == {"open", "figures", *found.record["seconds"]}
    assert set(parts) == {"reconstructing", "refining"}


def test_a_flat_start_needs_no_bundle(scan):
    params = ReconstructionParams(start="flat", passes=3)
    found = reconstruct(scan, params=params)
    deviances = found.record["refinement_deviances"]
    assert (
        deviances[-1] < 0.85 * deviances[0]
        and found.record["probe"] == "scan"
        and found.record["uncertainty"] == "dose"
    )
    untouched = reconstruct(scan, params=dataclasses.replace(params, passes=0))
    np.testing.assert_allclose(untouched.object[untouched.object != 0], 1, atol=1e-5)
    with pytest.raises(ValueError, match="needs a bundle for .*Received: bundle=None. Give a trained bundle"):
        reconstruct(scan, params=ReconstructionParams(probe="bundle"))


def test_infer_is_reconstruct_with_a_bundle(bundle, scan_file, tmp_path):
    objects = []
    for words in (("infer", bundle, scan_file), ("reconstruct", scan_file, "--bundle", bundle)):
        done = ptycho(*words, "--passes", 1, "--no-report", "--output-dir", tmp_path / "out")
        assert done.exit_code == 0, done.output
        objects.append(np.load(tmp_path / "out" / "reconstruction.npz")["object"])
    np.testing.assert_allclose(*objects, atol=1e-6)


def test_reconstruct_needs_no_training_and_goes_on_from_its_own_result(scan_file, tmp_path):
    reports = []
    for start in ((), ("--start", tmp_path / "out")):
        done = ptycho("reconstruct", scan_file, *start, "--passes", 3, "--output-dir", tmp_path / "out")
        assert done.exit_code == 0, done.output
        reports.append(json.loads((tmp_path / "out" / "report.json").read_text()))
    first, second = (report["refinement_deviances"] for report in reports)
    assert "bundle" not in reports[0] and (tmp_path / "out" / "report.html").is_file()
    assert second[0] == pytest.approx(first[3], rel=0.02) and second[0] < 0.9 * first[0]


def test_a_start_says_whose_probe_it_brings_and_what_it_leaves(scan_file, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    found = ("--positions", "refine", "--flux", "find", "--passes", 21, "--no-report", "--output-dir", first)
    assert ptycho("reconstruct", scan_file, *found).exit_code == 0
    for words, whose in (((), "start"), (("--probe", "scan"), "scan")):
        done = ptycho("reconstruct", scan_file, "--start", first, *words, "--passes", 0, "--no-report",
                      "--output-dir", second)  # fmt: skip
        assert done.exit_code == 0 and "its positions, flux are not: ask for them again" in done.output
        assert f"The probe is that of the {whose}." in done.output
        assert json.loads((second / "report.json").read_text())["probe"] == whose
        probes = [np.load(folder / "reconstruction.npz")["probe"] for folder in (first, second)]
        assert np.allclose(*probes, rtol=1e-4) == (whose == "start")


@pytest.mark.parametrize("name, value, passes", [("positions", "refine", 4), ("flux", "find", 20), ("opr", "2", 8)])
def test_what_waits_until_the_object_has_settled_is_not_asked_for_in_fewer_passes(scan_file, out, name, value, passes):
    done = ptycho("reconstruct", scan_file, f"--{name}", value, "--passes", passes, "--output-dir", out)
    assert_said_plainly(done, f"after {passes} passes", f"Received: passes={passes}, {name}={value}", out=out)


def test_a_start_of_another_place_or_of_none_is_refused(scan_file, tmp_path):
    start = tmp_path / "start.npz"
    for origin, words in (((5000, 5000), "must lie where the scan does"), (None, "must say where it lies")):
        np.savez(start, object=np.ones((64, 64), np.complex64), **({"origin": origin} if origin else {}))
        done = ptycho("reconstruct", scan_file, "--start", start, "--output-dir", tmp_path / "out")
        assert_said_plainly(done, words, "Received: ", out=tmp_path / "out")
    done = ptycho("reconstruct", scan_file, "--start", tmp_path / "no", "--output-dir", tmp_path / "out")
    assert_said_plainly(done, "A start other than network or flat must be a file or a folder", out=tmp_path / "out")


@pytest.mark.parametrize("option", [("--precision", "mixed_bfloat16"), ("--no-jit",), ("--num-workers", 2)])
def test_what_only_networks_do_is_refused_without_one(scan_file, out, option):
    done = ptycho("reconstruct", scan_file, *option, "--output-dir", out)
    assert_said_plainly(done, f"{option[0].replace('no-jit', 'jit')} is for networks", "Received: ", out=out)


def test_start_and_probe_act_on_the_command_line(bundle, scan_file, out):
    for option, value in (("start", "flat"), ("probe", "scan"), ("probe", "bundle")):
        done = ptycho("infer", bundle, scan_file, f"--{option}", value, "--refine", 0, "--no-report",
                      "--output-dir", out)  # fmt: skip
        assert done.exit_code == 0 and json.loads((out / "report.json").read_text())[option] == value


def test_where_the_zero_frequency_is_said_to_be_acts(bundle, scan_file, out):
    objects = []
    for place in ("centre", "corner"):
        ptycho("infer", bundle, scan_file, "--zero-frequency", place, "--refine", 0, "--no-report", "--output-dir", out)
        objects.append(np.load(out / "reconstruction.npz")["object"])
    assert not np.allclose(*objects, atol=0.1)


def test_precision_is_that_of_the_networks_alone(model, scan):
    plain, low = (
        predict_object(model, scan, execution=ExecutionParams(precision=precision)).stitched.object
        for precision in ("float32", "mixed_bfloat16")
    )
    assert 1e-5 < np.abs(low - plain).max() < 0.1


@pytest.mark.parametrize("jit", [True, False])
def test_jit_compiles_the_networks_or_not_or_is_refused(model, jit):
    if jit and keras.backend.backend() == "torch":
        with pytest.raises(ValueError, match="torch compiles for minutes .*Received: --jit. Leave it out"):
            predictor_of(model, ExecutionParams(jit=jit))
    else:
        assert predictor_of(model, ExecutionParams(jit=jit)).jit_compile is jit


class Watched:
    """Patterns that remember which threads read them."""

    def __init__(self, patterns):
        self.patterns, self.shape, self.dtype, self.readers = patterns, patterns.shape, patterns.dtype, set()

    def __getitem__(self, which):
        self.readers.add(threading.get_ident())
        return self.patterns[which]


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_read_ahead_in_threads_of_their_own(model, scan, workers):
    watched = dataclasses.replace(scan, patterns=Watched(scan.patterns))
    assert watched.mean_photons  # which reads all patterns, once
    watched.patterns.readers.clear()
    execution = ExecutionParams(num_workers=workers)
    found = predict_object(model, watched, batch_size=4, execution=execution).stitched.object
    assert (threading.get_ident() in watched.patterns.readers) == (workers == 0)
    np.testing.assert_array_equal(found, predict_object(model, scan, batch_size=4).stitched.object)


def test_reading_ahead_keeps_the_order_and_a_bound():
    begun = []

    def read(item):
        begun.append(item)
        return item**2

    found = []
    for value in read_ahead(read, range(20), threads=3):
        found.append(value)
        assert len(begun) <= len(found) + 3
    assert found == [item**2 for item in range(20)]


def test_what_is_done_aside_is_done_in_order_and_its_errors_are_raised():
    done, went_on = [], threading.Event()

    def work(item):
        assert went_on.wait(timeout=30)  # it would not come, had the work to be waited for
        done.append((item, threading.get_ident()))

    with aside() as do:
        do(work, 0)
        went_on.set()
        for item in range(1, 20):
            do(work, item)
            assert len(done) >= item
    assert [item for item, _ in done] == list(range(20)) and threading.get_ident() not in dict(done).values()
    with pytest.raises(ZeroDivisionError), aside() as do:
        do(lambda: 1 / 0)


DETERMINISTIC = """
import sys
from ptychopinn_cli.main import main
main(sys.argv[1:], standalone_mode=False)
import os, keras
backend = keras.backend.backend()
if backend == "torch":
    import torch
    print("repeats exactly", torch.are_deterministic_algorithms_enabled())
else:
    setting = {"tensorflow": os.environ.get("TF_DETERMINISTIC_OPS"), "jax": os.environ.get("XLA_FLAGS", "")}[backend]
    print("repeats exactly", setting == "1" or "deterministic_ops=true" in str(setting))
"""


@pytest.mark.parametrize("option, acts", [("--deterministic", "True"), ("--no-deterministic", "False")])
def test_deterministic_asks_the_backend_for_it(bundle, scan_file, out, option, acts):
    command = ("infer", bundle, scan_file, "--output-dir", out, "--refine", "0", "--no-report", option)
    environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}
    done = subprocess.run(
        [sys.executable, "-c", DETERMINISTIC, *map(str, command)], env=environment, capture_output=True, text=True
    )
    assert f"repeats exactly {acts}" in done.stdout, done.stderr


def test_remat_and_absent_devices_are_refused(bundle, scan_file, out):
    remat = ptycho("infer", bundle, scan_file, "--output-dir", out, "--remat")
    assert_said_plainly(remat, "--remat", "backward pass", "remat=True", "Leave it out", out=out)
    device = ptycho("infer", bundle, scan_file, "--output-dir", out, "--accelerator", "mps")
    assert_said_plainly(device, "mps", out=out)


def test_a_batch_is_never_larger_than_the_scan():
    groups = np.arange(28).reshape(7, 4)
    assert [batch.shape for batch in full_batches(groups, 10**9)] == [(7, 4)]
    batches = full_batches(groups, 3)
    assert [batch.shape for batch in batches] == 3 * [(3, 4)]  # compiled steps keep one shape
    np.testing.assert_array_equal(np.concatenate(batches)[:7], groups)


def test_groups_at_a_time_change_nothing_but_the_cost(bundle, scan_file, tmp_path):
    objects = []
    for size in (3, 1000):
        ptycho("infer", bundle, scan_file, "--batch-size", size, "--refine", 2, "--no-report", "--output-dir",
               tmp_path / "out")  # fmt: skip
        assert json.loads((tmp_path / "out" / "report.json").read_text())["batch_size"] == size
        objects.append(np.load(tmp_path / "out" / "reconstruction.npz")["object"])
    np.testing.assert_allclose(objects[0], objects[1], atol=1e-4)


SPOILT = {
    "zeros": lambda obj: np.zeros_like(obj),
    "one value": lambda obj: np.ones_like(obj),
    "NaN": lambda obj: np.where(np.arange(obj.shape[1]) == 3, np.nan, obj),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_an_object_that_cannot_be_is_left_out_in_one_line(bundle, scan, tmp_path, out, spoil):
    done = infer_beside(spoil(np.asarray(scan.object)), bundle, scan, tmp_path / "spoilt.npz", out)
    assert done.output.count("is left out") == 1 and "no comparison" not in done.output


def test_an_object_that_lies_elsewhere_costs_one_line(bundle, scan, tmp_path, out):
    done = infer_beside(np.asarray(scan.object)[:20, :20], bundle, scan, tmp_path / "elsewhere.npz", out)
    assert done.output.count("Note: ") == 1 and "no comparison with the file's object" in done.output


def infer_beside(obj, bundle, scan, path, out):
    """Reconstruct a scan whose file holds an object that it cannot be compared with; all but that is written."""
    y, x = scan.positions.T
    np.savez(path, diff3d=scan.patterns, ycoords=y, xcoords=x, probeGuess=scan.probe[0], objectGuess=obj)
    done = ptycho("infer", bundle, path, "--output-dir", out, "--refine", 0)
    assert done.exit_code == 0, done.output
    assert "complex error" not in done.output
    assert json.loads((out / "report.json").read_text())["error_against_file_object"] is None
    assert (out / "report.html").exists() and np.load(out / "reconstruction.npz")["object"].any()
    return done


def test_a_file_name_that_is_no_text_loses_nothing(bundle, scan_file, tmp_path, out):
    path = os.fsencode(tmp_path) + b"/sc\xffan.npz"
    os.rename(scan_file, path)
    done = ptycho("infer", bundle, os.fsdecode(path), "--output-dir", out, "--refine", 0)
    assert done.exit_code == 0, done.output
    assert {"reconstruction.npz", "report.json", "report.html"} <= {file.name for file in out.iterdir()}


def test_auto_corrects_what_is_found(scan, tmp_path):
    """`--auto` reads the scan as the doctor says, so that passes find the object; said options stay."""
    path = tmp_path / "mirrored.npz"
    write_ptychopinn(path, dataclasses.replace(scan, positions=scan.positions[:, ::-1], object=None))
    made = ptycho("reconstruct", path, "--auto", "--passes", 2, "--no-report", "--output-dir", tmp_path / "out")
    assert made.exit_code == 0, made.output
    assert "turned by transpose, as asked" in made.output or "x and y are exchanged, as asked" in made.output
