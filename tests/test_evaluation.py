"""Laws of scoring: what ptychography cannot know is no error, and everything else is."""

import importlib.util
import pathlib

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_truth import measure, score
from ptychopinn.evaluation.region import find_region, lit_box
from ptychopinn.evaluation.registration.coarse import locate

SCORER = pathlib.Path(__file__).resolve().parents[2] / "shared" / "tools" / "score.py"
SAME = {
    "nrmse": "nrmse_complex", "psnr_amp": "psnr_amplitude", "psnr_phase": "psnr_phase", "ssim_amp": "ssim_amplitude",
    "ssim_phase": "ssim_phase", "frc50": "frc50_complex", "frc50_amp": "frc50_amplitude", "frc50_phase": "frc50_phase",
    "frc_auc": "frc_area_complex",
}  # fmt: skip


def made_object(side, seed=0, smooth=2.0):
    """A periodic object of random amplitude and phase."""
    draw = np.random.default_rng(seed)
    amplitude, phase = (
        gaussian_filter(draw.standard_normal((side, side)), smooth, mode="wrap") * smooth * 3.5 for _ in range(2)
    )
    return (1 + 0.15 * amplitude) * np.exp(0.6j * phase)


def moved(obj, shift):
    """Shift a periodic object by the Fourier theorem."""
    y, x = (np.fft.fftfreq(side) for side in obj.shape)
    return np.fft.ifft2(np.fft.fft2(obj) * np.exp(-2j * np.pi * (y[:, None] * shift[0] + x * shift[1])))


def ramped(obj, ramp):
    rows, columns = (np.arange(side) for side in obj.shape)
    return obj * np.exp(1j * (ramp[0] * rows[:, None] + ramp[1] * columns))


def noise(shape, level, seed=9):
    draw = np.random.default_rng(seed)
    return level * (draw.standard_normal(shape) + 1j * draw.standard_normal(shape))


POSITIONS = np.array([[50.2, 60.7], [149.6, 150.1], [90.0, 100.0]])
"""Their box is rows 51 ... 149 and columns 61 ... 150."""


def truth_of(obj):
    return Reconstruction(obj.astype(np.complex64), origin=(0, 0), positions=POSITIONS, name="truth")


def crop(obj, **known):
    """What a program might have reconstructed of the object, less than all of it."""
    return Reconstruction(obj[10:190, 20:195].astype(np.complex64), **known, name="recon")


def test_the_truth_itself_is_perfect():
    obj = made_object(200)
    figures = score(truth_of(obj), truth_of(obj)).figures
    assert figures["nrmse_complex"] < 1e-6 and figures["psnr_amplitude"] > 100
    for name in ("ssim_amplitude", "ms_ssim_phase", "frc_area_complex", "frc_area_phase"):
        assert figures[name] == pytest.approx(1, abs=1e-6)
    assert figures["frc50_complex"] == figures["frc_half_bit_amplitude"] == 0.5


UNKNOWABLE = {
    "shift": ((0.37, -0.41), (0, 0), 1),
    "factor": ((0, 0), (0, 0), 0.6 * np.exp(2j)),
    "ramp": ((0, 0), (0.09, -0.05), 1),
    "all": ((1.37, -2.2), (-0.2, 0.31), 3j),
}


@pytest.mark.parametrize("origin", [(10, 20), None], ids=["origin known", "origin unknown"])
@pytest.mark.parametrize("shift, ramp, factor", UNKNOWABLE.values(), ids=UNKNOWABLE)
def test_what_ptychography_cannot_know_is_no_error(shift, ramp, factor, origin):
    obj = made_object(200)
    reconstruction = crop(factor * ramped(moved(obj, shift), ramp), origin=origin)
    found = score(reconstruction, truth_of(obj))
    assert found.region == (51, 150, 61, 151)
    assert found.figures["nrmse_complex"] < 1e-3 and found.figures["ssim_phase"] > 0.9999
    np.testing.assert_allclose(found.shift, -np.array(shift) + (0 if origin else (10, 20)), atol=2e-3)
    np.testing.assert_allclose(found.ramp, -np.array(ramp), atol=1e-5)
    assert abs(found.factor) == pytest.approx(1 / abs(factor), rel=1e-3)


