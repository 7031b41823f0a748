"""Laws of detectors as they are: what does not count is found, said and masked; clean patterns are read as they are."""

import numpy as np
import pytest
from scipy.io import savemat

from ptychopinn.data.scan import NO_DATA
from ptychopinn.formats import read_scan
from ptychopinn.preparation.params import Preparation
from ptychopinn.simulation import scans

GAP = np.zeros((32, 32), bool)
GAP[12:14] = GAP[:, 20] = True


@pytest.fixture
def read(scan, tmp_path):
    """A function that changes the counts of the simulated scan, writes them, and reads what comes of it."""

    def write_and_read(change=lambda counts: counts, arrays=None, how=None, **options):
        stored = {"diff3d": change(np.asarray(scan.patterns)), "xcoords": scan.positions[:, 1],
                  "ycoords": scan.positions[:, 0], "probeGuess": scan.probe}  # fmt: skip
        for key, value in (arrays or {}).items():
            stored.pop(key, None)
            stored |= {} if value is None else {key: value}
        np.savez(tmp_path / "some.npz", **stored)
        return read_scan(tmp_path / "some.npz", **(how or {}), preparation=Preparation(**options))

    return write_and_read


def counts_of(scan, which=slice(None)):
    amplitudes = scan.amplitudes(which)
    return np.where(amplitudes < 0, NO_DATA, amplitudes**2)


def said(scan, *words):
    return any(all(word in note for word in words) for note in scan.notes)


def bad_pixels(scan):
    return np.zeros((32, 32), bool) if scan.mask is None else ~scan.mask


def test_clean_patterns_are_read_as_they_are(scan, read):
    clean = read()
    np.testing.assert_array_equal(np.asarray(clean.patterns), scan.patterns)
    np.testing.assert_array_equal(clean.positions, scan.positions)
    assert clean.mask is None and not clean.marked and clean.lit() is clean and len(clean.notes) == 3


@pytest.mark.parametrize("value, dtype", [
    (0, np.uint16), (np.nan, np.float32), (np.inf, np.float64), (2**32 - 1, np.uint32), (65535, np.uint16),
    (65535, np.int64), (2**31 - 1, np.int32), (-1, np.int16), (-2, np.float32), (1e20, np.float64), (40000, np.uint32),
])  # fmt: skip
def test_a_gap_of_whatever_value_is_masked_and_said(read, value, dtype):
    patched = read(lambda counts: np.where(GAP, np.array(value, dtype), counts.astype(dtype)))
    found = bad_pixels(patched)
    assert not (found & ~GAP).any() and (found & GAP)[4:-4, 4:-4].sum() == GAP[4:-4, 4:-4].sum()
    assert said(patched, "pixels", "--faults keep") and (counts_of(patched)[:, 12, 16] == NO_DATA).all()
    assert patched.mean_photons < 2e4


def test_kept_faults_are_data(scan, read):
    """`--faults keep` believes the detector."""
    hot = read(lambda counts: np.where(np.arange(32) == 28, 5000, counts), faults="keep")
    assert hot.mask is None and counts_of(hot)[3, 3, 28] == pytest.approx(5000, rel=1e-4)


def test_hot_blinking_stuck_and_dead_pixels_are_found_and_no_others(scan, read):
    def spoil(counts):
        spoilt = counts.astype(np.int32)
        spoilt[:, 3, 27] = np.random.default_rng(1).poisson(800, len(counts))  # hot
        spoilt[::7, 29, 5] = 3000  # blinks
        spoilt[:, 20, 16] = 37  # stuck
        spoilt[:, 15, 19] = 0  # dead
        return spoilt

    assert {tuple(at) for at in np.argwhere(bad_pixels(read(spoil)))} == {(3, 27), (29, 5), (20, 16), (15, 19)}


def test_full_pixels_are_left_out_where_they_are_full(scan, read):
    full = read(lambda counts: np.minimum(counts, 127))
    counts = counts_of(full)
    at_most = np.asarray(scan.patterns) >= 127
    assert said(full, "full at 127") and (counts[at_most] == NO_DATA).all()
    np.testing.assert_allclose(counts[~at_most], np.asarray(scan.patterns)[~at_most], rtol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1, 1e30])
