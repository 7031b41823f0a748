"""Laws of a folder of runs: a training that fails or is interrupted leaves what stood, and says what can go on."""

import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn.files import writing
from ptychopinn_cli.signals import Stopped

INSTALLED = pathlib.Path(sys.executable).with_name("ptycho")
SMALL = ("--n-filters-scale", 0.1, "--unroll", 1, "--no-report", "--quiet")
BUNDLE = ("model.keras", "params.json", "history.csv")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, scan):
    """A folder with a scan and a run of one epoch."""
    from ptychopinn.simulation import scans

    folder = tmp_path_factory.mktemp("trained")
    scans.write_ptychopinn(folder / "scan.npz", scan)
    assert ptycho("train", folder / "scan.npz", "--output-dir", folder / "run", "--epochs", 1, *SMALL).exit_code == 0
    return folder


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of it."""
    return shutil.copytree(trained, tmp_path / "copy")


def train(folder, *more):
    return ptycho("train", folder / "scan.npz", "--output-dir", folder / "run", *SMALL, *more)


def test_a_diverging_training_leaves_the_bundle_that_stood(folder):
    before = contents(folder / "run")
    result = train(folder, "--epochs", 3, "--learning-rate", 0.5, "--gradient-clip-norm", 1e9, "--no-checkpoint")
    assert_said_plainly(result, "finite weights", "diverged", "run keeps", "lower --learning-rate")
    assert {name: contents(folder / "run")[name] for name in BUNDLE} == {name: before[name] for name in BUNDLE}


def test_the_weights_before_a_later_divergence_are_kept_beside(folder, monkeypatch):
    from ptychopinn.training import callbacks

    before, left = contents(folder / "run"), [True, False]  # the second epoch is one of a training that diverges
    monkeypatch.setattr(callbacks, "sound", lambda values, weights: left.pop(0))
    result = train(folder, "--epochs", 3, "--no-checkpoint", "--logger", "none")
    assert_said_plainly(result, "epoch 2", "run keeps its bundle", "run-diverged has the weights of the epoch before")
    assert contents(folder / "run") == before
    assert len((folder / "run-diverged" / "history.csv").read_text().splitlines()) == 2


@pytest.mark.parametrize("more", [(), ("--no-checkpoint",)], ids=["in its first epoch", "without checkpoints"])
def test_an_interrupted_training_does_not_advise_to_go_on_with_an_older_one(folder, monkeypatch, more):
    from ptychopinn.training import train as library

    before = contents(folder / "run")

    def interrupt(*_, **__):
        raise Stopped(signal.SIGINT)

    monkeypatch.setattr(library.PtychoModel, "fit", interrupt)
    result = train(folder, "--epochs", 2, *more)
    assert result.exit_code == 130 and "no checkpoint of this training" in result.exception.advice
    assert "--resume" not in result.exception.advice
    assert contents(folder / "run") == before
    again = ptycho("train", "--resume", folder / "run", "--epochs", 3, "--quiet")
    assert "--resume" in again.exception.advice


def test_a_resumed_run_refuses_changes_of_a_file_as_of_the_command_line(folder):
    (folder / "options.yaml").write_text("learning_rate: 0.01\nseed: 3\nepochs: 2\nnum_workers: 0\n")
    result = ptycho("train", "--resume", folder / "run", "--config", folder / "options.yaml")
    assert_said_plainly(result, "--resume", "Received: learning_rate, seed.", "Leave them out")
    (folder / "options.yaml").write_text("epochs: 1\n")
    assert ptycho("train", "--resume", folder / "run", "--config", folder / "options.yaml").exit_code == 0


def test_a_new_bundle_takes_the_older_run_s_files_with_it(folder):
    assert {"checkpoint.npz", "losses.csv"} <= set(contents(folder / "run"))
    assert train(folder, "--epochs", 1, "--no-checkpoint", "--logger", "none", "--seed", 3).exit_code == 0
    assert set(contents(folder / "run")) == set(BUNDLE)


def test_a_folder_in_use_is_refused_at_once(folder, bundle):
    before = contents(folder / "run")
    longer = ("train", folder / "scan.npz", "--output-dir", folder / "run", "--epochs", 500, *SMALL)
    holder = subprocess.Popen([INSTALLED, *map(str, longer)])
    try:
        while not (folder / "run" / ".ptychopinn-lock").exists():
            time.sleep(0.1)
        for result in (train(folder), ptycho("infer", bundle, folder / "scan.npz", "--output-dir", folder / "run")):
            assert_said_plainly(result, "one writer at a time", f"process {holder.pid}", "another --output-dir")
    finally:
        holder.kill()
        holder.wait()
    with writing(folder / "run"):
        pass
    assert {name: contents(folder / "run")[name] for name in BUNDLE} == {name: before[name] for name in BUNDLE}
