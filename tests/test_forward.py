"""The forward physics: against the formula, at zero, with modes, without data."""

import keras
import numpy as np
import pytest
from gradients import gradient
from keras import ops
from reference import intensity as intensity_reference

from ptychopinn.data.scan import NO_DATA
from ptychopinn.physics import losses
from ptychopinn.physics.consistency import consistency_step
from ptychopinn.physics.deviance import PHOTON_FLOOR
from ptychopinn.physics.diffraction import Diffraction, diffract, fill

RANDOM = np.random.default_rng(3)


def complex_array(*shape):
    return RANDOM.standard_normal(shape) + 1j * RANDOM.standard_normal(shape)


def pair(array):
    return tuple(ops.convert_to_tensor(part.astype("float32")) for part in (array.real, array.imag))


@pytest.mark.parametrize("modes", [1, 3])
def test_intensity_agrees_with_the_formula(modes):
    patches, probe = complex_array(2, 2, 32, 32), complex_array(modes, 32, 32)
    layer = Diffraction(size=32, modes=modes)
    layer.set_probes([probe])
    found = ops.convert_to_numpy(layer(pair(patches)))
    expected = [[intensity_reference(patch, probe) for patch in group] for group in patches]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_photons_on_the_detector_are_photons_in_the_exit_wave():
    patches, probe = complex_array(1, 4, 32, 32), complex_array(2, 32, 32)
    found = ops.convert_to_numpy(diffract(pair(patches), pair(probe))).sum(axis=(-2, -1))
    exit_waves = (np.abs(patches[:, :, None] * probe) ** 2).sum(axis=(2, 3, 4))
    np.testing.assert_allclose(found, exit_waves, rtol=1e-5)


def test_log_scale_scales_intensity():
    layer = Diffraction(size=32)
    layer.set_probes([complex_array(1, 32, 32)])
    patches = pair(complex_array(1, 1, 32, 32))
    before = ops.convert_to_numpy(layer(patches))
    layer.log_scale.assign([0.5])
    np.testing.assert_allclose(ops.convert_to_numpy(layer(patches)), np.e * before, rtol=1e-5)


def test_probe_and_scale_are_trainable_on_demand():
    free, fixed = Diffraction(32, probe_trainable=True), Diffraction(32, probe_trainable=False, scale_trainable=False)
    free.build(), fixed.build()
    assert {weight.name for weight in free.trainable_weights} == {"probe_real", "probe_imag", "log_scale"}
    assert not fixed.trainable_weights