def test_single_values_that_cannot_be_are_left_out(scan, read, value):
    def spoil(counts):
        spoilt = counts.astype(float)
        spoilt[7, 3, 3] = value
        return spoilt

    found = read(spoil)
    counts = counts_of(found)
    assert counts[7, 3, 3] == NO_DATA and not np.delete(counts.reshape(100, -1), 99, axis=1).min() < 0
    assert found.mean_photons == pytest.approx(scan.mean_photons, rel=1e-3) and said(found, "(3, 3)")


@pytest.mark.parametrize("key, stored", [
    ("bad_pixels", GAP), ("bad_pixels", ~GAP), ("mask", GAP), ("mask", ~GAP), ("pixel_mask", 4 * GAP),
    ("bad_pixels", np.broadcast_to(GAP, (100, 32, 32))),
])  # fmt: skip
def test_masks_are_read_whatever_their_polarity(read, key, stored):
    masked = read(lambda counts: np.where(GAP, 0, counts), {key: stored})
    np.testing.assert_array_equal(bad_pixels(masked), GAP)


@pytest.mark.parametrize("name, polarity", [("mask.npy", True), ("mask.npz", False), ("mask.h5", True),
                                            ("mask.mat", False)])  # fmt: skip
def test_a_mask_of_its_own_file_is_applied(read, tmp_path, name, polarity):
    path = tmp_path / name
    stored = GAP if polarity else ~GAP
    if name.endswith("h5"):
        import h5py

        with h5py.File(path, "w") as file:
            file["entry/instrument/detector/pixel_mask"] = stored.astype(np.uint32)
    elif name.endswith("mat"):
        savemat(path, {"mask": stored.astype(np.uint8)})
    else:
        np.save(path, stored) if name.endswith("npy") else np.savez(path, mask=stored)
    np.testing.assert_array_equal(bad_pixels(read(mask=str(path))), GAP)
    with pytest.raises(ValueError, match="mask of finite numbers.*Received"):
        read(lambda counts: counts[:, :, :24], mask=str(path))


def test_a_background_is_subtracted(scan, read, tmp_path):
    dark = np.random.default_rng(3).integers(3, 9, (32, 32)).astype(float)
    np.save(tmp_path / "dark.npy", dark)
    for spoil, background in ((lambda counts: counts + dark, str(tmp_path / "dark.npy")), (lambda c: c + 4, "4")):
        found = read(spoil, dark=background)
        np.testing.assert_allclose(counts_of(found), scan.patterns, atol=1e-3)
        assert said(found, "subtracted, as asked")


def test_an_offset_of_the_electronics_is_subtracted_and_stray_light_is_expected(scan, read):
    random = np.random.default_rng(4)
    offset = read(lambda counts: np.rint(counts + random.normal(200, 2, counts.shape)).astype(np.uint16))
    assert said(offset, "floor of 20", "subtracted") and offset.mean_photons < 1.2 * scan.mean_photons
    as_floats = read(lambda counts: np.rint(counts + random.normal(200, 2, counts.shape)).astype(np.float32))
    assert said(as_floats, "floor of 20", "subtracted")
    stray = read(lambda counts: counts + random.poisson(20.0, counts.shape))
    assert said(stray, "expected as stray light", "--dark") and stray.mean_photons > 2 * scan.mean_photons
    assert stray.background == pytest.approx(20, rel=0.03) and not stray.marked
    assert np.sum(np.abs(stray.probe) ** 2) == pytest.approx(scan.mean_photons, rel=0.1)
    faint = read(lambda counts: counts + random.poisson(1.0, counts.shape), bin=2, pad=32)
    assert faint.background == pytest.approx(4, rel=0.05)
    asked = read(lambda counts: counts + random.poisson(20.0, counts.shape), dark="0")
    assert asked.background == 0 and not said(asked, "floor")


def test_what_an_object_scatters_is_no_stray_light(scan, read):
    """A white object sends as much to the corners as to the middle, in speckles that move."""
    random = np.random.default_rng(6)
    assert scan.background == 0 and read().background == 0
    speckles = read(lambda counts: counts + random.poisson(random.exponential(20.0, counts.shape)))
    assert speckles.background == 0 and said(speckles, "may be stray light", "--dark 2")
    y, x = np.indices((32, 32)) - 16
    steady = 40 / (1 + np.hypot(y, x))  # of the aperture: the same in all frames, and less the farther from it
    assert read(lambda counts: counts + random.poisson(steady, counts.shape)).background == 0


