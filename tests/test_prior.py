"""Laws of a prior of what objects look like: between passes, as a start, and of the network that ships."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from refusal import assert_one_line, ptycho

from ptychopinn import ReconstructionParams, load_bundle, reconstruct
from ptychopinn.engine.engine import Moves
from ptychopinn.formats import read_scan
from ptychopinn.model import PtychoModel
from ptychopinn.params import ExecutionParams, ModelParams
from ptychopinn.reconstruction.dose import dose_of
from ptychopinn.reconstruction.prior import Corrector, corrected, prior_of
from ptychopinn.reconstruction.refinement import refine
from ptychopinn.reconstruction.starts import flat
from ptychopinn.simulation import objects, probes, scans
from ptychopinn.training.shipped import shipped

RANDOM = np.random.default_rng(7)
OF_ESTIMATES = ModelParams(size=32, input="estimate", unroll=1, group_side=1, canvas=32, n_filters_scale=0.2)


@pytest.fixture(scope="module")
def dim():
    """100 patterns of 32 x 32 pixels, 300 photons each, with their object."""
    truth = objects.lines(96, count=120)
    positions = scans.jittered_raster(truth.shape, 32, 6, seed=1, margin=1)
    return scans.simulate(truth, probes.gaussian(32, curvature=1.5), positions, photons=300, seed=2)


def corrector(last=0.0):
    """A network of estimates whose last weights are random, of a size, or zero."""
    keras.utils.set_random_seed(1)
    model = PtychoModel(OF_ESTIMATES)
    network = model.generators[0]
    network.set_weights([w if w.any() else last * RANDOM.standard_normal(w.shape) for w in network.get_weights()])
    return Corrector(model)


def picture(*shape):
    """Random transmission, and the photons that fell on it."""
    real, imag = RANDOM.standard_normal((2, *shape))
    return (1 + 0.1 * real + 0.1j * imag).astype(np.complex64), RANDOM.uniform(1, 50, shape).astype(np.float32)


def error(obj, scan, start):
    """Relative error of an object on a scan's canvas where light is, up to a constant phase."""
    rows, columns = (np.clip(np.arange(n) + first, 0, 95) for n, first in zip(obj.shape, start.origin))
    truth, light = scan.object[rows[:, None], columns], start.weight
    scale = np.vdot(obj * light, truth) / np.vdot(obj * light, obj)
    return np.linalg.norm(np.sqrt(light) * (scale * obj - truth)) / np.linalg.norm(np.sqrt(light) * truth)


@pytest.mark.parametrize("shape", [(40, 50), (64, 64), (97, 130)])
def test_windows_of_a_network_that_says_nothing_are_the_object(shape):
    obj, dose = picture(*shape)
    np.testing.assert_allclose(corrected(obj, dose, corrector()), obj, atol=1e-5)


def test_a_constant_phase_of_the_object_is_kept_and_photons_are_seen():
    (obj, dose), network = picture(70, 70), corrector(last=0.05)
    found = corrected(obj, dose, network)
    assert np.abs(found - obj).max() > 1e-3
    turn = np.exp(0.9j).astype(np.complex64)
    np.testing.assert_allclose(corrected(obj * turn, dose, network), found * turn, atol=1e-4)
    assert np.abs(corrected(obj, 100 * dose, network) - found).max() > 1e-4


def test_a_prior_that_knows_the_object_is_followed_and_one_that_does_not_is_not(dim):
    start = flat(dim, dim.probe)
    alone = refine(start, dim, 60, Moves(probe=False))
    known = np.pad(dim.object, 40, mode="edge")

    def knowing(obj, dose):
        rows, columns = (np.arange(n) + first - 8 + 40 for n, first in zip(obj.shape, start.origin))
        truth = known[rows[:, None], columns]
        return (truth * np.vdot(truth * dose, obj) / np.vdot(truth * dose, truth)).astype(np.complex64)

    def misled(obj, dose):
        return (obj + RANDOM.standard_normal(obj.shape)).astype(np.complex64)

    followed, left = (refine(start, dim, 60, Moves(probe=False), prior=one) for one in (knowing, misled))
    errors = [error(one.reconstruction.object, dim, start) for one in (alone, followed, left)]
    assert errors[1] < 0.5 * errors[0]
    assert left.deviances[left.kept] <= alone.deviances[alone.kept]
    assert len(followed.deviances) - 1 <= 60


