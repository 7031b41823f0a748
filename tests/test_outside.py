"""Laws of a generator from outside the package: any function that builds a network, and nothing imported by a file."""

import os
import pathlib
import shutil
import subprocess
import sys

import keras
import nets
import numpy as np
import pytest
from refusal import assert_one_line, assert_said_plainly, ptycho

from ptychopinn.model import PtychoModel
from ptychopinn.params import ModelParams
from ptychopinn.reconstruction.prediction import predict_object
from ptychopinn.training.bundle import load_bundle

SMALL = ModelParams(size=32, canvas=48, n_filters_scale=0.2, unroll=2)
SHORT = ("--epochs", 1, "--n-filters-scale", 0.2, "--unroll", 1, "--no-report", "--quiet")


@pytest.fixture
def beside_the_module(tmp_path, monkeypatch, scan_file):
    """A working folder that holds the module `nets`, and the scan `scan.npz`."""
    shutil.copy(nets.__file__, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())
    return tmp_path


def fresh(*arguments, cwd):
    """Run the installed command in a fresh process, in a folder."""
    command = shutil.which("ptycho", path=os.path.dirname(sys.executable))
    return subprocess.run([command, *map(str, arguments)], cwd=cwd, capture_output=True, text=True)


def batch(params):
    random = np.random.default_rng(2)
    amplitudes = random.uniform(0, 6, (2, params.positions, 32, 32)).astype("float32")
    return amplitudes, np.zeros((2, params.positions, 2), "float32")


@pytest.mark.parametrize("build", [nets.plain, nets.mirrored])
def test_a_function_given_as_an_object_builds_every_round_and_survives_saving(build, tmp_path):
    model = PtychoModel(SMALL, generator=build)
    assert model.params.generator == f"nets:{build.__name__}" and len(model.generators) == 2
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert twin.params == model.params
    found, expected = (one.predict_on_batch(batch(SMALL))["real"] for one in (twin, model))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_its_layers_are_in_the_precision_that_is_asked_for(tmp_path):
    model = PtychoModel(SMALL, generator=nets.mirrored, precision="mixed_bfloat16")
    assert model.generators[0].layers[1].layers[1].compute_dtype == "bfloat16"
    model.save(tmp_path / "model.keras")
    opened = keras.saving.load_model(tmp_path / "model.keras")
    assert opened.generators[0].layers[1].layers[1].compute_dtype == "float32"
    again = PtychoModel(SMALL, generator=opened.generator, precision="mixed_bfloat16")
    assert again.generators[0].layers[1].layers[1].compute_dtype == "bfloat16"


def test_reconstruction_is_by_its_weights(scan):
    model = PtychoModel(SMALL, generator=nets.plain)
    model.diffraction.set_probes([scan.probe])
    before = predict_object(model, scan).stitched.object
    for network in model.generators:
        network.set_weights([0 * weight for weight in network.get_weights()])
    zeroed = predict_object(model, scan).stitched.object
    physics = PtychoModel(SMALL)  # ours is zero before it is trained
    physics.diffraction.set_probes([scan.probe])
    np.testing.assert_allclose(zeroed, predict_object(physics, scan).stitched.object, atol=1e-4)
    assert np.abs(before - zeroed).max() > 1e-2


UNFIT = {
    nets.unregistered: ("layers that are Keras's or registered", "nets:unregistered", "Unregistered", "Register"),
    nets.code: ("layers that are Keras's or registered", "nets:code", "ambda", "Register"),
    nets.subclassed: ("functional or Sequential", "nets:subclassed", "get_config", "Register"),
    nets.narrow: ("(None, 32, 32, 2)", "nets:narrow", "(None, 30, 30, 2)", "End it"),
    nets.nothing: ("functional or Sequential", "nets:nothing", "NoneType", "Register"),
}


