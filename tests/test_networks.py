"""Laws of the generators, one table: zero at the start, pure functions of one pattern, serialisable, trainable, small.

And of what they are made of: Fourier layers against NumPy's transform and closed forms, folding against its inverse.
"""

import keras
import numpy as np
import pytest
from keras import ops

from ptychopinn.networks import applied, build_generator
from ptychopinn.networks.convolution import Conv2D, Conv2DTranspose
from ptychopinn.networks.folding import Fold, Unfold
from ptychopinn.networks.spectral import SpectralConv1D, SpectralConv2D
from ptychopinn.params import GENERATORS

PARAMETERS = {"unet": 1_966_712, "cnn": 1_156_226, "fno": 2_672_936, "ffno": 929_736, "sru": 2_765_256}
"""Weights of the networks of full width for eight maps."""

EACH = pytest.mark.parametrize("name", GENERATORS)


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def network(name, size=32, how=None):
    """Build a small network whose last weights are random, not zero."""
    keras.utils.set_random_seed(3)
    built = build_generator(name, size, channels=3, n_filters_scale=0.2, **(how or {}))
    built.set_weights([w if w.any() else 0.1 * random(*w.shape, seed=i) for i, w in enumerate(built.get_weights())])
    return built


def apply(layer, maps):
    return ops.convert_to_numpy(ops.cast(layer(ops.convert_to_tensor(maps)), "float32"))


@EACH
def test_network_is_exactly_zero_at_the_start(name):
    out = apply(build_generator(name, 32, channels=3, n_filters_scale=0.2), random(2, 32, 32, 3))
    assert out.shape == (2, 32, 32, 2) and not out.any()


@EACH
def test_network_takes_maps_of_any_sides(name):
    built, maps = network(name), random(2, 50, 72, 3)
    filled = np.pad(maps, ((0, 0), (0, 14), (0, 8), (0, 0)))
    out = apply(lambda some: applied(built, some), maps)
    assert out.shape == (2, 50, 72, 2)
    np.testing.assert_allclose(out, apply(built, filled)[:, :50, :72], rtol=1e-5, atol=1e-5)


@EACH
def test_network_has_so_many_weights(name):
    assert build_generator(name, 64, channels=8).count_params() == PARAMETERS[name] <= 3_000_000


@EACH
def test_output_is_a_pure_function_of_one_pattern(name):
    built, maps = network(name), random(16, 32, 32, 3)
    together = apply(built, maps)
    for size in (1, 15):
        np.testing.assert_allclose(apply(built, maps[:size]), together[:size], rtol=1e-4, atol=1e-4)


@EACH
def test_network_survives_saving(name, tmp_path):
    built, maps = network(name), random(2, 32, 32, 3)
    built.save(tmp_path / "network.keras")
    opened = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    assert [layer.get_config() for layer in opened.layers] == [layer.get_config() for layer in built.layers]
    np.testing.assert_allclose(apply(opened, maps), apply(built, maps), rtol=1e-5, atol=1e-5)


@EACH
def test_every_weight_moves_from_the_zero_start(name):
    built = build_generator(name, 32, channels=3, n_filters_scale=0.2)
    built.compile(keras.optimizers.Adam(1e-2), loss="mse", run_eagerly=True)
    before = {weight.path: ops.convert_to_numpy(weight).copy() for weight in built.trainable_weights}
    for _ in range(2):  # behind last weights of zero, the others move from the second step on
        built.train_on_batch(random(2, 32, 32, 3), random(2, 32, 32, 2, seed=1))
    still = [
        weight.path for weight in built.weights if np.array_equal(before[weight.path], ops.convert_to_numpy(weight))
    ]
    assert not still


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
@EACH
def test_low_precision_keeps_weights_of_float32_and_the_result(name, precision):
    plain, low, maps = network(name), network(name, how={"precision": precision}), random(2, 32, 32, 3)
    assert all(weight.dtype == "float32" for weight in low.weights)
    expected = apply(plain, maps)
    assert 0 < np.abs(apply(low, maps) - expected).max() < 0.1 * np.abs(expected).max()


def test_folding_keeps_pixels_beside_each_other_and_unfolding_undoes_it():
    maps = random(2, 8, 12, 3)
    folded = apply(Fold(), maps)
    np.testing.assert_array_equal(folded[1, 2, 5], maps[1, 4:6, 10:12].ravel())
    np.testing.assert_array_equal(apply(Unfold(), folded), maps)


