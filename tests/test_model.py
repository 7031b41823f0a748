"""Laws of the model and its generators: pure functions of one group, serialisable, trainable, safe in low precision."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops
from reference import intensity as intensity_reference

from ptychopinn.data.scan import NO_DATA
from ptychopinn.model import PtychoModel
from ptychopinn.networks import build_generator
from ptychopinn.params import GENERATORS, HEADS, INPUTS, LossParams, ModelParams
from ptychopinn.physics import overlap
from ptychopinn.reconstruction.prediction import PatchPredictor

RANDOM = np.random.default_rng(11)
SMALL = ModelParams(size=32, canvas=48, n_filters_scale=0.25, unroll=1, physics_rounds=2)
VARIANTS = {
    "default": SMALL,
    "single_shot": dataclasses.replace(SMALL, group_side=1, canvas=32),
    **{name: dataclasses.replace(SMALL, generator=name) for name in GENERATORS[1:]},
    **{name: dataclasses.replace(SMALL, input=name) for name in INPUTS[1:]},
    **{name: dataclasses.replace(SMALL, head=name) for name in HEADS[1:]},
    "modes": dataclasses.replace(SMALL, modes=2),
    "unrolled": dataclasses.replace(SMALL, unroll=None, physics_rounds=1),
    "seeing_one_pattern": dataclasses.replace(SMALL, unroll=2, single_shot=True),
    "shared": dataclasses.replace(SMALL, unroll=3, share_rounds=True, group_side=1, canvas=32),
}
EACH = pytest.mark.parametrize("params", VARIANTS.values(), ids=VARIANTS)


def make(params, loss=None, **how):
    """Build a model whose network has random, not zero, weights at its end."""
    keras.utils.set_random_seed(5)
    model = PtychoModel(params, loss, **how)
    model.set_weights([w if w.any() else 0.05 * RANDOM.standard_normal(w.shape) for w in model.get_weights()])
    probe = RANDOM.standard_normal((2, params.modes, 32, 32)) * np.hanning(34)[1:-1] * np.hanning(34)[1:-1, None]
    model.diffraction.set_probes([(probe[0] + 1j * probe[1]) * 10])
    return model


def inputs(groups, params=SMALL):
    amplitudes = RANDOM.uniform(0, 6, (groups, params.positions, 32, 32)).astype("float32")
    amplitudes[0, 0, :2] = NO_DATA
    return amplitudes, RANDOM.uniform(-5, 5, (groups, params.positions, 2)).astype("float32")


def compile_with(model, optimizer):
    """Give a model an optimizer whose variables are there: TensorFlow would trace the first step twice."""
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)


def predict(model, batch):
    return {name: ops.convert_to_numpy(part) for name, part in model.predict_on_batch(batch).items()}


@EACH
def test_output_is_a_pure_function_of_one_group(params):
    model, batch = make(params), inputs(16, params)
    together = predict(model, batch)
    for size in (1, 15):
        part = predict(model, tuple(array[:size] for array in batch))
        for name in together:
            assert part[name].shape[0] == size
            np.testing.assert_allclose(part[name], together[name][:size], rtol=1e-3, atol=1e-4)


@EACH
def test_model_survives_saving(params, tmp_path):
    model, batch = make(params, LossParams(mae_weight=0.5)), inputs(2, params)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert twin.params == model.params and twin.loss_params == model.loss_params
    for name, expected in predict(model, batch).items():
        np.testing.assert_allclose(predict(twin, batch)[name], expected, rtol=1e-5, atol=1e-5)


@EACH
def test_a_few_steps_lower_the_loss(params):
    model, batch = make(params), inputs(4, params)
    compile_with(model, keras.optimizers.Adam(1e-3, global_clipnorm=1.0))

    def loss():
        return float(ops.convert_to_numpy(model.compute_loss(batch, None, model(batch))))

    before = loss()
    for _ in range(6):
        model.train_on_batch(batch)
    assert loss() < before


def test_every_trainable_weight_moves():
    model, batch = make(dataclasses.replace(SMALL, probe_trainable=True)), inputs(4)
    before = {weight.path: ops.convert_to_numpy(weight).copy() for weight in model.trainable_weights}
    compile_with(model, keras.optimizers.Adam(1e-2))
    model.train_on_batch(batch)
    after = {weight.path: ops.convert_to_numpy(weight) for weight in model.trainable_weights}
    still = [path for path in before if np.array_equal(before[path], after[path])]
    assert not still and any("log_scale" in path for path in before) and any("probe_real" in path for path in before)


def test_intensity_is_the_formula_of_the_patches():
    model, batch = make(VARIANTS["modes"]), inputs(2)
    out = predict(model, batch)
    probe = np.array([ops.convert_to_numpy(part) for part in model.diffraction.probe()])
    expected = intensity_reference(out["real"][1, 2] + 1j * out["imag"][1, 2], probe[0] + 1j * probe[1])
    np.testing.assert_allclose(out["intensity"][1, 2], expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_physics_and_saved_model_are_float32_in_mixed_precision(precision, tmp_path):
    model, batch = make(SMALL, precision=precision), inputs(2)
    plain = make(SMALL)
    plain.set_weights(model.get_weights())
    out, expected = predict(model, batch), predict(plain, batch)
    assert out["intensity"].dtype == np.float32
    assert 0 < np.abs(out["real"] - expected["real"]).max() < 0.1
    model.save(tmp_path / "model.keras")
    opened = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(predict(opened, batch)["real"], expected["real"], rtol=1e-5, atol=1e-5)


def test_supervised_loss_is_zero_at_the_labels_alone():
    model, batch = make(dataclasses.replace(SMALL, model_type="supervised")), inputs(2)
    out = model(batch)
    labels = ops.stack([out["real"], out["imag"]], axis=-1)
    assert float(ops.convert_to_numpy(model.compute_loss(batch, labels, out))) < 1e-4
    turned = ops.stack([-out["imag"], out["real"]], axis=-1)  # a group is known up to a constant phase
    assert float(ops.convert_to_numpy(model.compute_loss(batch, turned, out))) < 1e-4
    assert float(ops.convert_to_numpy(model.compute_loss(batch, labels + 0.1, out))) > 0.05


def test_a_loss_that_compares_nothing_is_refused():
    with pytest.raises(ValueError, match="nll_weight=0.*supervised"):
        make(SMALL, LossParams(nll_weight=0.0, realspace_weight=1.0))


def test_weights_of_the_loss_add_its_terms():
    batch = inputs(2)
    values = {}
    for name, loss in {"nll": LossParams(), "mae": LossParams(nll_weight=0.0, mae_weight=1.0),
                       "tv": LossParams(nll_weight=1.0, realspace_weight=1.0),
                       "all": LossParams(nll_weight=1.0, mae_weight=2.0, realspace_weight=3.0)}.items():  # fmt: skip
        RANDOM.bit_generator.state = np.random.default_rng(1).bit_generator.state
        model = make(SMALL, loss)
        values[name] = float(ops.convert_to_numpy(model.compute_loss(batch, None, model(batch))))
    assert min(values.values()) > 0
    variation = values["tv"] - values["nll"]
    np.testing.assert_allclose(values["all"], values["nll"] + 2 * values["mae"] + 3 * variation, rtol=1e-5)


@pytest.mark.parametrize("name", GENERATORS)
def test_generator_is_of_no_fixed_size(name):
    network = build_generator(name, 64, channels=6, n_filters_scale=0.1)
    assert network.input_shape == (None, None, None, 6) and network.output_shape == (None, None, None, 2)


def test_a_head_of_amplitudes_keeps_to_the_largest_and_one_of_waves_does_not():
    largest = {}
    for head in HEADS:
        model = make(dataclasses.replace(SMALL, head=head, amplitude_max=1.01))
        real, imag = map(ops.convert_to_numpy, model.predict_patches(*map(ops.convert_to_tensor, inputs(2))))
        largest[head] = np.hypot(real, imag).max()
    assert largest["amplitude_phase"] <= 1.01 + 1e-5 < largest["real_imag"]


def test_more_filters_are_more_weights():
    few, many = (build_generator("cnn", 32, channels=6, n_filters_scale=scale).count_params() for scale in (0.5, 1.0))
    assert many > 2 * few


def test_an_untrained_network_leaves_what_the_physics_found():
    """Its last maps are zero: what is left are the steps of data consistency, which lower the error round by round."""
    errors = []
    for rounds in (1, 3, 9):
        params = dataclasses.replace(SMALL, physics_rounds=rounds)
        model = PtychoModel(params)
        y, x = np.mgrid[-16:16, -16:16] / 8
        model.diffraction.set_probes([10 * np.exp(-(y**2 + x**2) / 2 + 2j * (y**2 + x**2))[None]])
        truth = np.exp(0.5j * np.sin(np.arange(32) / 2))[:, None] * np.ones((32, 32))
        probe = np.array([ops.convert_to_numpy(part) for part in model.diffraction.probe()])
        measured = np.sqrt(intensity_reference(truth, probe[0] + 1j * probe[1]))
        batch = np.broadcast_to(measured, (1, 4, 32, 32)).astype("float32"), np.zeros((1, 4, 2), "float32")
        errors.append(np.abs(np.sqrt(predict(model, batch)["intensity"][0, 0]) - measured).sum())
    assert errors[2] < 0.7 * errors[1] < 0.7 * 0.7 * errors[0]


def test_a_network_that_sees_one_pattern_makes_the_same_of_it_in_any_group():
    model = make(VARIANTS["seeing_one_pattern"])
    amplitudes, offsets = inputs(2)
    mixed = np.concatenate([amplitudes[:, :1], amplitudes[::-1, 1:]], axis=1)
    one, other = (
        np.stack([ops.convert_to_numpy(part) for part in model.predict_patches(*map(ops.convert_to_tensor, batch))])
        for batch in ((amplitudes, offsets), (mixed, offsets))
    )
    np.testing.assert_allclose(one[:, :, 0], other[:, :, 0], atol=1e-5)
    assert np.abs(one[:, :, 1:] - other[:, :, 1:]).max() > 1e-3


def test_rounds_have_networks_of_their_own_unless_they_share_one():
    def count(**how):
        return PtychoModel(dataclasses.replace(SMALL, **how)).count_params()

    one, probe = count(), 2 * 32 * 32 + 3
    assert count(unroll=3) == 3 * (one - probe) + probe and count(unroll=3, share_rounds=True) == one


def test_merging_recovers_the_object_whatever_the_phases_of_its_patches():
    """Patches at whole pixels, each of its own constant phase, become the object: but for the phase of the first."""
    size, side = 16, 32
    obj = 1 + 0.5 * (RANDOM.standard_normal((side, side)) + 1j * RANDOM.standard_normal((side, side)))
    places = np.array([[0, 0], [4, -3], [-5, 2], [6, 6]])
    phases = np.exp(1j * np.array([0.4, 2.9, -1.7, 3.5]))
    cut = np.stack([obj[8 + y : 24 + y, 8 + x : 24 + x] for y, x in places])
    windows = overlap.windows(ops.convert_to_tensor(places[None].astype("float32")), size, side)
    weights = np.hanning(size + 2)[1:-1] * np.hanning(size + 2)[1:-1, None] + 1e-3
    patches = (phases[:, None, None] * cut)[None]
    merged = overlap.merge(
        tuple(ops.convert_to_tensor(part.astype("float32")) for part in (patches.real, patches.imag)),
        ops.convert_to_tensor(weights.astype("float32")), windows,
    )  # fmt: skip
    found = ops.convert_to_numpy(merged[0])[0] + 1j * ops.convert_to_numpy(merged[1])[0]
    np.testing.assert_allclose(found, phases[0] * cut, atol=1e-4)


def test_merged_patches_agree_where_they_overlap_whatever_their_phases():
    side, size = 32, 16
    canvas = (
        RANDOM.standard_normal((2, 1, side, side)).astype("float32") + np.array([3, 0], "float32")[:, None, None, None]
    )
    offsets = np.array([[[0.0, 0.0], [3.5, -2.25], [-4.0, 1.0]]], "float32")
    windows = overlap.windows(ops.convert_to_tensor(offsets), size, side)
    real, imag = (ops.convert_to_numpy(overlap.extract(ops.convert_to_tensor(part), windows)) for part in canvas)
    patches = (real + 1j * imag) * np.exp(1j * np.array([0.0, 2.0, -1.2]))[:, None, None]
    weights = np.hanning(size + 2)[1:-1] * np.hanning(size + 2)[1:-1, None] + 1e-3
    merged = overlap.merge(
        tuple(ops.convert_to_tensor(part.astype("float32")) for part in (patches.real, patches.imag)),
        ops.convert_to_tensor(weights.astype("float32")), windows,
    )  # fmt: skip
    again = overlap.merge(merged, ops.convert_to_tensor(weights.astype("float32")), windows)
    first, second = (ops.convert_to_numpy(p[0]) + 1j * ops.convert_to_numpy(p[1]) for p in (merged, again))
    centre = np.s_[:, :, 4:-4, 4:-4]
    turned = first * np.exp(-1j * np.angle(np.sum(first * np.conj(real + 1j * imag))))
    assert (
        np.abs(turned - (real + 1j * imag))[centre].mean() < 0.35 * np.abs(patches - (real + 1j * imag))[centre].mean()
    )
    assert np.abs(second - first).mean() < np.abs(first - patches).mean()


def test_inference_uses_the_generator_alone():
    model, batch = make(SMALL), inputs(3)
    expected = model.predict_patches(*map(ops.convert_to_tensor, batch))
    found = PatchPredictor(model).predict_on_batch(batch)
    np.testing.assert_allclose(found[..., 0], ops.convert_to_numpy(expected[0]), rtol=1e-4, atol=1e-5)
