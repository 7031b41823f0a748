"""The story, as a user lives it: simulate, train, bundle, infer, stitch, evaluate; with the installed command."""

import json
import os
import shutil
import subprocess
import sys

import keras
import make_fixtures as make
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from ptychopinn.simulation import objects, probes, scans


def ptycho(*arguments, cwd, **environment):
    """Run the installed command in a fresh process; return its stdout."""
    command = shutil.which("ptycho", path=os.path.dirname(sys.executable))
    environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend(), **environment}
    done = subprocess.run([command, *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a simulated scan, a bundle trained on it, its reconstruction, and what the network alone makes."""
    folder = tmp_path_factory.mktemp("story")
    truth = objects.lines(112, count=80, seed=5)
    positions = scans.jittered_raster(truth.shape, size=32, step=5, seed=6)
    scan = scans.simulate(truth, probes.gaussian(32, width=0.16, curvature=1.5), positions, photons=1e6, seed=7)
    scans.write_ptychopinn(folder / "scan.npz", scan)
    ptycho("train", "scan.npz", "--epochs", 6, "--n-filters-scale", 0.5, cwd=folder)
    ptycho("infer", "run", "scan.npz", "--batch-size", 2, cwd=folder)
    ptycho("infer", "run", "scan.npz", "--refine", 0, "--no-report", "--output-dir", "network", cwd=folder)
    return folder


def error_of(folder):
    """Return the complex error that a report states, and that of a flat object."""
    truth = np.load(folder.parent / "scan.npz")["objectGuess"]
    flat = np.std(truth) / np.sqrt(np.mean(np.abs(truth) ** 2))
    return json.loads((folder / "report.json").read_text())["error_against_file_object"], flat


def test_the_object_is_recovered(folder):
    error, flat = error_of(folder / "out")
    assert error < 0.08 < 0.3 * flat


def test_the_network_alone_recovers_the_object_and_the_passes_improve_it(folder):
    alone, flat = error_of(folder / "network")
    assert error_of(folder / "out")[0] < alone < 0.1 < 0.3 * flat


@pytest.mark.parametrize("made_by", ["out", "network"])
def test_the_detail_is_the_truth_s(folder, made_by):
    """Amplitudes correlate once what a Gaussian of 4 pixels keeps is taken away."""
    out, truth = np.load(folder / made_by / "reconstruction.npz"), np.load(folder / "scan.npz")["objectGuess"]
    row, column = out["origin"]
    inner = np.s_[30:80, 30:80]
    placed = out["object"][30 - row : 80 - row, 30 - column : 80 - column]
    detail = [np.abs(a) - gaussian_filter(np.abs(a), 4) for a in (placed, truth[inner])]
    assert np.corrcoef(detail[0].ravel(), detail[1].ravel())[0, 1] > 0.6
    assert structural_similarity(np.abs(placed), np.abs(truth[inner]), data_range=np.ptp(np.abs(truth))) > 0.3


def test_what_is_written_is_whole(folder):
    names = {path.name for path in (folder / "out").iterdir()}
    assert names == {
        "reconstruction.npz", "report.json", "report.html", "amplitude.png", "phase.png", "probe.png", "comparison.png",
        "uncertainty.png",
    }  # fmt: skip
    out = np.load(folder / "out/reconstruction.npz", allow_pickle=False)
    assert out["object"].shape == out["weight"].shape and out["object"].dtype == np.complex64
    assert np.isfinite(out["object"]).all() and out["probe"].shape == (1, 32, 32)
    assert {path.name for path in (folder / "run").iterdir()} == {
        "model.keras", "params.json", "history.csv", "losses.csv", "checkpoint.npz", "report.html",
    }  # fmt: skip


def test_another_backend_s_network_makes_the_same_image(folder):
    """Of passes, how many are kept is decided by a hair; see `test_engine` for what a pass makes under each backend."""
    from ptychopinn_cli.choose_backend import installed

    others = [name for name in installed() if name != keras.backend.backend()]
    if not others:
        pytest.skip("one backend is installed: nothing to compare with")
    alone = "--refine", 0, "--no-report", "--output-dir", "elsewhere"
    ptycho("infer", "run", "scan.npz", *alone, cwd=folder, KERAS_BACKEND=others[0])
    here, there = (np.load(folder / out / "reconstruction.npz") for out in ("network", "elsewhere"))
    seen, most = here["weight"] > 0.1 * here["weight"].max(), np.abs(here["object"]).max()
    np.testing.assert_allclose(there["object"][seen], here["object"][seen], atol=1e-4 * most)
    np.testing.assert_allclose(there["object"], here["object"], atol=1e-3 * most)  # in the dark, rounding is enlarged


def test_a_run_resumes(folder):
    ptycho("train", "--resume", "run", "--epochs", 7, cwd=folder)
    rows = (folder / "run/history.csv").read_text().splitlines()
    assert len(rows) == 8 and rows[-1].startswith("7,")


def test_fixtures_are_what_their_script_makes():
    stored = np.load(make.HERE / "scan.npz")
    truth = objects.lines(88, count=80, seed=1)
    np.testing.assert_allclose(stored["objectGuess"], truth, rtol=1e-5)
    assert np.corrcoef(stored["xcoords"], scans.jittered_raster(truth.shape, 32, 6, seed=2)[:, 1])[0, 1] > 0.9999
