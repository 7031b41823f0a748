"""Laws of refusal, of what a user asks for: options, configuration, backends, devices, places to write."""

import errno
import os
import pathlib
import subprocess
import sys

import click
import numpy as np
import pytest
from refusal import assert_one_line, assert_said_plainly, ptycho

from ptychopinn.params import ExecutionParams
from ptychopinn_cli import choose_backend as backends

INSTALLED = pathlib.Path(sys.executable).with_name("ptycho")
EVERY_BACKEND = dict.fromkeys(backends.BACKENDS, "1.0")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """Commands choose their backend in the environment: put it back."""
    monkeypatch.setenv("KERAS_BACKEND", os.environ["KERAS_BACKEND"])


REQUESTS = {
    "supervised without object": (("--model-type", "supervised"), "objectGuess", "without one", "--model-type pinn"),
    "photons of counts": (("--photons", 1e5), "counts", "photons=100000", "--measurement amplitude"),
    "rate of zero": (("--learning-rate", 0), "more than 0", "learning_rate=0"),
    "unknown backend": (("--backend", "theano"), "one of torch, tensorflow, jax", "theano"),
    "groups wider than a canvas": (("--max-distance", 400, "--neighbours", 90), "72 pixels", "--max-distance of 16"),
    "validation scan missing": (("--test-data", "nowhere.npz"), "file", "nowhere.npz", "Check the path"),
}


@pytest.mark.parametrize("row", REQUESTS.values(), ids=REQUESTS)
def test_impossible_requests_are_refused(scan_file, out, row):
    with np.load(scan_file) as file:
        arrays = {key: file[key] for key in file.files if key != "objectGuess"}
    np.savez(scan_file, **arrays)
    arguments, *words = row
    assert_said_plainly(ptycho("train", scan_file, "--output-dir", out, *arguments), *words, out=out)


def test_a_run_without_checkpoint_cannot_resume(tmp_path):
    result = ptycho("train", "--resume", tmp_path / "nowhere")
    assert_said_plainly(result, "checkpoint.npz", "without it", "--no-checkpoint")
    assert not (tmp_path / "nowhere").exists()
    result = ptycho("train", "--resume", tmp_path / "nowhere", "--seed", 3)
    assert_said_plainly(result, "only --epochs", "seed", "Leave")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\3\4", b"\x93NUMPY"])
def test_a_damaged_checkpoint_cannot_resume(tmp_path, content):
    (tmp_path / "checkpoint.npz").write_bytes(content)
    assert_said_plainly(ptycho("train", "--resume", tmp_path), "must be a checkpoint", "Received", "Train anew")