@pytest.mark.parametrize("use_bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize(
    "ours, keras_own, kernel, options",
    [
        (Conv2D, keras.layers.Conv2D, 3, {"padding": "same", "activation": "gelu"}),
        (Conv2D, keras.layers.Conv2D, 3, {"padding": "same", "dilation_rate": 2}),
        (Conv2D, keras.layers.Conv2D, 3, {"padding": "same", "groups": 3}),
        (Conv2D, keras.layers.Conv2D, 2, {"strides": 2, "activation": "gelu"}),
        (Conv2DTranspose, keras.layers.Conv2DTranspose, 2, {"strides": 2, "activation": "gelu"}),
        (Conv2DTranspose, keras.layers.Conv2DTranspose, 4, {"strides": 2, "padding": "same"}),
    ],
    ids=["same", "dilated", "grouped", "halved", "doubled", "doubled-smoothly"],
)
def test_convolutions_are_those_of_keras(ours, keras_own, kernel, options, use_bias):
    layer, known = (kind(6, kernel, use_bias=use_bias, **options) for kind in (ours, keras_own))
    maps = random(2, 8, 12, 3)
    for one in (layer, known):
        one.build(maps.shape)
    known.set_weights([random(*weight.shape, seed=i) for i, weight in enumerate(known.get_weights())])
    layer.set_weights(known.get_weights())
    np.testing.assert_allclose(apply(layer, maps), apply(known, maps), rtol=1e-5, atol=1e-5)
    assert layer.get_config() == {**known.get_config(), "name": layer.name}


@EACH
def test_network_is_the_same_where_the_user_puts_channels_first(name):
    maps, expected = random(2, 32, 32, 3), network(name)
    keras.config.set_image_data_format("channels_first")
    try:
        built = network(name)
        assert keras.config.image_data_format() == "channels_first"
        np.testing.assert_array_equal(apply(built, maps), apply(expected, maps))
    finally:
        keras.config.set_image_data_format("channels_last")


HEIGHT, WIDTH, MODES = 12, 18, 4
KY, KX = np.arange(MODES + 1)[:, None], np.arange(-MODES, MODES + 1)
Y, X = np.mgrid[:HEIGHT, :WIDTH]


def spectral(transfer, layer=None, side=(HEIGHT, WIDTH)):
    """Make a Fourier layer with the given complex transfer function `(..., channel in, channel out)`."""
    layer = layer or SpectralConv2D(transfer.shape[-1], MODES)
    layer.build((None, *side, transfer.shape[-2]))
    layer.transfer.assign(np.stack([transfer.real, transfer.imag]).astype("float32"))
    return layer


def transfer(seed=5, channels=(2, 3)):
    """Return a random transfer function on the whole of the kept square."""
    real, imag = random(2, MODES + 1, 2 * MODES + 1, *channels, seed=seed)
    return real + 1j * imag


def test_fourier_layer_is_any_real_filter_of_the_band_on_both_half_planes():
    kernel = random(HEIGHT, WIDTH, 2, 3, seed=1).astype(float)
    maps = random(4, HEIGHT, WIDTH, 2)
    response = np.fft.fft2(kernel, axes=(0, 1))
    low = np.abs(np.fft.fftfreq(HEIGHT, 1 / HEIGHT))[:, None] <= MODES
    low = low & (np.abs(np.fft.fftfreq(WIDTH, 1 / WIDTH)) <= MODES)
    product = np.einsum("bpqi,pqio->bpqo", np.fft.fft2(maps, axes=(1, 2)), response * low[..., None, None])
    expected = np.fft.ifft2(product, axes=(1, 2))
    assert np.abs(expected.imag).max() < 1e-6
    np.testing.assert_allclose(apply(spectral(response[KY, KX]), maps), expected.real, rtol=1e-4, atol=1e-3)


