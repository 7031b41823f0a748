"""Scans as users report them (the generators of shared/cases): each is read right, or refused with the remedy."""

import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from ptychopinn.formats import read_scan

CASES = pathlib.Path(__file__).resolve().parents[2] / "shared" / "cases"
KINDS = ("c00", "c01", "c02", "c03", "c04", "c07", "c08", "c09", "c14", "c15", "c20", "c21")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The cases, made once."""
    if not CASES.is_dir():
        pytest.skip(f"needs the generators in {CASES}")
    made = tmp_path_factory.mktemp("cases")
    for script in sorted(path for kind in KINDS for path in CASES.glob(f"{kind}_*.py")):
        subprocess.run([sys.executable, "-B", script], check=True, capture_output=True,
                       env=os.environ | {"CASES_DIR": str(made)})  # fmt: skip
    return made


@pytest.fixture(scope="module")
def clean(folder):
    """The scan that most cases are made of, as it is stored."""
    with np.load(folder / "base.npz") as file:
        return dict(file)


def photons_of(scan):
    """Photons, -1 where no data is."""
    amplitudes = scan.amplitudes(slice(None))
    return np.where(amplitudes < 0, -1, amplitudes**2)


def said(scan, words):
    return re.search(words, " ".join(scan.notes))


def bad_pixels(scan):
    return 0 if scan.mask is None else int((~scan.mask).sum())


def likeness(probe, other):
    return abs(np.vdot(probe, other)) / np.linalg.norm(probe) / np.linalg.norm(other)


AS_CLEAN = {
    "clean": (0, "counts"), "gap_zero_masked": (124, ""), "gap_nan": (124, "NaN"), "gap_nan_masked": (124, ""),
    "gap_mask_inverted": (124, "other way round"), "gap_mask_per_frame": (124, ""),
    "gap_mask_as_mask_key": (124, "mask"), "gap_zero": (20, "dead"), "hot_one_65535": (1, "65535"),
    "hot_six_3000": (6, "hot"), "hot_blinking": (1, "60000"), "saturated_1023": (0, "full at 1023"),
    "sentinel_u32": (65, "4294967295"), "sentinel_u32_masked": (65, ""), "sentinel_u16": (65, "65535"),
    "sentinel_i32_minus1": (65, "negative"), "sentinel_i32_minus1_masked": (65, ""),
    "sentinel_u32_one_pixel": (1, "4294967295"), "pos_um_with_pixel_size": (0, "taken for um"),
    "pos_m_with_pixel_size": (0, "taken for m"), "pos_nm_10nm_pixel": (0, "taken for nm"),
    "energy_in_keV": (0, "in keV"), "shape_32x40": (0, "cropped to 32"), "shape_4d": (0, ""),
    "shape_probe_other_size": (0, "middle is taken"), "shape_big_endian": (0, ""), "shape_fortran": (0, ""),
    "centre_corner": (0, "at the corner"), "probe_at_corner": (0, "lies at the corner"), "probe_opr_4d": (0, "OPR"),
    "float_intensity_norm1": (0, "1.614e"), "float_one_pixel_patched": (0, "whole numbers"),
    "float_amplitude": (0, "amplitudes"), "int_adu_gain_37": (0, "multiples of 37"),
    "int_amplitude_rounded": (0, "rounded amplitudes"), "object_ones": (0, "left out"),
    "object_zeros": (0, "left out"), "object_float": (0, "left out.*phase"),
}  # fmt: skip
"""Bad pixels, and what is said, of cases whose other pixels, positions and probe are those of the clean scan."""

ROUGH = {"int_amplitude_rounded": 130, "float_one_pixel_patched": 9, "gap_zero": 30}
"""Photons by which some differ: what was rounded, made up, or 0 where hardly light came, is not to be had again."""


@pytest.mark.parametrize("name", AS_CLEAN)
def test_faults_of_files_and_detectors_leave_the_clean_scan(folder, clean, name):
    bad, words = AS_CLEAN[name]
    scan = read_scan(folder / f"{name}.npz")
    assert bad_pixels(scan) == bad and said(scan, words), scan.notes
    photons = photons_of(scan)
    good = (photons >= 0) & (scan.mask if scan.mask is not None else True)
    assert good.mean() > 0.85
    np.testing.assert_allclose(photons[good], clean["diff3d"][good], rtol=1e-4, atol=ROUGH.get(name, 1e-3))
    places = np.stack([clean["ycoords"], clean["xcoords"]], axis=1)
    np.testing.assert_allclose(scan.positions, places, atol=1e-6)
    assert likeness(scan.probe[0], clean["probeGuess"]) > 0.999
    assert scan.object is None


REFUSED = {
    "pos_um": "--units", "pos_m": "--units", "pos_mm": "--units", "pos_nm": "--units", "pixel_size_in_nm": "Correct it",
    "frames_4_more": "--pair first or --pair last", "frames_3_fewer": "--pair first or --pair last",
    "frames_same_position_all": "metres", "float_log_intensity": "Raise 10",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_is_refused_with_the_way_out(folder, name):
    with pytest.raises(ValueError, match=f"Received: .*{REFUSED[name]}"):
        read_scan(folder / f"{name}.npz")


@pytest.mark.parametrize("name, level", [("background_0.5", 0.5), ("background_5", 5), ("background_50", 50),
                                         ("clean", 0), ("background_halo", 0)])  # fmt: skip
def test_stray_light_is_known_and_kept_in_the_patterns(folder, name, level):
    scan = read_scan(folder / f"{name}.npz")
    assert scan.background == pytest.approx(level, rel=0.05)
    assert bool(said(scan, "stray light; --dark overrides")) == (level > 0)


@pytest.mark.parametrize("name", ["dark_not_subtracted_u16", "dark_subtracted_int", "dark_subtracted_counts_f32"])
def test_dark_current_is_no_light(folder, clean, name):
    photons = photons_of(read_scan(folder / f"{name}.npz"))
    bright = clean["diff3d"] > 200
    assert photons[bright].sum() == pytest.approx(clean["diff3d"][bright].sum(), rel=0.1)
    assert photons[clean["diff3d"] == 0].mean() < 2


FRAMES = {
    "frame_mad": (143, "50"), "frames_position_nan": (143, "pattern 70"),
    "frames_position_outlier": (143, "pattern 70"),
    "frames_position_outlier_900": (143, "pattern 70"), "frames_twice_a_point": (144, "added up"),
    "frames_8_exposures_a_point": (20, "8 each, are added up"),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_frames_without_a_place_are_left_out_and_bursts_added_up(folder, name):
    count, words = FRAMES[name]
    scan = read_scan(folder / f"{name}.npz").lit()
    assert len(scan) == count and said(scan, words), scan.notes


@pytest.mark.parametrize("name", ["probe_none", "probe_ones"])
def test_a_missing_probe_is_made_like_the_true_one(folder, clean, name):
    scan = read_scan(folder / f"{name}.npz")
    assert said(scan, "made of the mean pattern") and likeness(scan.probe[0], clean["probeGuess"]) > 0.9


@pytest.mark.parametrize("name, size, ratio", [("shape_33", 32, 33 / 32), ("shape_24", 32, 24 / 32),
                                               ("shape_100", 96, 100 / 96)])  # fmt: skip
def test_detectors_of_any_side_are_cropped_or_padded_and_positions_follow(folder, name, size, ratio):
    scan = read_scan(folder / f"{name}.npz")
    with np.load(folder / f"{name}.npz") as file:
        places, side = np.stack([file["ycoords"], file["xcoords"]], axis=1), file["diff3d"].shape[-1]
    assert scan.size == size and said(scan, "cropped|padded")
    np.testing.assert_allclose(scan.positions * ratio, places, rtol=1e-9)
    assert bad_pixels(scan) == max(0, size**2 - side**2)


@pytest.mark.parametrize("name, offset", [("centre_off_1", 1), ("centre_off_2", 2)])
def test_light_beside_the_middle_is_said(folder, name, offset):
    assert said(read_scan(folder / f"{name}.npz"), rf"\(\+{offset}.*, -{offset}.*--centre auto")


@pytest.mark.parametrize("name", ["centre_off_6", "centre_far_from_middle"])
def test_light_far_from_the_middle_is_moved_there(folder, clean, name):
    photons = photons_of(read_scan(folder / f"{name}.npz"))
    good = photons >= 0
    assert good.mean() > 0.6
    np.testing.assert_allclose(photons[good], clean["diff3d"][good], rtol=1e-4)
