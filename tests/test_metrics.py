"""Laws of the figures: SSIM, PSNR and ring correlation against their formulas and closed forms."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ptychopinn.evaluation import ring_correlation as rings
from ptychopinn.evaluation.against_truth import measure
from ptychopinn.evaluation.metrics import SCALE_WEIGHTS, errors, ms_ssim, parts, ssim


@pytest.fixture
def pair():
    """A real image that is no square, and a noisy, duller and brighter copy."""
    draw = np.random.default_rng(0)
    truth = gaussian_filter(draw.standard_normal((190, 181)), 2.0)
    return 0.8 * truth + 0.02 + 0.05 * draw.standard_normal(truth.shape), truth


def direct_ssim(image, truth, peak, luminance=True):
    """SSIM from its formula: Gaussian windows of 11 pixels, one by one."""
    steps = np.arange(-5, 6)
    weights = np.exp(-(steps[:, None] ** 2 + steps**2) / (2 * 1.5**2))
    weights /= weights.sum()

    def mean(values):
        return np.einsum("yxij,ij->yx", np.lib.stride_tricks.sliding_window_view(values, (11, 11)), weights)

    a, b, floor_1, floor_2 = mean(image), mean(truth), (0.01 * peak) ** 2, (0.03 * peak) ** 2
    variances = mean(image**2) - a**2 + mean(truth**2) - b**2
    structure = (2 * (mean(image * truth) - a * b) + floor_2) / (variances + floor_2)
    return np.mean(structure * ((2 * a * b + floor_1) / (a**2 + b**2 + floor_1) if luminance else 1))


def test_ssim_is_its_formula(pair):
    assert ssim(*pair) == pytest.approx(direct_ssim(*pair, np.ptp(pair[1])), abs=1e-6)


def test_multi_scale_ssim_is_its_formula(pair):
    image, truth = pair
    peak, expected = np.ptp(truth), 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS):
        expected *= direct_ssim(image, truth, peak, luminance=scale == 4) ** weight
        image, truth = direct_half(image), direct_half(truth)
    assert ms_ssim(*pair) == pytest.approx(expected, abs=1e-6)


def direct_half(image):
    """Average over 2 x 2 pixels."""
    image = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
    return (image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]) / 4


def test_multi_scale_ssim_of_a_small_image_has_fewer_scales(pair):
    image, truth = (part[:21, :40] for part in pair)
    assert ms_ssim(image, truth) == pytest.approx(direct_ssim(image, truth, np.ptp(truth)), abs=1e-4)
    assert ms_ssim(truth, truth) == pytest.approx(1)


def test_opposed_structure_has_no_multi_scale_similarity(pair):
    assert ms_ssim(-pair[1], pair[1]) == 0


def test_errors_of_a_constant_offset_are_that_offset():
    truth = np.tile([0.0, 2.0], (20, 10))
    found = errors(truth + 0.02, truth)
    assert found["mae"] == pytest.approx(0.02) and found["rmse"] == pytest.approx(0.02)
    assert found["nrmse"] == pytest.approx(0.02 / np.sqrt(2)) and found["psnr"] == pytest.approx(40)


def test_the_peak_of_255_is_named_so():
    """It is larger than the true one by 20 log10(255 / range)."""
    draw = np.random.default_rng(1)
    truth = draw.uniform(1, 3, (32, 32)) * np.exp(1j * draw.uniform(-1, 1, (32, 32)))
    figures, _ = measure(truth * 1.01, truth)
    ratio = 255 / np.ptp(np.abs(truth))
    assert figures["psnr_255_amplitude"] - figures["psnr_amplitude"] == pytest.approx(20 * np.log10(ratio))


@pytest.mark.parametrize("reach", [0.5, 3.1])
def test_phases_are_compared_round_the_circle(reach):
    """A truth that straddles the branch cut, or nearly fills the circle, and an image 0.1 rad ahead."""
    truth = np.exp(1j * (np.pi + np.linspace(-reach, reach, 400).reshape(20, 20)))
    ours, theirs = parts(truth * np.exp(0.1j), truth)["phase"]
    np.testing.assert_allclose(ours - theirs, 0.1, atol=1e-9)
    assert np.ptp(theirs) == pytest.approx(2 * reach)


def test_what_does_not_vary_has_no_figure_and_no_curve():
    truth = np.random.default_rng(2).uniform(1, 2, (32, 32)) + 0j
    figures, curves = measure(truth * 1.1, truth)
    assert np.isnan([figures[f"{name}_phase"] for name in ("psnr", "ssim", "frc50", "frc_area")]).all()
    assert figures["mae_phase"] == 0 and np.isnan(curves["frc_phase"]).all() and figures["ssim_amplitude"] > 0.9


def white(shape, seed):
    draw = np.random.default_rng(seed)
    return draw.standard_normal(shape) + 1j * draw.standard_normal(shape)


@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_ring_correlation_of_a_white_object_in_white_noise(noise):
    """SNR / (1 + SNR) between two noisy images; its root against the object itself."""
    shape, ratio = (200, 180), 1 / noise**2
    truth = white(shape, 0)
    one, other = (truth + noise * white(shape, seed) for seed in (1, 2))
    outer = slice(30, None)  # rings of many pixels
    assert rings.ring_correlation(one, other)[outer].mean() == pytest.approx(ratio / (1 + ratio), abs=0.01)
    against_truth = np.sqrt(ratio / (1 + ratio))
    assert rings.ring_correlation(one, truth)[outer].mean() == pytest.approx(against_truth, abs=0.01)


@pytest.mark.parametrize("real", [False, True])
def test_independent_samples_are_those_that_chance_correlations_show(real):
    """n independent complex samples correlate by chance with a variance of 1 / 2n."""
    shape, outer = (64, 72), slice(4, None)
    images = [white(shape, seed) for seed in range(200)]
    images = [image.real for image in images] if real else images
    curves = [rings.ring_correlation(one, other)[outer] for one, other in zip(images[::2], images[1::2])]
    shown = 1 / (2 * np.mean(np.square(curves), axis=0))
    assert np.mean(rings.independent_samples(shape, real)[outer] / shown) == pytest.approx(1, abs=0.1)


def test_half_bit_threshold_is_the_correlation_of_half_a_bit():
    """Expected correlation of n samples whose SNR s, in each image, carries log2(1 + 2 s) = 1/2 bit."""
    shape, ratio = (120, 110), (np.sqrt(2) - 1) / 2
    root = np.sqrt(rings.independent_samples(shape)[1:])
    signal = ratio + 2 * np.sqrt(ratio) / root
    np.testing.assert_allclose(rings.half_bit(shape)[1:], (signal + 1 / root) / (signal + 1), atol=1e-4)
    assert np.nanmax(rings.half_bit((64, 64), real=True)) < 1


def test_crossings_of_a_straight_line():
    """1 - 2 q meets 0.5 at 1/4 and 1/7 at 3/7; a correlation of 1 meets nothing, one of 0 begins below."""
    straight = 1 - 2 * rings.frequencies((200, 200))
    assert rings.crossing(straight, 0.5) == pytest.approx(1 / 4, abs=1e-9)
    assert rings.crossing(straight, rings.SEVENTH) == pytest.approx(3 / 7, abs=1e-9)
    assert rings.area(straight) == pytest.approx(0.5)
    threshold = rings.half_bit((200, 200))
    assert rings.crossing(np.ones(100), threshold) == 0.5 and rings.crossing(np.zeros(100), threshold) == 0


def test_resolution_is_the_period_at_the_crossing():
    truth = white((64, 64), 3)
    figures, _ = measure(truth + 0.5 * white((64, 64), 4), truth, pixel_size_m=1e-8)
    assert figures["resolution_m"] == pytest.approx(1e-8 / figures["frc50_complex"])