@pytest.mark.parametrize("level", [0.1, 1.0])
def test_noise_is_an_error_and_does_not_pull_the_shift(level):
    """A power of noise over signal of s leaves the error sqrt(s / (1 + s)): the fitted factor is 1 / (1 + s)."""
    obj = made_object(200)
    found = score(crop(moved(obj, (0.4, -0.3)) + noise(obj.shape, level), origin=(10, 20)), truth_of(obj))
    ratio = 2 * level**2 / np.mean(np.abs(found.truth) ** 2)
    assert found.figures["nrmse_complex"] == pytest.approx(np.sqrt(ratio / (1 + ratio)), rel=0.02)
    np.testing.assert_allclose(found.shift, (-0.4, 0.3), atol=0.05 * level + 0.005)


def test_noise_of_both_does_not_pull_the_shift():
    obj = made_object(200)
    truth = truth_of(obj + noise(obj.shape, 0.5, seed=1))
    found = score(crop(moved(obj, (0.4, -0.3)) + noise(obj.shape, 0.5, seed=2), origin=(10, 20)), truth)
    np.testing.assert_allclose(found.shift, (-0.4, 0.3), atol=0.06)


def test_a_small_truth_is_found_in_a_large_image():
    obj = made_object(200)
    small = Reconstruction(obj[60:140, 90:190].astype(np.complex64))
    found = score(Reconstruction(ramped(obj, (0.1, 0.2)).astype(np.complex64)), small)
    np.testing.assert_allclose(found.shift, (-60, -90), atol=1e-2)
    assert found.region == (0, 80, 0, 100) and found.figures["nrmse_complex"] < 2e-3


def test_a_ramped_phase_object_is_found():
    """Its modulus says nothing, and its ramp spoils the correlation of the complex images."""
    obj = np.exp(1j * np.angle(made_object(200)))
    found = score(Reconstruction(ramped(obj, (0.4, -0.7))[37:150, 61:180].astype(np.complex64)), truth_of(obj))
    np.testing.assert_allclose(found.shift, (37, 61), atol=1e-2)


def test_large_images_are_found_to_the_pixel():
    """They are searched by blocks of pixels first."""
    obj = made_object(1200, smooth=1.5)
    image = (ramped(obj, (0.0, -0.4)) + noise(obj.shape, 0.1))[334:1100, 217:1001]
    assert (334, 217) in locate(image, np.ones(image.shape, bool), obj, np.ones(obj.shape, bool))


@pytest.mark.parametrize("known", [True, False], ids=["origin known", "origin unknown"])
@pytest.mark.parametrize("contrast", [1, 0.1, 0.01])
@pytest.mark.parametrize("side", [32, 48, 96])
def test_objects_few_pixels_wide_and_weak_ones_are_found(side, contrast, known):
    """Under a ramp, and noise of a third of the contrast; the region is what is shared."""
    obj = made_object(side, seed=side)
    obj = np.abs(obj) ** contrast * np.exp(1j * contrast * np.angle(obj))
    image = ramped(moved(obj, (0.4, -0.3)), (0.05, -0.07)) + noise(obj.shape, 0.3 * np.std(obj))
    margin = side // 10
    inside = image[margin : 1 - margin, margin + 1 : -margin].astype(np.complex64)
    found = score(Reconstruction(inside, origin=(margin, margin + 1) if known else None),
                  Reconstruction(obj.astype(np.complex64), origin=(0, 0)))  # fmt: skip
    expected = np.array([-0.4, 0.3]) + (0 if known else (margin, margin + 1))
    np.testing.assert_allclose(found.shift, expected, atol=0.5)
    assert found.region == (margin, side + 1 - margin, margin + 1, side - margin)