def test_noise_about_a_subtracted_background_is_light_or_none(scan, read):
    random = np.random.default_rng(5)
    subtracted = read(lambda counts: counts + random.normal(0, 3, counts.shape))
    assert (
        subtracted.measurement == "counts" and said(subtracted, "Negative values") and counts_of(subtracted).min() == 0
    )
    assert 0.5 < subtracted.mean_photons / scan.mean_photons < 1.5


SCALES = {
    "scaled to 1": (lambda counts: counts / counts.max(), "counts"),
    "a gain of 24": (lambda counts: 24 * counts.astype(np.uint32), "counts"),
    "a flat field": (lambda counts: counts / np.random.default_rng(6).normal(1, 0.04, (32, 32)), "counts"),
    "one pixel of a mean": (lambda counts: np.where(np.arange(1024).reshape(32, 32) == 70, 0.125, counts), "counts"),
    "amplitudes": (lambda counts: np.sqrt(counts), "amplitude"),
    "amplitudes scaled": (lambda counts: np.sqrt(counts / counts.max()), "amplitude"),
}


@pytest.mark.parametrize("change, measurement", SCALES.values(), ids=SCALES)
def test_the_unit_of_patterns_is_told(scan, read, change, measurement):
    found = read(change)
    assert found.measurement == measurement
    if measurement == "counts":
        assert found.mean_photons == pytest.approx(scan.mean_photons, rel=0.05)


def test_rounded_amplitudes_are_told_from_counts(scan, read):
    bright = np.asarray(scans.simulate(scan.object, scan.probe, scan.positions, photons=4e5, seed=7).patterns)
    assert read(lambda counts: np.rint(np.sqrt(bright)).astype(np.uint8)).measurement == "amplitude"
    assert read(lambda counts: bright).measurement == "counts"


@pytest.mark.parametrize("logarithm", [np.log1p, lambda counts: np.log10(1 + counts)])
def test_logarithms_are_refused(read, logarithm):
    with pytest.raises(ValueError, match="logarithms.*Received: logarithms|Received: logarithms"):
        read(logarithm)


def test_photons_per_unit_scale_counts_and_are_refused_for_amplitudes(scan, read):
    assert read(photons_per_unit=0.5).mean_photons == pytest.approx(scan.mean_photons / 2)
    for options in ({"photons_per_unit": 2.0}, {"dark": "3"}):
        with pytest.raises(ValueError, match="amplitudes. Received"):
            read(lambda counts: np.sqrt(counts), **options)


def test_intensities_of_an_unknown_unit_have_the_photons_that_are_asked_for(scan, read):
    smooth = np.asarray(scan.patterns) + 0.37 * np.random.default_rng(8).random((100, 32, 32))
    asked = read(lambda counts: smooth / 777, how={"measurement": "intensity", "photons": 3e4})
    assert asked.measurement == "counts" and asked.mean_photons == pytest.approx(3e4, rel=0.5)


def test_lost_frames_are_left_out_at_the_first_look(scan, read):
    def spoil(counts):
        spoilt = counts.astype(np.uint32)
        spoilt[20:30], spoilt[50] = 0, np.random.default_rng(9).poisson(9000, (32, 32))
        return spoilt

    found = read(spoil)
    kept = found.lit()
    assert len(found) == 100 and len(kept) == 89 and said(kept, "11 of 100", "20, 21") and kept.lit() is kept
    assert kept.mean_photons == pytest.approx(scan.mean_photons, rel=0.05)
    np.testing.assert_array_equal(kept.positions, np.delete(scan.positions, [*range(20, 30), 50], axis=0))


def test_frames_beyond_the_sample_are_marked_where_light_cannot_be(scan, read):
    """A pixel that no frame of the sample showed to be bad is left out where it is beyond all light."""
    many = {key: np.tile(values, 4) for key, values in zip("xy", scan.positions.T[::-1])}

    def spoil(counts):
        spoilt = np.tile(counts.astype(np.int64), (4, 1, 1))
        spoilt[303, 4, 4] = 10**6
        return spoilt

    found = read(spoil, {"xcoords": many["x"], "ycoords": many["y"]}, bursts="keep")
    assert counts_of(found, [303])[0, 4, 4] == NO_DATA and found.mask is None
    assert (counts_of(found, slice(0, 300)) >= 0).all()