def test_the_shipped_network_lowers_the_error_of_few_photons(dim):
    start, bundle = flat(dim, dim.probe), load_bundle(shipped())
    few = refine(start, dim, 8, Moves(probe=False)).reconstruction
    made = reconstruct(dim, params=ReconstructionParams(start="network", passes=0))
    assert made.record["start"] == "network" and made.record["probe"] == "scan"
    assert error(made.object, dim, start) < 0.95 * error(few.object, dim, start)
    by_hand = prior_of(bundle, ExecutionParams())(few.object, dose_of(few.weight, dim.probe))
    np.testing.assert_allclose(made.object, by_hand, atol=1e-4)


APART = np.mgrid[48:208:5j, 48:208:5j].reshape(2, -1).T
SPARSE = np.mgrid[58:198:11j, 58:198:11j].reshape(2, -1).T


@pytest.mark.parametrize(
    "positions, photons, why", [(APART, 1e5, "Patterns hardly overlap"), (SPARSE, 100, "less than 1 photon")]
)
def test_where_a_scan_tells_little_the_shipped_network_makes_the_start(tmp_path, positions, photons, why):
    truth, probe = objects.lines(256, count=200), probes.gaussian(64, width=0.12, curvature=1.5)
    scans.write_ptychopinn(tmp_path / "scan.npz", scans.simulate(truth, probe, positions, photons, seed=2))

    def report(*options):
        out = tmp_path / "out"
        done = ptycho("reconstruct", tmp_path / "scan.npz", "--no-report", "--output-dir", out, *options)
        assert done.exit_code == 0, done.output
        return done.output, json.loads((out / "report.json").read_text())

    said, by_itself = report()
    _, flat_one = report("--start", "flat")
    assert why in said and "bundle" in by_itself["inputs"]
    assert (by_itself["start"], flat_one["start"]) == ("network", "flat")
    assert by_itself["error_against_file_object"] < flat_one["error_against_file_object"]


def test_the_shipped_bundle_is_small_and_says_what_it_is():
    size = (shipped() / "model.keras").stat().st_size
    record = json.loads((shipped() / "params.json").read_text())
    card = (shipped() / "CARD.md").read_text()
    assert size < 10e6 and record["training_data"] == [] and record["checksums"]["model.keras"] in card
    done = ptycho("inspect", "shipped")
    assert done.exit_code == 0 and "estimate" in done.output and "16,000 steps" in done.output


def test_infer_takes_a_scan_alone_and_a_prior_acts(scan_file, tmp_path):
    for name, command in {
        "infer": ("infer", scan_file), "prior": ("reconstruct", scan_file, "--prior", "network", "--start", "flat"),
        "alone": ("reconstruct", scan_file),
    }.items():  # fmt: skip
        done = ptycho(*command, "--passes", 30, "--output-dir", tmp_path / name)
        assert done.exit_code == 0, done.output
        page = (tmp_path / name / "report.html").read_text()
        assert ("16,000 steps" in page) == (name != "alone")
    reports = {name: json.loads((tmp_path / name / "report.json").read_text()) for name in ("infer", "prior", "alone")}
    assert reports["infer"]["start"] == "network" and reports["prior"]["start"] == "flat"
    assert reports["prior"]["prior"] == "network" and reports["alone"]["prior"] == "none"
    assert reports["prior"]["refinement_passes_made"] > reports["alone"]["refinement_passes_made"]
    assert_one_line(ptycho("infer", scan_file, scan_file, scan_file).output, "3 paths")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"slices": 2, "slice_fresnel_number": 0.1}, "slices=2"), ({"passes": 0}, "passes=0"),
    ],
)  # fmt: skip
def test_a_prior_without_passes_of_one_slice_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        ReconstructionParams(prior="network", **options)


def test_a_prior_of_other_networks_or_of_amplitudes_is_refused(bundle, scan_file, dim):
    params = ReconstructionParams(prior="network")
    with pytest.raises(ValueError, match="input=backprojection"):
        reconstruct(read_scan(scan_file), bundle, params)
    amplitudes = np.sqrt(np.asarray(dim.patterns, np.float32))
    of_amplitudes = dataclasses.replace(dim, patterns=amplitudes, measurement="amplitude")
    with pytest.raises(ValueError, match="photons held out.*amplitudes"):
        reconstruct(of_amplitudes, params=params)


def test_a_bundle_reconstructs_patterns_of_another_size(bundle, scan_64):
    found = reconstruct(scan_64, bundle, ReconstructionParams(passes=0))
    assert found.record["size_px"] == 64 and np.isfinite(found.object).all()
    few = dataclasses.replace(scan_64.subset(np.arange(3)))  # too few for the groups that it was trained in
    assert np.isfinite(reconstruct(few, bundle, ReconstructionParams(passes=0)).object).all()