LOSSES = {
    "poisson": lambda predicted, measured: losses.negative_log_likelihood(predicted, measured, 100.0),
    "amplitude": lambda predicted, measured: losses.amplitude_error(predicted, measured, 100.0),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("dark", ["patch", "counts", "both"])
def test_loss_and_gradient_are_finite_at_zero_intensity(loss, dark):
    patches = np.zeros((2, 1, 1, 32, 32), "float32") if dark != "counts" else np.ones((2, 1, 1, 32, 32), "float32")
    measured = np.zeros((1, 1, 32, 32), "float32") if dark != "patch" else np.full((1, 1, 32, 32), 3.0, "float32")
    probe = pair(complex_array(1, 32, 32))

    def value(real, imag):
        return ops.sum(loss(diffract((real, imag), probe), ops.convert_to_tensor(measured)))

    assert np.isfinite(ops.convert_to_numpy(value(*map(ops.convert_to_tensor, patches))))
    assert all(np.isfinite(part).all() for part in gradient(value, *patches))


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_gradient_agrees_with_finite_differences(loss):
    """The oracle's loss in float64, differenced along a random direction, against the backend's float32 gradient."""
    patches, probe = complex_array(1, 1, 16, 16), complex_array(2, 16, 16)
    measured = np.abs(complex_array(1, 1, 16, 16)) * 4
    direction = complex_array(1, 1, 16, 16)

    def value(real, imag):
        return ops.sum(loss(diffract((real, imag), pair(probe)), ops.convert_to_tensor(measured.astype("float32"))))

    real, imag = gradient(value, patches.real.astype("float32"), patches.imag.astype("float32"))
    found = np.sum(real * direction.real + imag * direction.imag)

    def oracle(step):
        rate = intensity_reference((patches + step * direction)[0, 0], probe) + PHOTON_FLOOR
        counts = measured[0, 0] ** 2 + PHOTON_FLOOR
        if loss is LOSSES["poisson"]:
            return np.sum(rate - counts + counts * np.log(counts / rate)) / 100
        return np.sum(np.abs(np.sqrt(rate) - np.sqrt(counts))) / np.sqrt(100 * 256)

    np.testing.assert_allclose(found, (oracle(1e-6) - oracle(-1e-6)) / 2e-6, rtol=1e-3)


def test_likelihood_is_zero_at_a_perfect_fit_and_least_there():
    counts = RANDOM.uniform(0, 20, (1, 1, 32, 32)).astype("float32")
    measured = ops.sqrt(ops.convert_to_tensor(counts))

    def deviance(factor):
        predicted = ops.convert_to_tensor(counts * factor)
        return float(ops.convert_to_numpy(losses.negative_log_likelihood(predicted, measured, 1.0))[0])

    assert abs(deviance(1.0)) < 1e-2 and deviance(0.9) > 1 and deviance(1.1) > 1


def test_pixels_without_data_do_not_count():
    predicted, measured = RANDOM.uniform(1, 5, (2, 1, 1, 32, 32)).astype("float32")
    holes = measured.copy()
    holes[..., 5:9, 3] = NO_DATA
    spoilt = predicted.copy()
    spoilt[..., 5:9, 3] = 1e6
    for loss in LOSSES.values():
        clean, hidden = (loss(*map(ops.convert_to_tensor, (p, holes))) for p in (predicted, spoilt))
        np.testing.assert_allclose(ops.convert_to_numpy(clean), ops.convert_to_numpy(hidden))


def test_pixels_without_data_are_filled_with_the_empty_beam():
    probe = complex_array(1, 32, 32)
    empty = np.sqrt(intensity_reference(np.ones((32, 32)), probe))
    measured = empty[None, None].astype("float32").copy()
    measured[..., 10:14, 10:14] = NO_DATA
    filled = ops.convert_to_numpy(fill(ops.convert_to_tensor(measured), pair(probe)))
    np.testing.assert_allclose(filled[0, 0], empty, rtol=1e-3, atol=1e-4)


def step_of(patches, measured, probe, **how):
    real, imag = consistency_step(pair(patches), ops.convert_to_tensor(measured.astype("float32")), pair(probe), **how)
    return ops.convert_to_numpy(real) + 1j * ops.convert_to_numpy(imag)


def test_a_consistency_step_leaves_what_explains_the_pattern():
    patches, probe = complex_array(1, 1, 32, 32), 100 * complex_array(2, 32, 32)
    measured = np.sqrt(intensity_reference(patches[0, 0], probe))[None, None]
    assert np.abs(step_of(patches, measured, probe)).max() < 1e-3
    measured[..., 3:9, 4] = NO_DATA
    assert np.abs(step_of(patches, measured, probe)).max() < 1e-3


def test_a_consistency_step_is_exact_for_one_lit_patch():
    """Without regularisation the exit wave takes the measured amplitude on the phase of the predicted one."""
    patches, probe = complex_array(1, 1, 32, 32), 100 * np.exp(1j * np.angle(complex_array(1, 32, 32)))
    measured = np.sqrt(intensity_reference(complex_array(32, 32), probe))[None, None]
    after = patches + step_of(patches, measured, probe, regularisation=1e-9)
    np.testing.assert_allclose(np.sqrt(intensity_reference(after[0, 0], probe)), measured[0, 0], rtol=2e-2, atol=2e-2)


def test_consistency_steps_lower_the_error():
    truth, probe = 1 + 0.3 * complex_array(1, 1, 32, 32), complex_array(2, 32, 32)
    measured = np.sqrt(intensity_reference(truth[0, 0], probe))[None, None]
    patches, errors = np.ones_like(truth), []
    for _ in range(4):
        errors.append(np.abs(np.sqrt(intensity_reference(patches[0, 0], probe)) - measured[0, 0]).sum())
        patches = patches + step_of(patches, measured, probe)
    assert all(after < before for before, after in zip(errors, errors[1:])) and errors[-1] < 0.7 * errors[0]


def test_layer_survives_its_config():
    layer = Diffraction(size=40, modes=2, probe_trainable=True)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert twin.get_config() == layer.get_config()


def test_wrong_sizes_are_said():
    layer = Diffraction(size=32)
    with pytest.raises(ValueError, match=r"32 x 32.*Received"):
        layer(pair(complex_array(1, 1, 40, 40)))
    with pytest.raises(ValueError, match=r"\(1, 32, 32\).*Received"):
        layer.set_probes([complex_array(2, 32, 32)])
