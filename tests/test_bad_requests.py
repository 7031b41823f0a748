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
from ptychopinn_cli.errors import line_of

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
    assert_said_plainly(ptycho("train", "--resume", tmp_path), "checkpoint.npz", "without it", "--no-checkpoint")
    assert_said_plainly(ptycho("train", "--resume", tmp_path / "nowhere"), "must be a folder", "nowhere", "Check")
    assert not list(tmp_path.iterdir())
    result = ptycho("train", "--resume", tmp_path, "--seed", 3)
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
    "a date": ("epochs: 2001-99-99", "whole number", "epochs=2001-99-99"),
    "a tag that lies": ("epochs: !!int abc", "whole number", "epochs=abc"),
    "a tag of its own": ("epochs: !!binary aGk=", "one value", "binary for epochs", "epochs: 30"),
    "an object": ("epochs: !!python/object/apply:os.getcwd []", "one value", "epochs", "epochs: 30"),
    "nested": ("[" * 5000, "must be YAML", "nested too deep", "epochs: 30"),
    "said twice": ("epochs: 3\nnepochs: 4", "an option once", "epochs", "Leave one out"),
    "a merge": ("<<: {epochs: 3}", "one value", "merge", "epochs: 30"),
    "NUL": ("epochs: 3\0", "must be YAML", "#x0000", "epochs: 30"),
    "huge": ("# too much\n" * 5000, "20000 characters or fewer", "epochs: 30"),
    "names that are lists": ("[a, b]: 3", "one value", "a name", "epochs: 30"),
    "control characters": ('"\\e[31m": 3', "options of this command", "\\x1b[31m", "--help"),
    "its own name": ("config: other.yaml", "options of this command", "config", "--help"),
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
    ("{file}", ("Not a directory", "Choose a folder")), ("{file}/below", ("Not a directory", "Choose a folder")),
    ("/dev/full", ("Not a directory", "Choose a folder")), ("/proc/below", ("No such file", "choose another")),
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


def test_a_configuration_that_is_not_there_is_refused(scan_file, out, tmp_path):
    for path, words in ((tmp_path / "nowhere.yaml", "No such file"), (tmp_path, "Is a directory")):
        result = ptycho("train", scan_file, "--output-dir", out, "--config", path)
        assert_said_plainly(result, words, str(path), "Check the path", out=out)


MISSING = [
    "train {}", "train {scan} --test-data {}", "train {scan} --from-bundle {}", "train --resume {}", "infer {} {scan}",
    "infer {bundle} {}", "evaluate {} {scan}", "evaluate {scan} {}", "evaluate {scan} {scan} --scan {}",
    "compare {} {scan}", "compare {scan} --truth {}", "inspect {}",
    "simulate a.npz --object from-file --object-file {}",
]  # fmt: skip


@pytest.mark.parametrize("words", MISSING)
def test_missing_files_are_refused_before_a_backend_is_chosen(scan_file, bundle, tmp_path, monkeypatch, words):
    monkeypatch.setenv("KERAS_BACKEND", "would be refused")
    nowhere = tmp_path / "nowhere"
    result = ptycho(*words.format(nowhere, scan=scan_file, bundle=bundle).split())
    assert_said_plainly(result, "must be a f", str(nowhere), "Check the path")


def test_names_reach_the_terminal_as_printable_text(tmp_path):
    """A terminal obeys control characters; bytes that are no UTF-8 cannot be printed at all."""
    for name, shown in (("a\x1b[31mb", r"a\x1b[31mb"), ("a\udcffb", r"a\udcffb"), ("a\u202eb", r"a\u202eb")):
        assert_said_plainly(ptycho("inspect", tmp_path / name), shown, "Check the path")


def test_endless_names_are_shortened(scan_file):
    said = ptycho("train", scan_file, "--epochs", "9" * 5000).output.splitlines()[-1]
    assert said.startswith("Error: epochs must be a whole number") and " ... 999" in said and len(said) < 700


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_an_output_without_unicode_is_no_error(scan_file, tmp_path, encoding):
    strange = tmp_path / os.fsdecode(b"\xc3\xa9\xff.npz")
    strange.write_bytes(scan_file.read_bytes())
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    done = run_installed("inspect", strange, stdout=subprocess.PIPE, env=environment)
    assert done.returncode == 0 and done.stderr == "" and "100 of 32 x 32 pixels" in done.stdout


def test_a_batch_holds_no_copies_and_says_so(scan_file, out):
    """What is asked for is more than the scan has: the batch is as large as the epoch."""
    small = ("--epochs", 1, "--n-filters-scale", 0.1, "--unroll", 1, "--no-report", "--output-dir", out)
    result = ptycho("train", scan_file, "--batch-size", 1000, *small)
    assert result.exit_code == 0 and "A batch holds 25 groups, all that there are" in result.output


def test_memory_of_a_backend_that_is_at_an_end_is_said_in_one_line():
    for error in (RuntimeError("DefaultCPUAllocator: can't allocate memory"), ValueError("RESOURCE_EXHAUSTED: OOM")):
        assert line_of(error).startswith("The work must fit in memory. Received: ")


def test_two_backends_in_one_line_are_refused(scan_file, out):
    result = ptycho("train", scan_file, "--backend", "torch", "--backend", "jax", "--output-dir", out)
    assert_said_plainly(result, "one backend", "torch, jax", "Leave all but one out", out=out)
    result = ptycho("--backend", "jax", "inspect", scan_file)
    assert_said_plainly(result, "inspect must be asked without a backend", "--backend jax", "Leave it out")
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