def test_fourier_layer_shifts_and_differentiates_waves_that_run_up_and_down():
    """A layer of the positive row frequencies alone mixes the waves (2, 3) and (-2, 3) up."""

    def waves(y, x):
        return sum(np.cos(2 * np.pi * (ky * y / HEIGHT + kx * x / WIDTH) + ky) for ky, kx in [(2, 3), (-2, 3), (-4, 1)])

    maps = waves(Y, X)[None, ..., None]
    shift = np.exp(-2j * np.pi * (KY * 0.3 / HEIGHT - KX * 1.7 / WIDTH))[..., None, None]
    np.testing.assert_allclose(apply(spectral(shift), maps)[0, ..., 0], waves(Y - 0.3, X + 1.7), atol=1e-5)
    slope = (2j * np.pi * KY / HEIGHT + 0 * KX)[..., None, None]
    step = 1e-4
    expected = (waves(Y + step, X) - waves(Y - step, X)) / (2 * step)
    np.testing.assert_allclose(apply(spectral(slope), maps)[0, ..., 0], expected, atol=1e-5)
    up = ((KY == 2) & (KX == 3)).astype(complex)[..., None, None]
    np.testing.assert_allclose(
        apply(spectral(up), maps)[0, ..., 0], np.cos(2 * np.pi * (2 * Y / HEIGHT + 3 * X / WIDTH) + 2), atol=1e-5
    )


def test_fourier_layer_is_linear_and_commutes_with_circular_shifts():
    layer, a, b = spectral(transfer()), random(1, HEIGHT, WIDTH, 2), random(1, HEIGHT, WIDTH, 2, seed=1)
    np.testing.assert_allclose(apply(layer, 2 * a - 3 * b), 2 * apply(layer, a) - 3 * apply(layer, b), atol=1e-4)
    shifted = np.roll(a, (5, -7), axis=(1, 2))
    np.testing.assert_allclose(apply(layer, shifted), np.roll(apply(layer, a), (5, -7), axis=(1, 2)), atol=1e-4)


def test_fourier_layer_is_the_same_operator_at_any_sampling():
    kept = transfer(channels=(1, 1))
    smooth = apply(spectral(transfer(seed=6, channels=(1, 1))), random(1, HEIGHT, WIDTH, 1))
    spectrum = np.fft.rfft2(smooth, axes=(1, 2))
    padded = np.zeros((1, 3 * HEIGHT, WIDTH + 1, 1), complex)
    padded[:, : HEIGHT // 2, : WIDTH // 2 + 1] = spectrum[:, : HEIGHT // 2]
    padded[:, -HEIGHT // 2 :, : WIDTH // 2 + 1] = spectrum[:, HEIGHT // 2 :]
    fine = np.fft.irfft2(padded, s=(3 * HEIGHT, 2 * WIDTH), axes=(1, 2)).astype("float32") * 6
    np.testing.assert_allclose(fine[:, ::3, ::2], smooth, atol=1e-4)
    found = apply(spectral(kept, side=(3 * HEIGHT, 2 * WIDTH)), fine)
    np.testing.assert_allclose(found[:, ::3, ::2], apply(spectral(kept), smooth), atol=1e-3)


@pytest.mark.parametrize("axis", [1, 2])
def test_fourier_layer_of_one_axis_is_numpys(axis):
    maps = random(2, HEIGHT, WIDTH, 2)
    kernel = random(maps.shape[axis], 2, 3, seed=2)
    response = np.fft.rfft(kernel, axis=0)[: MODES + 1]
    spectrum = np.moveaxis(np.fft.rfft(maps, axis=axis), axis, 1)[:, : MODES + 1]
    product = np.einsum("bkli,kio->bklo", spectrum, response)
    expected = np.moveaxis(np.fft.irfft(product, n=maps.shape[axis], axis=1), 1, axis)
    found = apply(spectral(response, SpectralConv1D(3, MODES, axis)), maps)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("axis", [None, 1])
def test_fourier_layer_leaves_frequencies_from_nyquists_up_out(axis):
    """On 12 pixels, one of 6 frequencies is the one of its 5 lowest."""
    if axis is None:
        wide, few = SpectralConv2D(3, 6), SpectralConv2D(3, 5)
    else:
        wide, few = SpectralConv1D(3, 6, axis), SpectralConv1D(3, 5, axis)
    for layer in (wide, few):
        layer.build((None, HEIGHT, WIDTH, 2))
    kept = ops.convert_to_numpy(wide.transfer)
    few.transfer.assign(kept[:, :6, 1:12] if axis is None else kept[:, :6])
    maps = random(2, HEIGHT, WIDTH, 2)
    np.testing.assert_allclose(apply(wide, maps), apply(few, maps), rtol=1e-5, atol=1e-5)
