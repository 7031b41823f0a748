"""Laws of `ptycho export`: what is written predicts what Keras predicts, or is not written, and says why."""

import dataclasses
import importlib.util
import json

import keras
import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn.data.batches import read_groups
from ptychopinn.data.grouping import cover
from ptychopinn.model import PtychoModel
from ptychopinn.params import ExecutionParams, ModelParams
from ptychopinn.reconstruction import export as exporting
from ptychopinn.reconstruction.export import FORMATS, export
from ptychopinn.reconstruction.prediction import PatchPredictor
from ptychopinn.reconstruction.prior import prior_of
from ptychopinn.reconstruction.stitching import outward
from ptychopinn.reconstruction.suited import reach_of, suited_to
from ptychopinn.simulation.scans import write_ptychopinn
from ptychopinn.training.bundle import load_bundle
from ptychopinn.training.shipped import shipped
from ptychopinn_cli.export import FORMATS as NAMES

QUICK = {"torch": "torch-export", "tensorflow": "saved-model"}
"""A format that each backend writes without another package."""


def writable(name):
    form = FORMATS[name]
    return keras.backend.backend() in form.backends and all(map(importlib.util.find_spec, form.packages))


@pytest.fixture(scope="module")
def small():
    """A network of single amplitudes, which is quickly exported."""
    params = ModelParams(size=32, canvas=32, group_side=1, n_filters_scale=0.1, input="amplitude", unroll=1)
    return PtychoModel(params)


@pytest.fixture
def quick():
    if keras.backend.backend() not in QUICK:
        pytest.skip("this backend exports nothing")
    return QUICK[keras.backend.backend()]


def test_the_command_knows_the_formats():
    assert tuple(FORMATS) == NAMES


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "litert"])
def test_what_is_exported_predicts_what_keras_predicts_of_the_scan_that_it_suits(bundle, scan, tmp_path, out, name):
    other = dataclasses.replace(scan, probe_guess=scan.probe * np.exp(0.3j * np.arange(32)))
    write_ptychopinn(tmp_path / "other.npz", other)
    done = ptycho(
        "export", bundle, "--format", name, "--batch-size", 3, "--data", tmp_path / "other.npz", "--output", out
    )
    if not writable(name):
        words = "is written by the backend" if keras.backend.backend() not in FORMATS[name].backends else "needs"
        assert_said_plainly(done, f"--format {name} {words}", "Received: ", out=out)
        return
    assert done.exit_code == 0, done.output
    said, model = json.loads((out / "export.json").read_text()), load_bundle(bundle).model
    suited = suited_to(other, model, other.probe)
    groups, _ = cover(scan.positions, 4, reach_of(suited.params), outward(scan.positions))
    inputs = read_groups(scan, groups[:3])
    expected, unsuited = (
        keras.ops.convert_to_numpy(PatchPredictor(one).predict_on_batch(inputs)) for one in (suited, model)
    )
    found = FORMATS[name].opened(out / said["file"])(dict(zip(said["inputs"], inputs)))
    assert said["inputs"]["amplitudes"]["shape"] == [3, 4, 32, 32] and said["difference_from_keras"] <= 1e-4
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max() < np.abs(found - unsuited).max()


@pytest.mark.parametrize("name", FORMATS)
def test_the_network_that_ships_is_exported_as_what_corrects_objects(tmp_path, monkeypatch, name):
    if not writable(name):
        pytest.skip(f"{name} is written by another backend, or needs another package")
    monkeypatch.chdir(tmp_path)
    done = ptycho("export", "shipped", "--format", name, "--batch-size", 2)
    assert done.exit_code == 0, done.output
    out = tmp_path / f"shipped-{name}"
    said = json.loads((out / "export.json").read_text())
    random = np.random.default_rng(3)
    obj = np.ones((64, 64)) * np.exp(0.3j * random.standard_normal((64, 64)))
    dose = random.poisson(50.0, (64, 64)).astype(np.float32)
    windows = {"real": obj.real, "imag": obj.imag, "dose": dose}
    windows = {part: np.broadcast_to(one, (2, 1, 64, 64)).astype(np.float32) for part, one in windows.items()}
    assert list(said["inputs"]) == list(windows) and said["output"]["name"] == "corrected"
    made = FORMATS[name].opened(out / said["file"])(windows)[0, 0]
    prior = prior_of(load_bundle(shipped()), ExecutionParams())
    np.testing.assert_allclose(made[..., 0] + 1j * made[..., 1], prior(obj, dose), atol=1e-4)


def test_litert_is_refused_what_it_cannot_run_and_takes_a_network_of_amplitudes(bundle, small, out):
    if not writable("litert"):
        pytest.skip("needs TensorFlow")
    done = ptycho("export", bundle, "--format", "litert", "--batch-size", 1, "--output", out)
    assert_said_plainly(done, "must be able to say and run", "Fourier transform", "--input amplitude", out=out)
    assert not list(out.parent.glob(".out*"))
    assert export(small, "litert", out, 1) <= 1e-4


def test_what_does_not_agree_is_not_left_behind(small, out, quick, monkeypatch):
    monkeypatch.setattr(exporting, "AGREES", -1.0)
    with pytest.raises(ValueError, match=f"must agree with Keras .*Received: {quick}, off by .*Nothing was kept"):
        export(small, quick, out, 1)
    assert not out.exists() and not list(out.parent.glob(".out*"))


def test_a_folder_that_is_there_and_a_network_of_several_probes_are_refused(bundle, out, quick):
    out.mkdir()
    done = ptycho("export", bundle, "--format", quick, "--output", out)
    assert_said_plainly(done, "written to a new folder", "Received: ", "--output", out=out)
    with pytest.raises(ValueError, match="Received: 2 scans trained on. Give the scan .*--data"):
        export(PtychoModel(ModelParams(size=32, canvas=32, scans=2, n_filters_scale=0.1)), quick, out / "new")