def test_an_unknown_backend_in_the_environment_is_refused_by_its_name(scan_file, out, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    assert_said_plainly(
        ptycho("train", scan_file, "--output-dir", out), "KERAS_BACKEND", "theano", "--backend", out=out
    )


CONTRADICTIONS = [
    ("--gridsize", 1, "group_side=2"),
    ("--generator", "cnn", "generator=unet"),
    ("--amplitude-max", 2.5, "5"),
]


@pytest.mark.parametrize("option, value, held", CONTRADICTIONS)
def test_options_that_contradict_the_bundle_name_both_values(bundle, scan_file, out, option, value, held):
    result = ptycho("infer", bundle, scan_file, "--output-dir", out, option, value)
    assert_said_plainly(result, held, "Received", str(value), "Leave the option out", out=out)


CONFIGURATIONS = {
    "unknown option": ("epochs: 3\nepochz: 3", "options of this command", "Received: epochz", "--help"),
    "not YAML": ("a: [1,\nb: :", "must be YAML", "line 2", "epochs: 30"),
    "not text": ("\udcff\udcfe", "must be YAML", "byte 0xff", "epochs: 30"),
    "a list": ("- epochs: 3", "options and their values", "list", "epochs: 30"),
    "several values": ("epochs: [1, 2]", "one value", "epochs", "epochs: 30"),
    "out of range": ("epochs: -3", "at least 1", "epochs=-3"),
}


@pytest.mark.parametrize("row", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_bad_configurations_are_refused(scan_file, out, tmp_path, row):
    text, *words = row
    config = tmp_path / "options.yaml"
    config.write_text(text, errors="surrogateescape")
    assert_said_plainly(ptycho("train", scan_file, "--output-dir", out, "--config", config), *words, out=out)


@pytest.mark.parametrize("text", ["epochs: 1.5", "epochs: true", "checkpoint: perhaps", "generator: [unet]"])
def test_values_of_a_configuration_are_checked_like_the_command_line_s(scan_file, out, tmp_path, text):
    config = tmp_path / "options.yaml"
    config.write_text(text)
    result = ptycho("train", scan_file, "--output-dir", out, "--config", config)
    assert result.exit_code == 2 and text.split(":")[0] in result.output.splitlines()[-1]
    assert not out.exists()


@pytest.mark.parametrize("command", ["train", "infer"])
@pytest.mark.parametrize("place, words", [
    ("{file}", ("File exists", "Choose a folder")), ("{file}/below", ("Not a directory", "Choose a folder")),
    ("/dev/full", ("File exists", "Choose a folder")), ("/proc/below", ("No such file", "choose another")),
])  # fmt: skip
def test_places_that_cannot_be_written_are_refused_before_the_work(bundle, scan_file, command, place, words):
    """Permissions do not stop root: these places stop everyone."""
    before = scan_file.read_bytes()
    train = (scan_file, "--epochs", 1, "--n-filters-scale", 0.1, "--no-checkpoint", "--logger", "none")
    arguments = train if command == "train" else (bundle, scan_file)
    result = ptycho(command, *arguments, "--output-dir", place.format(file=scan_file))
    assert_said_plainly(result, *words)
    assert "reconstructing" not in result.output and "epoch 1" not in result.output
    assert scan_file.read_bytes() == before


def fill_the_disk(file, **arrays):
    file.write(b"half")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_ends_a_training_in_one_line(scan_file, out, monkeypatch):
    monkeypatch.setattr(np, "savez", fill_the_disk)
    result = ptycho("train", scan_file, "--output-dir", out, "--epochs", 1, "--n-filters-scale", 0.1, "--quiet")
    assert_said_plainly(result, "No space left on device", "Free some space")
    assert {path.name for path in out.iterdir()} <= {"losses.csv"}


def test_a_full_disk_keeps_the_old_reconstruction(bundle, scan_file, out, monkeypatch):
    out.mkdir()
    (out / "reconstruction.npz").write_text("old")
    monkeypatch.setattr(np, "savez_compressed", fill_the_disk)
    result = ptycho("infer", bundle, scan_file, "--output-dir", out, "--quiet")
    assert_said_plainly(result, "No space left on device", "Free some space, or choose another --output-dir")
    assert [(path.name, path.read_text()) for path in out.iterdir()] == [("reconstruction.npz", "old")]


def test_a_backend_that_is_not_installed_names_its_extra(monkeypatch):
    monkeypatch.setattr(backends, "installed", lambda: {"torch": "2.0"})
    with pytest.raises(click.ClickException, match=r"jax must be installed.*Received.*pip install 'ptychopinn\[jax\]'"):
        backends.use("jax", ExecutionParams())
    monkeypatch.setattr(backends, "installed", dict)
    monkeypatch.delenv("KERAS_BACKEND")
    with pytest.raises(click.ClickException, match=r"ptychopinn\[torch\]"):
        backends.use(None, ExecutionParams())


@pytest.mark.parametrize("said, set_, used", [
    ("torch", "jax", "torch"), ("jax", "torch", "jax"), (None, "jax", "jax"), ("jax", "jax", "jax"),
    (None, "", "torch"),
])  # fmt: skip
def test_the_option_wins_over_the_environment_and_says_so(monkeypatch, capsys, said, set_, used):
    monkeypatch.setattr(backends, "installed", lambda: EVERY_BACKEND)
    monkeypatch.setenv("KERAS_BACKEND", set_)
    backends.use(said, ExecutionParams())
    assert backends.chosen() == used
    note = f"--backend {said} wins over KERAS_BACKEND={set_}" if said and set_ and said != set_ else ""
    assert note in capsys.readouterr().err if note else capsys.readouterr().err == ""


def test_two_backends_in_one_line_are_refused(scan_file, out):
    result = ptycho("--backend", "torch", "train", scan_file, "--backend", "jax", "--output-dir", out)
    assert_said_plainly(result, "--backend must be given once", "torch to ptycho, jax to train", "Leave", out=out)


def test_an_accelerator_that_is_not_there_is_refused(scan_file, out, monkeypatch):
    monkeypatch.setattr(backends, "devices", lambda backend: [])
    result = ptycho("train", scan_file, "--accelerator", "gpu", "--output-dir", out)
    assert_said_plainly(result, "--accelerator gpu", "none found", "--accelerator cpu", out=out)


def test_verbose_shows_where_it_happened(tmp_path):
    assert isinstance(ptycho("train", tmp_path / "nowhere.npz", "--verbose").exception, FileNotFoundError)


def run_installed(*arguments, **settings):
    return subprocess.run([INSTALLED, *arguments], stderr=subprocess.PIPE, text=True, timeout=120, **settings)


def test_the_installed_command_refuses_in_one_line(bundle, tmp_path, scan_file):
    done = run_installed("infer", bundle, tmp_path / "nowhere.npz", "--output-dir", tmp_path / "out")
    assert done.returncode == 1 and not (tmp_path / "out").exists()
    assert_one_line(done.stderr, "must be a file", "nowhere.npz", "Check the path")
    with open("/dev/full", "w") as full:
        done = run_installed("inspect", scan_file, stdout=full)
    assert done.returncode == 1
    assert_one_line(done.stderr, "No space left", "Free some space")


def test_a_reader_that_has_had_enough_is_no_error(scan_file):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as closed:
        assert run_installed("inspect", scan_file, stdout=closed).stderr == ""


@pytest.mark.parametrize("options, words", [
    (("--remat", "--precision", "mixed_bfloat16"), ("float32 alone", "mixed_bfloat16", "Leave one")),
    (("--remat", "--precision", "mixed_float16"), ("float32 alone", "mixed_float16", "Leave one")),
    (("--jit",), ("compiles for minutes", "--jit", "Leave it out")),
])  # fmt: skip
def test_what_torch_cannot_do_well_is_refused(scan_file, out, options, words):
    result = ptycho("train", scan_file, "--output-dir", out, "--backend", "torch", *options)
    assert_said_plainly(result, *words, out=out)
