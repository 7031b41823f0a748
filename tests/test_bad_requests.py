"""Laws of refusal, of what a user asks for: options, backends, devices, configuration, places to write."""

import errno
import os
import pathlib
import subprocess
import sys

import click
import numpy as np
import pytest
from refusal import assert_one_line, assert_said_plainly, ptycho

from ptychopinn_cli import backend as backends

INSTALLED = pathlib.Path(sys.executable).with_name("ptycho")
ALL = dict.fromkeys(backends.BACKENDS, "1.0")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """Commands choose their backend in the environment: put it back."""
    monkeypatch.setenv("KERAS_BACKEND", os.environ["KERAS_BACKEND"])


REQUESTS = {
    "supervised without object": (("--model-type", "supervised"), "objectGuess", "without one", "--model-type pinn"),
    "photons of counts": (("--photons", 1e5), "counts", "photons=100000", "--measurement amplitude"),
    "rate of zero": (("--learning-rate", 0), "more than 0", "learning_rate=0", ""),
    "unknown backend": (("--backend", "theano"), "one of torch, tensorflow, jax", "theano"),
    "groups wider than a canvas": (("--max-distance", 400, "--neighbours", 90), "72 pixels", "--max-distance of 16"),
    "validation scan missing": (("--test-data", "nowhere.npz"), "file", "nowhere.npz", "Check the path"),
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_impossible_requests_are_refused(scan_file, tmp_path, request_):
    with np.load(scan_file) as file:
        arrays = {key: file[key] for key in file.files if key != "objectGuess"}
    np.savez(scan_file, **arrays)
    arguments, *words = request_
    out = tmp_path / "out"
    assert_said_plainly(ptycho("train", scan_file, "--output-dir", out, *arguments), *words, out=out)
