"""One model under three backends: the same losses, the same predictions, bundles that open everywhere."""

import os
import subprocess
import sys

import keras
import make_fixtures as make
import numpy as np
import pytest

from ptychopinn.formats import read_scan
from ptychopinn.model import PtychoModel
from ptychopinn.training.bundle import load_bundle, save_bundle
from ptychopinn_cli.choose_backend import installed

GOLDEN = np.load(make.HERE / "golden.npz")
WEIGHTS = [GOLDEN[f"weight_{i}"] for i in range(sum(key.startswith("weight_") for key in GOLDEN.files))]
OTHERS = [name for name in installed() if name != keras.backend.backend()]

READ_ELSEWHERE = """
import sys
import numpy as np
import make_fixtures as make
from ptychopinn.training.bundle import load_bundle
from ptychopinn.formats import read_scan
np.save(sys.argv[2], make.predict(load_bundle(sys.argv[1]).model, read_scan(make.HERE / "scan.npz")))
"""


@pytest.fixture(scope="module")
def scan():
    return read_scan(make.HERE / "scan.npz")


@pytest.fixture(scope="module")
def model(scan):
    model = PtychoModel(make.settings_for(scan).model)
    model.set_weights(WEIGHTS)
    return model


def close(found, expected):
    """Compare intensities to 1e-5 of the brightest, and objects to 1e-5."""
    np.testing.assert_allclose(found[0], expected[0], atol=1e-5 * expected[0].max())
    np.testing.assert_allclose(found[1:], expected[1:], atol=1e-5)


def test_predictions_are_the_golden_ones(model, scan):
    close(make.predict(model, scan), GOLDEN["prediction"])


def test_losses_of_twenty_steps_are_the_golden_ones(scan):
    np.testing.assert_allclose(make.golden_losses(scan, WEIGHTS), GOLDEN["losses"], rtol=1e-3)


@pytest.mark.parametrize("other", OTHERS)
def test_a_bundle_written_here_is_read_there(other, model, scan, tmp_path):
    settings = make.settings_for(scan)
    described = [{"name": scan.name, "shape": list(scan.patterns.shape), "sha256": "0" * 64}]
    save_bundle(tmp_path / "run", model, settings.data, settings.training, [], described)
    close(make.predict(load_bundle(tmp_path / "run").model, scan), make.predict(model, scan))
    environment = {**os.environ, "KERAS_BACKEND": other, "PYTHONPATH": str(make.HERE)}
    subprocess.run(
        [sys.executable, "-c", READ_ELSEWHERE, tmp_path / "run", tmp_path / "there.npy"], env=environment, check=True
    )
    close(np.load(tmp_path / "there.npy"), make.predict(model, scan))
