"""Laws of many scans: each with its own probe, scale and groups; unseen probes; networks adapted to new scans."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras import ops
from reference import intensity as intensity_reference
from refusal import assert_said_plainly, ptycho

from ptychopinn.data.batches import GroupBatches
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_truth import score
from ptychopinn.model import PtychoModel
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.physics.diffraction import Diffraction
from ptychopinn.physics.probes import agreement
from ptychopinn.reconstruction.prediction import predict_object
from ptychopinn.reconstruction.suited import suited_to
from ptychopinn.reconstruction.whose_probe import choose_probe
from ptychopinn.simulation import objects, probes, scans
from ptychopinn.training.bundle import load_bundle
from ptychopinn.training.train import Settings, fit_to, train

RANDOM = np.random.default_rng(17)
SMALL = ("--epochs", 1, "--n-filters-scale", 0.1, "--unroll", 1, "--no-report", "--quiet")


def simulated(seed, photons=1e5, **probe):
    """Scan lines of a seed with 100 patterns of 32 x 32 pixels."""
    truth = objects.lines(80, count=80, seed=seed)
    positions = scans.jittered_raster(truth.shape, 32, 5, seed=seed, margin=1)
    probe = probes.gaussian(32, **{"width": 0.16, "curvature": 1.0, **probe})
    return scans.simulate(truth, probe, positions, photons=photons, seed=seed + 100)


FIRST = simulated(1)
SECOND = simulated(2, photons=1e4, width=0.2, curvature=2.5)
OTHER_PROBE = simulated(3, width=0.22, curvature=-2.0)


def complex_array(*shape):
    return RANDOM.standard_normal(shape) + 1j * RANDOM.standard_normal(shape)


def pair(array):
    return tuple(ops.convert_to_tensor(part.astype("float32")) for part in (array.real, array.imag))


def settings(some, epochs=1, model=None):
    data = DataParams(validation_fraction=0.0)
    wanted = fit_to(some, model or ModelParams(n_filters_scale=0.2, unroll=1, physics_rounds=4), data)
    return Settings(wanted, LossParams(), data, TrainingParams(epochs=epochs), ExecutionParams())


@pytest.fixture(scope="module")
def model():
    """A model trained on two scans of different probes and exposures."""
    return train([FIRST, SECOND], settings([FIRST, SECOND], epochs=3)).model


def error(model, scan, **how):
    truth = Reconstruction(scan.object, origin=(0, 0), positions=scan.positions)
    return score(predict_object(model, scan, **how).stitched, truth, region="scan").figures["nrmse_complex"]


def test_a_group_is_of_one_scan_and_goes_with_its_index():
    some = [np.arange(0, len(FIRST), 2), np.arange(1, len(SECOND), 2)]
    how = ModelParams(), DataParams(), TrainingParams(batch_size=8, holdout=0.0)
    batches = GroupBatches([FIRST, SECOND], some, *how)
    mixed = 0
    for batch in range(len(batches)):
        ((amplitudes, offsets, scan_of),) = batches[batch]
        mixed += len(np.unique(scan_of)) == 2
        for row, index in enumerate(scan_of):
            group, scan = batches.groups[8 * batch + row], (FIRST, SECOND)[index]
            assert np.isin(group, some[index]).all()
            np.testing.assert_array_equal(amplitudes[row], scan.amplitudes(group))
            places = scan.positions[group]
            np.testing.assert_allclose(offsets[row] - offsets[row, 0], places - places[0], atol=1e-4)
    assert mixed > len(batches) / 2
    one, other = (np.sum(batches.scan_of_group == index) for index in (0, 1))
    assert abs(int(one) - int(other)) <= 8


def test_each_scan_is_diffracted_by_its_own_probe():
    own = [complex_array(2, 32, 32), 3 * complex_array(1, 32, 32)]
    layer, patches = Diffraction(size=32, modes=2, scans=2), complex_array(3, 2, 32, 32)
    layer.set_probes(own)
    layer.log_scale.assign([0.0, 0.3])
    found = ops.convert_to_numpy(layer(pair(patches), ops.convert_to_tensor([1, 0, 1], "int32")))
    for group, scan, factor in zip(range(3), (1, 0, 1), (np.exp(0.6), 1, np.exp(0.6))):
        for position in range(2):
            expected = factor * intensity_reference(patches[group, position], own[scan])
            np.testing.assert_allclose(found[group, position], expected, rtol=1e-3, atol=1e-2)
    np.testing.assert_allclose(layer.probe_for(np.sum(np.abs(own[0]) ** 2), 0), own[0], rtol=1e-5)
    assert len(layer.probe_for(1.0, 1)) == 1  # without the empty mode


def test_training_moves_the_probe_and_scale_of_the_scans_in_the_batch_alone():
    two = ModelParams(size=32, canvas=48, scans=2, modes=2, n_filters_scale=0.1)
    model = PtychoModel(two)
    model.diffraction.set_probes([10 * complex_array(2, 32, 32), 10 * complex_array(1, 32, 32)])
    optimizer = keras.optimizers.Adam(1e-2)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    batch = RANDOM.uniform(0, 6, (2, 4, 32, 32)).astype("float32"), np.zeros((2, 4, 2), "float32")
    layer = model.diffraction

    def moved(scan_of):
        before = [ops.convert_to_numpy(weight).copy() for weight in (layer.log_scale, layer.probe_real)]
        model.train_on_batch((*batch, np.array(scan_of, np.int32)))
        after = [ops.convert_to_numpy(weight) for weight in (layer.log_scale, layer.probe_real)]
        return [[bool((new[scan] != old[scan]).any()) for scan in (0, 1)] for old, new in zip(before, after)]

    assert moved([1, 1]) == [[False, True], [False, True]]
    assert moved([1, 0]) == [[True, True], [True, True]]
    assert not ops.convert_to_numpy(layer.probe_real)[1, 1].any()  # an empty mode stays empty


def test_output_is_a_function_of_one_group_and_its_scan(model):
    positions = np.array([[0, 1, 10, 11], [40, 41, 50, 51], [7, 8, 17, 18]])
    how = ModelParams(), DataParams(), TrainingParams(batch_size=6, holdout=0.0)
    ((amplitudes, offsets, scan_of),) = GroupBatches([FIRST, SECOND], [positions.ravel()] * 2, *how)[0]
    together = model.predict_on_batch((amplitudes, offsets, scan_of))
    for row in range(6):
        alone = model.predict_on_batch((amplitudes[row : row + 1], offsets[row : row + 1], scan_of[row : row + 1]))
        np.testing.assert_allclose(alone["real"][0], together["real"][row], rtol=1e-3, atol=1e-3)


def test_exposure_changes_neither_loss_nor_object():
    """Nine times the photons, with a probe that carries them, are the same experiment."""
    model = PtychoModel(ModelParams(size=32, canvas=48, scans=2, n_filters_scale=0.1))
    model.set_weights([w if w.any() else 0.02 * RANDOM.standard_normal(w.shape) for w in model.get_weights()])
    model.diffraction.log_scale.assign([0.0, 0.0])
    model.diffraction.set_probes([FIRST.probe, 3 * FIRST.probe])
    groups = np.array([[0, 1, 10, 11]])
    amplitudes = FIRST.amplitudes(groups)
    losses, objects_ = [], []
    for scan_of, factor in ((0, 1), (1, 3)):
        batch = factor * amplitudes, np.zeros((1, 4, 2), "float32"), np.array([scan_of], np.int32)
        out = model(tuple(map(ops.convert_to_tensor, batch)))
        losses.append(float(ops.convert_to_numpy(model.compute_loss(batch, None, out))))
        objects_.append(ops.convert_to_numpy(out["real"]))
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-2)
    assert np.abs(objects_[1] - objects_[0]).mean() < 1e-2 * np.abs(objects_[0]).mean()


def test_an_unseen_probe_is_served_by_the_scan_s_own(model):
    own = error(model, OTHER_PROBE, probe=OTHER_PROBE.probe)
    wrong = error(model, OTHER_PROBE, probe=model.diffraction.probe_for(OTHER_PROBE.mean_photons, 0))
    assert own < 0.75 * wrong
    with pytest.raises(ValueError, match="several probes.*Received: probe=None.*Give scan.probe"):
        predict_object(model, OTHER_PROBE)


def test_a_sparser_scan_gets_the_canvas_that_it_needs(model):
    sparse = dataclasses.replace(FIRST, positions=2.5 * FIRST.positions, object=None)
    assert suited_to(FIRST, model, FIRST.probe).params.canvas == model.params.canvas
    assert suited_to(sparse, model, FIRST.probe).params.canvas > model.params.canvas
    assert np.isfinite(predict_object(model, sparse, probe=FIRST.probe).stitched.object).all()


def test_a_trained_network_adapts_in_fewer_passes_than_a_new_one(model):
    wanted = settings(OTHER_PROBE, epochs=1, model=model.params)
    fresh, adapted = (train(OTHER_PROBE, dataclasses.replace(wanted, start=start)) for start in (None, model))
    assert error(adapted.model, OTHER_PROBE) < error(fresh.model, OTHER_PROBE)
    assert adapted.history[0]["loss"] < fresh.history[0]["loss"]


def test_agreement_is_blind_to_brightness_and_to_the_order_and_mixing_of_modes():
    one, angle = complex_array(2, 16, 16), 0.7
    mixing = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(agreement(one, 5j * np.tensordot(mixing, one, axes=1)), 1)
    first, second = np.eye(2)[:, None, :] + 0j
    assert agreement(first[None], second[None]) == 0
    np.testing.assert_allclose(agreement(first[None], (first + second)[None]), 0.5)


@pytest.fixture
def folder(tmp_path):
    """A folder of two scans, and a file that is none."""
    folder = tmp_path / "many"
    folder.mkdir()
    for name, scan in (("a.npz", FIRST), ("b.npz", SECOND)):
        scans.write_ptychopinn(folder / name, scan)
    np.savez(folder / "c.npz", other=np.ones(3))
    return folder


def test_a_bundle_of_several_scans_knows_each(folder, tmp_path, out):
    run, stranger = tmp_path / "run", tmp_path / "stranger.npz"
    scans.write_ptychopinn(stranger, OTHER_PROBE)
    assert ptycho("train", folder, "--output-dir", run, *SMALL).exit_code == 0
    bundle = load_bundle(run)
    assert [one["name"] for one in bundle.record["training_data"]] == ["a.npz", "b.npz"]
    for index, scan in enumerate((FIRST, SECOND)):
        assert agreement(bundle.model.diffraction.probe_for(1.0, index), scan.probe) > 0.9
    for path, source in ((folder / "b.npz", "bundle"), (stranger, "scan")):
        done = ptycho("infer", run, path, "--no-refine-probe", "--output-dir", out, "--no-report")
        assert f"probe is that of the {source}" in done.output
        assert json.loads((out / "report.json").read_text())["probe"] == source
    written = np.load(out / "reconstruction.npz")["probe"]
    np.testing.assert_allclose(written, OTHER_PROBE.probe, rtol=1e-3, atol=1e-3 * np.abs(written).max())
    result = ptycho("infer", run, stranger, "--probe", "bundle", "--output-dir", tmp_path / "no")
    assert_said_plainly(result, "--probe bundle", "stranger.npz", "--probe scan", out=tmp_path / "no")
    assert ptycho("train", "--resume", run, "--epochs", 2, "--quiet", "--no-report").exit_code == 0
    assert len(load_bundle(run).history) == 2


def test_the_one_probe_of_a_bundle_is_taken_for_scans_that_have_it(bundle, scan):
    loaded = load_bundle(bundle)
    assert choose_probe(None, loaded, scan, "1" * 64)[0] == "bundle"
    assert choose_probe("scan", loaded, scan, "1" * 64)[1] is scan.probe
    assert choose_probe(None, loaded, OTHER_PROBE, "1" * 64)[0] == "scan"
    assert choose_probe("bundle", loaded, OTHER_PROBE, "1" * 64)[0] == "bundle"


def test_a_training_from_a_bundle_says_so(bundle, scan_file, out):
    assert ptycho("train", scan_file, "--from-bundle", bundle, "--output-dir", out, *SMALL).exit_code == 0
    record = json.loads((out / "params.json").read_text())
    first = json.loads((bundle / "params.json").read_text())
    assert record["from_bundle"] == {"path": str(bundle), "sha256": first["checksums"]["model.keras"]}
    assert record["model"]["n_filters_scale"] == 0.1


def test_a_training_goes_on_from_a_bundle_of_another_size(bundle, tmp_path, out, scan_64):
    scans.write_ptychopinn(tmp_path / "large.npz", scan_64)
    done = ptycho("train", tmp_path / "large.npz", "--from-bundle", bundle, "--output-dir", out, *SMALL)
    assert done.exit_code == 0, done.output
    before, after = load_bundle(bundle).model, load_bundle(out).model
    assert (before.params.size, after.params.size) == (32, 64)
    shapes = [[weight.shape for weight in model.generators[0].weights] for model in (before, after)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("way", [("--pad", 64), ("--crop", 32)], ids=lambda way: way[0])
def test_scans_of_several_sizes_are_brought_to_one(scan_file, scan_64, tmp_path, out, way):
    scans.write_ptychopinn(tmp_path / "large.npz", scan_64)
    done = ptycho("train", scan_file, tmp_path / "large.npz", *way, "--output-dir", out, *SMALL)
    assert done.exit_code == 0, done.output
    params = load_bundle(out).model.params
    assert (params.size, params.scans) == (way[1], 2)


REFUSALS = {
    "another option": (("{scan}", "--from-bundle", "{bundle}", "--generator", "cnn"), "=unet", "generator=cnn"),
    "no bundle": (("{scan}", "--from-bundle", "{empty}"), "bundle must hold", "without", "Copy the whole folder"),
    "another size": (("{scan}", "{large}"), "patterns of one size", "N=32", "N=64", "--pad 64, or --crop 32"),
    "no scan in the folder": (("{empty}",), "folder of scans", "with none", "Check the path"),
    "too few to validate on": (("{scan}", "{scan}", "--test-data", "{scan}"), "Each of the 2 scans", "1", "Give"),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSALS.values(), ids=REFUSALS)
def test_scans_and_bundles_that_do_not_fit_are_refused(bundle, scan_file, scan_64, tmp_path, out, row):
    arguments, *words = row
    scans.write_ptychopinn(tmp_path / "large.npz", scan_64)
    (tmp_path / "empty").mkdir()
    places = {"scan": scan_file, "large": tmp_path / "large.npz", "bundle": bundle, "empty": tmp_path / "empty"}
    arguments = [argument.format(**places) for argument in arguments]
    assert_said_plainly(ptycho("train", *arguments, "--output-dir", out), *words, out=out)