@pytest.mark.parametrize("build", UNFIT, ids=lambda build: build.__name__)
def test_what_a_bundle_could_not_keep_is_refused_before_it_is_trained(build):
    with pytest.raises(ValueError) as raised:
        PtychoModel(SMALL, generator=build)
    assert_one_line(f"Error: {raised.value}", *UNFIT[build])


MISNAMED = {
    "no_such_module:build": ("module that can be imported", "no_such_module:build", "NotFoundError", "PYTHONPATH"),
    "nets:no_such_function": ("module that can be imported", "no attribute 'no_such_function'", "Check the name"),
    "nets:layers": ("must name a function", "nets:layers, a module", "Check the name"),
    "resnet": ("one of unet, cnn, fno, ffno, sru, or module:function", "generator=resnet"),
    "nets:": ("one of unet, cnn, fno, ffno, sru, or module:function", "generator=nets:"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISNAMED)
def test_a_name_that_leads_nowhere_is_refused(name, beside_the_module, out):
    result = ptycho("train", "scan.npz", "--generator", name, "--output-dir", out)
    assert_said_plainly(result, *MISNAMED[name], out=out)


def test_a_bundle_opens_where_its_layers_are_known_and_is_refused_elsewhere(beside_the_module, tmp_path_factory):
    """The command line names the module; a fresh process in another folder does not have it."""
    named = ("--generator", "nets:mirrored")
    assert ptycho("train", "scan.npz", *named, *SHORT).exit_code == 0
    infer = ("infer", beside_the_module / "run", beside_the_module / "scan.npz", "--refine", 0, "--no-report")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    refused = fresh(*infer, cwd=elsewhere)
    assert refused.returncode == 1 and not (elsewhere / "out").exists()
    assert_one_line(refused.stderr, "layers that Keras knows", "nets:mirrored", "Mirror", "--generator nets:mirrored")
    assert fresh(*infer, *named, cwd=beside_the_module).returncode == 0
    written = np.load(beside_the_module / "out/reconstruction.npz")["object"]
    expected = ptycho(*infer, *named, "--output-dir", "again")
    assert expected.exit_code == 0
    here = np.load(beside_the_module / "again/reconstruction.npz")["object"]
    np.testing.assert_allclose(written, here, atol=1e-4 * np.abs(here).max())


def test_a_run_goes_on_and_a_training_starts_from_it_when_it_is_named_again(beside_the_module):
    named = ("--generator", "nets:mirrored")
    assert ptycho("train", "scan.npz", *named, *SHORT).exit_code == 0
    resume = ("train", "--resume", "run", "--epochs", 2, "--no-report", "--quiet")
    assert_said_plainly(ptycho(*resume), "given as a function", "generator=nets:mirrored", "--generator nets:mirrored")
    assert_said_plainly(ptycho(*resume, "--generator", "cnn"), "generator=nets:mirrored", "generator=cnn", "Leave")
    assert ptycho(*resume, *named).exit_code == 0
    assert len(load_bundle("run").history) == 2
    adapt = ("train", "scan.npz", "--from-bundle", "run", "--epochs", 1, "--no-report", "--quiet")
    assert ptycho(*adapt, "--output-dir", "adapted").exit_code == 0
    assert load_bundle("adapted").model.params.generator == "nets:mirrored"


def test_a_file_that_names_a_module_imports_nothing(tmp_path, monkeypatch):
    """The module that the file names is there, and would leave a trace."""
    (tmp_path / "trap.py").write_text(
        "import pathlib\npathlib.Path('trapped').touch()\nfrom nets import plain as build"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    build = nets.plain
    monkeypatch.setattr(build, "__module__", "trap")
    model = PtychoModel(SMALL, generator=build)
    assert model.params.generator == "trap:plain"
    model.save("model.keras")
    opened = keras.saving.load_model("model.keras")
    assert opened.count_params() == model.count_params()
    with pytest.raises(ValueError, match="must be given as a function.*Received: generator=trap:plain"):
        PtychoModel(model.params)
    assert not pathlib.Path("trapped").exists() and "trap" not in sys.modules