def test_a_stated_place_is_kept_where_noise_hides_the_object_and_left_where_it_is_wrong():
    obj = made_object(64) ** 0.02
    hidden = obj + noise(obj.shape, 0.3)
    assert np.abs(score(Reconstruction(hidden, origin=(0, 0)), truth_of(obj), "weight").shift).max() < 4
    wrong = Reconstruction(made_object(200)[10:190, 20:195], origin=(3, 30))
    np.testing.assert_allclose(score(wrong, truth_of(made_object(200))).shift, (7, -10), atol=1e-2)


@pytest.mark.parametrize("away", [(40, 40), (-55, -55)], ids=str)
def test_a_truth_in_another_frame_than_the_positions_is_looked_for_everywhere(away):
    obj = made_object(200)
    known = Reconstruction(obj, origin=away, positions=np.array([(20.0, 20), (180, 180)]))
    found = score(Reconstruction(obj[10:190, 20:195] + noise((180, 175), 0.05), origin=(10, 20)), known)
    np.testing.assert_allclose(found.shift, (10, 20), atol=0.1)
    assert found.figures["nrmse_complex"] < 0.1
    stranger = score(Reconstruction(noise((180, 175), 0.5) + 1, origin=(10, 20)), truth_of(obj))
    assert np.abs(stranger.shift).max() < 13 and stranger.figures["nrmse_complex"] > 0.3


def test_a_low_pass_takes_noise_away():
    obj = made_object(200)
    reconstruction = crop(obj + noise(obj.shape, 0.1), origin=(10, 20))
    sharp, smooth = (score(reconstruction, truth_of(obj), low_pass_px=sigma).figures for sigma in (None, 1.5))
    assert smooth["nrmse_complex"] < 0.5 * sharp["nrmse_complex"]


def test_regions_lie_in_the_light_and_in_the_scan():
    obj = made_object(200)
    rows, columns = np.mgrid[:180, :175]
    round_light = np.exp(-((rows - 90.0) ** 2 + (columns - 60.0) ** 2) / (2 * 30**2)).astype(np.float32)
    reconstruction, truth = crop(obj, weight=round_light), truth_of(obj)
    boxes = {name: find_region(reconstruction, truth, (10, 20), name) for name in ("auto", "weight", "scan")}
    assert boxes["scan"] == (51, 150, 61, 151)
    for name in ("auto", "weight"):
        top, bottom, left, right = boxes[name]
        assert (round_light[top - 10 : bottom - 10, left - 20 : right - 20] > 0.15).all()
        assert (bottom - top) * (right - left) > 0.9 * 2 * 30**2 * -2 * np.log(0.15) * {"auto": 0.6, "weight": 1}[name]
    assert boxes["auto"][2] >= 61 and boxes["weight"][2] < 61


def test_holes_in_the_light_do_not_end_the_region():
    """Narrow probes leave dark pixels between them, and an opaque object has no light of its own."""
    obj = made_object(200)
    obj[100:104, 90:95] = 0
    rows, columns = np.mgrid[:180, :175]
    light = np.where((rows % 12 < 8) | (columns % 12 < 8), 1.0, 0.1).astype(np.float32)
    reconstruction = crop(obj, weight=light, origin=(10, 20))
    assert find_region(reconstruction, truth_of(obj), (10, 20)) == (51, 150, 61, 151)
    assert score(reconstruction, truth_of(obj)).figures["nrmse_complex"] < 1e-6


def test_the_scan_s_box_counts_where_no_rectangle_is_lit():
    obj = made_object(200)
    stripes = np.tile(np.where(np.arange(175) % 12 < 8, 1.0, 0.1).astype(np.float32), (180, 1))
    reconstruction = crop(obj, weight=stripes, origin=(10, 20))
    assert find_region(reconstruction, truth_of(obj), (10, 20)) == (51, 150, 61, 151)
    assert find_region(reconstruction, truth_of(obj), (10, 20), "weight") is None


def test_shrinking_takes_dark_sides_and_nothing_else():
    lit = np.zeros((60, 50), bool)
    lit[5:40, 12:50] = True
    assert lit_box(lit) == (5, 40, 12, 50)
    assert lit_box(np.ones((20, 20), bool)) == (0, 20, 0, 20)
    assert lit_box(np.zeros((60, 50), bool)) is None


