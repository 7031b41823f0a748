"""What the tests share: small simulated scans, a bundle that was never trained, and the real data where they are."""

import ast
import functools
import os
import pathlib
import tempfile

import pytest

import ptychopinn
from ptychopinn.simulation import objects, probes, scans
from ptychopinn_cli.choose_backend import installed

os.environ.setdefault("KERAS_BACKEND", next(iter(installed()), "torch"))  # as the command line chooses
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(tempfile.gettempdir(), "ptychopinn-compiled"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")  # small models compile longer than they run

COMPUTES = ("keras", *(f"ptychopinn.{part}" for part in (
    "engine", "model", "networks", "reconstruction", "training")))  # fmt: skip
"""What computes with the backend; and so do the modules of physics that import any of it."""

PHYSICS = pathlib.Path(ptychopinn.__file__).parent / "physics"

SHARED_DATA = pathlib.Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items):
    """Mark the tests that a further backend must pass too: the others are of NumPy, and run once."""
    for item in items:
        if imports_what_computes(item.path):
            item.add_marker("backend")


@functools.cache
def imports_what_computes(path):
    """Return whether a module imports, at its top, Keras or what computes with it."""
    names = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    if any(f"{name}.".startswith(f"{part}.") for name in names for part in COMPUTES):
        return True
    of_physics = {name.split(".")[2] for name in names if name.startswith("ptychopinn.physics.")}
    return any(imports_what_computes(PHYSICS / f"{module}.py") for module in of_physics)


def simulated(side, size, step):
    """Scan an object of `side` pixels with patterns of `size`, 1e4 photons each."""
    truth = objects.lines(side, count=120)
    positions = scans.jittered_raster(truth.shape, size, step, seed=1, margin=1)
    return scans.simulate(truth, probes.gaussian(size, curvature=1.5), positions, photons=1e4, seed=2)


@pytest.fixture(scope="session")
def scan():
    """100 patterns of 32 x 32 counts, with their object."""
    return simulated(96, 32, step=6)


@pytest.fixture(scope="session")
def scan_64():
    """100 patterns of 64 x 64 counts, with their object."""
    return simulated(144, 64, step=8)


@pytest.fixture
def scan_file(scan, tmp_path):
    """The 32 x 32 scan in PtychoPINN's NPZ."""
    path = tmp_path / "scan.npz"
    scans.write_ptychopinn(path, scan)
    return path


@pytest.fixture
def out(tmp_path):
    """Where a command may write its results: not there yet."""
    return tmp_path / "out"


@pytest.fixture(scope="session")
def bundle(scan, tmp_path_factory):
    """The bundle of a small model for the 32 x 32 scan, with the weights it was built with."""
    from ptychopinn.model import PtychoModel
    from ptychopinn.params import DataParams, ModelParams, TrainingParams
    from ptychopinn.training.bundle import save_bundle
    from ptychopinn.training.train import fit_to

    model = PtychoModel(fit_to(scan, ModelParams(n_filters_scale=0.1, unroll=1), DataParams()))
    model.diffraction.set_probes([scan.probe])
    folder = tmp_path_factory.mktemp("bundle")
    described = {"path": "scan.npz", "name": "scan.npz", "shape": [100, 32, 32], "sha256": 64 * "0"}
    save_bundle(folder, model, DataParams(), TrainingParams(), history=[], training_data=[described])
    return folder


@pytest.fixture
def shared_data():
    """The folder of real data beside the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the real data in {SHARED_DATA}")
    return SHARED_DATA