REFUSED = {
    "constant": (lambda obj: crop(np.full_like(obj, 2 + 1j), origin=(10, 20)), "recon must vary.*2\\+1j"),
    "zeros": (lambda obj: crop(0 * obj, weight=np.ones((180, 175), np.float32)), "recon must vary.*0\\+0j"),
    "unlit": (lambda obj: crop(obj, weight=np.full((180, 175), np.nan, np.float32)), "no pixel with light"),
    "elsewhere": (lambda obj: crop(obj, origin=(500, 20)), "share 16 x 16 pixels.*no overlap between the two"),
    "far away": (lambda obj: crop(obj, origin=(1e30, 20)), "share 16 x 16 pixels.*no overlap between the two"),
    "scarcely overlapping": (lambda obj: crop(obj, origin=(-115, 20)), "no overlap between the two"),
}


@pytest.mark.parametrize("make, words", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_compared_is_refused(make, words):
    obj = made_object(200)
    with pytest.raises(ValueError, match=words):
        score(make(obj), truth_of(obj))


@pytest.mark.parametrize("scale", [1e-9, 1e12])
def test_the_unit_of_a_truth_is_no_matter(scale):
    """Programs scale object and probe as they like; what varies is told from its own size."""
    obj = made_object(64)
    expected, found = (score(Reconstruction(obj + noise(obj.shape, 0.1)), Reconstruction(unit * obj)).figures
                       for unit in (1, scale))  # fmt: skip
    for name in ("nrmse_complex", "psnr_amplitude", "ssim_amplitude", "frc50_complex", "mae_phase"):
        assert found[name] == pytest.approx(expected[name], rel=1e-4), name


def test_the_scan_s_box_needs_positions():
    obj = made_object(64)
    one = Reconstruction(obj.astype(np.complex64))
    with pytest.raises(ValueError, match="needs the scan's positions.*Received.*--scan"):
        score(one, one, region="scan")


@pytest.fixture
def scorer():
    """The other implementation."""
    if not SCORER.is_file():
        pytest.skip(f"needs the other implementation, {SCORER}")
    spec = importlib.util.spec_from_file_location("scorer", SCORER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def imperfect(tmp_path):
    """A blurred, noisy, moved and ramped reconstruction, and the truth, as objects and files.

    It is moved by whole pixels: a Fourier shift by a fraction leaves ripples that depend on how the edges are met.
    """
    obj = made_object(200)
    blurred = gaussian_filter(moved(obj, (1, -2)), 0.7, mode="wrap") + noise(obj.shape, 0.05)
    reconstruction, truth = crop(1.3j * ramped(blurred, (0.03, -0.05)), origin=(10, 20)), truth_of(obj)
    np.savez(tmp_path / "recon.npz", object=reconstruction.object, origin=reconstruction.origin)
    np.savez(tmp_path / "truth.npz", object=truth.object, test_y=POSITIONS[:, 0], test_x=POSITIONS[:, 1])
    return reconstruction, truth, tmp_path / "recon.npz", tmp_path / "truth.npz"


def test_definitions_are_those_of_the_other_implementation(scorer, imperfect, tmp_path):
    theirs = scorer.run(*imperfect[2:], save=tmp_path / "aligned.npz")
    with np.load(tmp_path / "aligned.npz") as file:
        ours, curves = measure(file["aligned"], file["truth"])
        np.testing.assert_allclose(curves["frc_phase"], file["frc_phase"], atol=1e-4)
        np.testing.assert_allclose(curves["frequency"], file["freq"])
    for name, own in SAME.items():
        assert ours[own] == pytest.approx(theirs[name], abs=1e-4, rel=1e-4), name


def test_scores_are_those_of_the_other_implementation(scorer, imperfect):
    theirs, ours = scorer.run(*imperfect[2:]), score(*imperfect[:2])
    assert list(ours.region) == theirs["region"]
    np.testing.assert_allclose(ours.shift, theirs["align"]["offset_from_origin"], atol=0.01)
    for name, own in SAME.items():
        assert ours.figures[own] == pytest.approx(theirs[name], abs=1e-3, rel=1e-3), name
