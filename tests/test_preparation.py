"""Laws of geometry, frames and probes: units, axes, windows and pairs are brought to what a scan is, or refused."""

import dataclasses

import numpy as np
import pytest

from ptychopinn.data.recording import Recording
from ptychopinn.data.selection import Selection
from ptychopinn.formats import read_scan
from ptychopinn.physics.probes import agreement
from ptychopinn.physics.resampling import centred_fft, placed, resampled
from ptychopinn.physics.wavelengths import far_field_pixel_m, wavelength_m
from ptychopinn.preparation.applied import Applied
from ptychopinn.preparation.bursts import Summed
from ptychopinn.preparation.detector import Asked
from ptychopinn.preparation.orientation import FLIPS, oriented
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.prepare import prepare
from ptychopinn.simulation import probes, scans

PIXEL = 20e-9
INVERSE = {"rot90_cw": "rot90_ccw", "rot90_ccw": "rot90_cw"}


@pytest.fixture
def recording(scan):
    """What a file with the simulated scan holds."""
    return Recording(np.asarray(scan.patterns), scan.positions, unit="px", probe=scan.probe, name="some")


def prepared(recording, asked=None, **options):
    return prepare(recording, Preparation(**options), asked)


def said(scan, *words):
    return any(all(word in note for word in words) for note in scan.notes)


def counts_of(scan, which=slice(None)):
    amplitudes = scan.amplitudes(which)
    return np.where(amplitudes < 0, -1, amplitudes**2)


def test_wavelengths_are_those_of_the_books():
    assert wavelength_m(12398.42) == pytest.approx(1e-10, rel=1e-6)
    assert wavelength_m(300e3, electrons=True) == pytest.approx(1.9687e-12, rel=1e-4)
    assert wavelength_m(100, electrons=True) == pytest.approx(1.2264e-10, rel=1e-3)


@pytest.mark.parametrize("unit, metres", [("m", 1), ("mm", 1e-3), ("um", 1e-6), ("nm", 1e-9)])
@pytest.mark.parametrize("known", ["by the file", "by the user", "by nobody"])
def test_positions_of_every_unit_become_pixels(scan, recording, unit, metres, known):
    stored = dataclasses.replace(recording, positions=scan.positions * PIXEL / metres, pixel_size_m=PIXEL,
                                 unit=unit if known == "by the file" else None)  # fmt: skip
    found = prepared(stored, units=unit if known == "by the user" else None)
    np.testing.assert_allclose(found.positions, scan.positions, rtol=1e-6)
    assert said(found, f"are {unit}") or said(found, f"taken for {unit}", "--units")


@pytest.mark.parametrize("unit", ["m", "mm"])
def test_the_pixel_follows_from_the_geometry_or_is_asked_for(scan, recording, unit):
    detector = {"energy": 8000.0, "distance": 2.0, "detector_pixel": 75e-6}
    pixel = far_field_pixel_m(wavelength_m(8000), 2, 32, 75e-6)
    stored = dataclasses.replace(recording, unit=None, positions=scan.positions * pixel / {"m": 1, "mm": 1e-3}[unit])
    found = prepared(stored, **detector)
    np.testing.assert_allclose(found.positions, scan.positions, rtol=1e-6)
    assert found.pixel_size_m == pytest.approx(pixel) and found.energy_eV == 8000 and found.distance_m == 2
    electrons = prepared(stored, **detector, units=unit, electrons=True)
    ratio = wavelength_m(8000, electrons=True) / wavelength_m(8000)
    assert electrons.pixel_size_m == pytest.approx(pixel * ratio)
    np.testing.assert_allclose(electrons.positions * ratio, scan.positions, rtol=1e-6)
    assert prepared(stored, units=unit, pixel_size=pixel).pixel_size_m == pixel
    with pytest.raises(ValueError, match="Received: .*None.*--pixel-size, or .*--energy, --distance and --detector"):
        prepared(stored, units=unit, energy=8000.0)


@pytest.mark.parametrize("factor", [1e-8, 0.02])
def test_positions_of_no_known_unit_are_refused(scan, recording, factor):
    with pytest.raises(ValueError, match="must be pixels.*Received: steps of .*--units.*--pixel-size"):
        prepared(dataclasses.replace(recording, unit=None, positions=scan.positions * factor))


def test_units_that_cannot_be_told_apart_are_asked_for_or_said(scan, recording):
    known = dataclasses.replace(recording, unit=None, pixel_size_m=0.13e-6)
    with pytest.raises(ValueError, match="must be pixels.*Received: steps of .*--units"):
        prepared(dataclasses.replace(known, positions=scan.positions * 0.13))
    assert said(prepared(dataclasses.replace(known, pixel_size_m=1e-6)), "as um their steps would be", "--units")


@pytest.mark.parametrize("place", ["positions.csv", "positions.npz:/deep/places"])
def test_positions_may_lie_in_another_file(scan, tmp_path, place):
    np.save(tmp_path / "patterns.npy", np.asarray(scan.patterns))
    np.savez(tmp_path / "positions.npz", **{"deep/places": scan.positions})
    lines = [f"{x},{y}" for y, x in scan.positions]
    (tmp_path / "positions.csv").write_text("\n".join(["x,y", *lines]))
    found = read_scan(
        tmp_path / "patterns.npy", preparation=Preparation(positions_from=str(tmp_path / place), units="px")
    )
    np.testing.assert_allclose(found.positions, scan.positions, rtol=1e-6)
    np.testing.assert_array_equal(counts_of(found), counts_of(scan))


def test_a_raster_of_points_alone_needs_its_step(scan, tmp_path):
    cube = np.asarray(scan.patterns)[:80].reshape(8, 10, 32, 32)
    np.save(tmp_path / "cube.npy", cube)
    read = lambda **options: read_scan(tmp_path / "cube.npy", preparation=Preparation(**options))  # noqa: E731
    for options in ({}, {"pixel_size": PIXEL}, {"units": "um"}):
        with pytest.raises(ValueError, match="Received: scan_step=None. Give --scan-step"):
            read(**options)
    places = np.stack(np.meshgrid(np.arange(8) * 5.0, np.arange(10) * 5.0, indexing="ij"), axis=-1).reshape(-1, 2)
    in_pixels = read(scan_step=5.0).positions
    in_metres = read(scan_step=5e6 * PIXEL, units="um", pixel_size=PIXEL).positions
    for positions in (in_pixels, in_metres):
        np.testing.assert_allclose(positions - positions[0], places, atol=1e-6)


def test_a_step_is_refused_where_positions_are_told(recording):
    with pytest.raises(ValueError, match="has positions. Received: scan_step=2.0. Leave it out"):
        prepared(recording, scan_step=2.0)


def test_pixels_that_are_believed_stay_pixels(scan, recording):
    """`--units px` keeps what would be taken for something else."""
    small = dataclasses.replace(recording, unit=None, positions=scan.positions * 0.02, pixel_size_m=PIXEL)
    np.testing.assert_array_equal(prepared(small, units="px").positions, small.positions)
    assert not np.allclose(prepared(small).positions, small.positions)


AXES = {
    "negate": ({"sign": "negate"}, lambda p, c: 2 * c - p),
    "negate y": ({"sign": "negate-y"}, lambda p, c: np.stack([2 * c[0] - p[:, 0], p[:, 1]], 1)),
    "negate x": ({"sign": "negate-x"}, lambda p, c: np.stack([p[:, 0], 2 * c[1] - p[:, 1]], 1)),
    "swap": ({"swap_xy": True}, lambda p, c: (p - c)[:, ::-1] + c),
    "rotate": ({"rotate_scan": 90.0}, lambda p, c: np.stack([-(p - c)[:, 1], (p - c)[:, 0]], 1) + c),
    "affine": ({"affine": "1.1,0,0.2,1"}, lambda p, c: (p - c) @ np.array([[1.1, 0.2], [0, 1]]) + c),
    "all": ({"sign": "negate-x", "swap_xy": True, "affine": "2,0,0,1"},
            lambda p, c: (p - c)[:, ::-1] * [-1, 1] * [2, 1] + c),
}  # fmt: skip


@pytest.mark.parametrize("options, wanted", AXES.values(), ids=AXES)
def test_axes_of_the_scan_are_as_the_user_says(scan, recording, options, wanted):
    found = prepared(dataclasses.replace(recording, object=scan.object), **options)
    centre = (scan.positions.min(axis=0) + scan.positions.max(axis=0)) / 2
    np.testing.assert_allclose(found.positions, wanted(scan.positions, centre), atol=1e-9)
    assert found.object is None and said(found, "as asked") and said(found, "object", "left out")


@pytest.mark.parametrize("orientation", FLIPS)
@pytest.mark.parametrize("corner", [False, True])
def test_orientations_keep_the_zero_frequency_and_are_undone_by_their_inverse(scan, recording, orientation, corner):
    read_out = oriented(np.asarray(scan.patterns), orientation)
    assert (read_out[:, 16, 16] == scan.patterns[:, 16, 16]).all()
    stored = np.fft.ifftshift(read_out, axes=(1, 2)) if corner else read_out
    found = prepared(dataclasses.replace(recording, patterns=stored), orient=INVERSE.get(orientation, orientation))
    np.testing.assert_allclose(counts_of(found), scan.patterns, rtol=1e-5)


def test_a_detector_of_any_shape_gives_the_patterns_in_its_middle(scan, recording):
    wide = np.pad(np.asarray(scan.patterns), ((0, 0), (3, 5), (20, 11)), constant_values=0)
    found = prepared(dataclasses.replace(recording, patterns=wide), centre="19,36")
    counts = counts_of(found)
    assert found.size == 40 and said(found, "(19, 36), as asked") and said(found, "cropped to 40")
    np.testing.assert_allclose(counts[:, 4:36, 4:36], scan.patterns, rtol=1e-5)
    odd = prepared(dataclasses.replace(recording, patterns=wide[:, 3:33, 20:50]))
    assert odd.size == 32 and odd.mask is not None and odd.mask.sum() == 900 and said(odd, "padded")


@pytest.mark.parametrize("offset", [(6, -5), (-7, 0)])
def test_light_far_from_the_middle_is_brought_there(scan, recording, offset):
    moved = np.zeros((100, 32, 32), np.uint16)
    inside = [slice(max(0, one), 32 + min(0, one)) for one in offset]
    back = [slice(max(0, -one), 32 + min(0, -one)) for one in offset]
    moved[:, inside[0], inside[1]] = np.asarray(scan.patterns)[:, back[0], back[1]]
    found = prepared(dataclasses.replace(recording, patterns=moved))
    seen = counts_of(found)
    good = seen >= 0
    assert said(found, "moved by whole pixels", "--centre") and good.mean() > 0.5
    np.testing.assert_allclose(seen[good], np.asarray(scan.patterns)[good], rtol=1e-5)
    near = prepared(dataclasses.replace(recording, patterns=np.roll(scan.patterns, 1, axis=1)))
    assert said(near, "--centre auto moves") and not near.marked
    asked = prepared(dataclasses.replace(recording, patterns=np.roll(scan.patterns, 1, axis=1)), centre="auto")
    np.testing.assert_allclose(counts_of(asked)[:, :-1], np.asarray(scan.patterns)[:, :-1], rtol=1e-5)


def wide_scan(truth, side):
    """A scan of patterns of a side, whose detector shows finer pixels than one of 32."""
    probe = probes.gaussian(side, width=0.1, curvature=1.0)
    positions = scans.jittered_raster(truth.shape, side, 8, seed=3, margin=1)
    made = scans.simulate(truth, probe, positions, photons=2e4, seed=4)
    return Recording(np.asarray(made.patterns), positions, unit="px", probe=probe, pixel_size_m=PIXEL, name="wide")


def test_a_crop_makes_larger_pixels_and_a_pad_smaller_ones(scan_64):
    wide = wide_scan(scan_64.object, 64)
    cropped = prepared(wide, crop=40)
    assert cropped.size == 40 and cropped.pixel_size_m == pytest.approx(PIXEL * 64 / 40)
    np.testing.assert_allclose(cropped.positions * 64 / 40, wide.positions)
    np.testing.assert_allclose(counts_of(cropped), wide.patterns[:, 12:52, 12:52], rtol=1e-5)
    padded = prepared(wide, pad=80)
    assert padded.size == 80 and padded.pixel_size_m == pytest.approx(PIXEL * 64 / 80)
    assert (counts_of(padded, [0])[0, :8] == -1).all() and padded.mask.sum() == 64**2
    for found in (cropped, padded):  # the far field of the probe is where it was
        side, ratio = min(found.size, 64), found.size - 64
        far = np.abs(centred_fft(found.probe_guess[0]))
        wanted = np.abs(centred_fft(np.asarray(wide.probe)))[0] if np.ndim(wide.probe) == 3 else None
        assert wanted is not None and far[found.size // 2, found.size // 2] == pytest.approx(wanted[32, 32], rel=1e-6)
        assert side and ratio


def test_binned_pixels_are_added_up_and_the_window_shrinks(scan_64):
    wide = wide_scan(scan_64.object, 64)
    found = prepared(wide, bin=2)
    assert found.size == 32 and found.pixel_size_m == pytest.approx(PIXEL) and said(found, "2 x 2")
    np.testing.assert_allclose(found.positions, wide.positions)
    assert counts_of(found).sum() == pytest.approx(np.asarray(wide.patterns)[:, 0:64, 0:64].sum(), rel=1e-5)
    amplitudes = dataclasses.replace(wide, patterns=np.sqrt(wide.patterns), measurement="amplitude")
    np.testing.assert_allclose(prepared(amplitudes, bin=2).amplitudes([3]) ** 2, counts_of(found, [3]), rtol=1e-4)


@pytest.mark.parametrize("options", [{"crop": 100}, {"pad": 36}, {"centre": "99,3"}])
def test_windows_that_cannot_be_are_refused(recording, options):
    with pytest.raises(ValueError, match="must be .*Received: .*=.*[.] "):
        prepared(recording, **options)


@pytest.mark.parametrize("options", [{"centre": "middle"}, {"affine": "1,2,3"}, {"affine": "1,2,nan,4"}])
def test_texts_that_are_no_numbers_are_refused(options):
    with pytest.raises(ValueError, match="must be .*Received: "):
        Preparation(**options)


@pytest.mark.parametrize("pair, first", [("first", 0), ("last", 5)])
def test_frames_and_positions_are_paired_as_the_user_says(scan, recording, pair, first):
    more = dataclasses.replace(recording, positions=scan.positions[: len(scan) - 5])
    with pytest.raises(ValueError, match="100 patterns, 95 positions.*--pair"):
        prepared(more)
    found = prepared(more, pair=pair)
    np.testing.assert_array_equal(counts_of(found, [7])[0].round(), scan.patterns[7 + first])
    fewer = dataclasses.replace(recording, patterns=np.asarray(scan.patterns)[:95])
    np.testing.assert_array_equal(prepared(fewer, pair=pair).positions[7], scan.positions[7 + first])
    with pytest.raises(ValueError, match="by-index needs"):
        prepared(more, pair="by-index")
    with pytest.raises(ValueError, match=f"--pair {pair} chooses.*Received: 100 of each"):
        prepared(recording, pair=pair)


@pytest.mark.parametrize("pair", [None, "by-index", "last"])
def test_frames_and_positions_are_paired_by_index(scan, recording, pair):
    """The file counts frames from 7, and has positions of 90 of them, in reverse; one of no frame."""
    places, wanted = np.arange(95, 5, -1), np.arange(95, 5, -1) + 7
    wanted[0] = 5
    told = {"frame_indexes": np.arange(100) + 7, "position_indexes": wanted, "positions": scan.positions[places]}
    found = prepared(dataclasses.replace(recording, **told), pair=pair)
    if pair == "last":
        np.testing.assert_array_equal(counts_of(found, [0])[0].round(), scan.patterns[10])
        of_all = {"frame_indexes": np.arange(100), "position_indexes": np.arange(100)[::-1]}
        in_order = prepared(dataclasses.replace(recording, **of_all), pair=pair)
        np.testing.assert_array_equal(in_order.positions, scan.positions)
        assert said(in_order, "by their order, as asked, and not by their indexes")
        return
    assert said(found, "paired by index: 89 pairs; 1 positions and 11 patterns have no partner")
    np.testing.assert_array_equal(found.positions, scan.positions[places[1:]])
    np.testing.assert_array_equal(counts_of(found, [0, 88]).round(), np.asarray(scan.patterns)[places[[1, 89]]])


def test_indexes_of_positions_count_frames_from_0(scan, recording):
    told = {"position_indexes": np.arange(10, 30), "positions": scan.positions[10:30]}
    found = prepared(dataclasses.replace(recording, **told), pair="by-index")
    np.testing.assert_array_equal(counts_of(found).round(), np.asarray(scan.patterns)[10:30])
    assert said(found, "counted from 0")
    for wrong in (np.arange(100, 120), np.arange(3)):
        with pytest.raises(ValueError, match="Received: .*--pair first"):
            prepared(dataclasses.replace(recording, **told | {"position_indexes": wrong}), pair="by-index")


def test_frames_of_a_burst_are_added_up(scan, recording):
    often = np.repeat(np.arange(100), 3)
    thirds = np.random.default_rng(1).binomial(np.asarray(scan.patterns), 1 / 3)
    rest = np.asarray(scan.patterns) - thirds
    second = rest // 2
    frames = np.stack([thirds, second, rest - second], axis=1).reshape(300, 32, 32).astype(np.uint16)
    burst = dataclasses.replace(recording, patterns=frames, positions=scan.positions[often])
    found = prepared(burst)
    assert len(found) == 100 and said(found, "300 frames become 100", "--bursts keep")
    np.testing.assert_array_equal(counts_of(found).round(), scan.patterns)
    assert len(prepared(burst, bursts="keep")) == 300


@pytest.mark.parametrize("where", [(np.nan, 3.0), (5e3, 5e3)])
def test_a_frame_of_no_known_place_is_left_out_and_named(scan, recording, where):
    positions = scan.positions.copy()
    positions[41] = where
    found = prepared(dataclasses.replace(recording, positions=positions))
    assert len(found) == 99 and said(found, "Left out", "pattern 41")
    np.testing.assert_array_equal(counts_of(found, [41])[0].round(), scan.patterns[42])


@pytest.mark.parametrize("stored", [
    lambda p: np.fft.ifftshift(p, axes=(1, 2)), lambda p: np.pad(p, ((0, 0), (9, 9), (9, 9))), lambda p: p[:, 1:, 1:],
    lambda p: np.stack([[p[0], 0.1 * p[0]], [p[0].conj(), p[0]]]),
])  # fmt: skip
def test_probes_of_other_windows_are_brought_to_the_patterns(scan, recording, stored):
    found = prepared(dataclasses.replace(recording, probe=stored(np.asarray(scan.probe_guess))))
    assert found.probe.shape[1:] == (32, 32) and agreement(found.probe[:1], scan.probe) > 0.99
    assert said(found, "probe")


def test_a_probe_of_another_pixel_is_resampled(scan, recording):
    fine = resampled(np.asarray(scan.probe_guess), 64)
    found = prepared(dataclasses.replace(recording, probe=fine, probe_pixel_m=PIXEL / 2, pixel_size_m=PIXEL))
    assert agreement(found.probe, scan.probe) > 0.999 and said(found, "resampled")
    assert np.array_equal(placed(placed(fine, 97), 64), fine)


@pytest.mark.parametrize("nothing", [None, np.zeros((1, 32, 32)), np.ones((1, 32, 32)), np.full((1, 32, 32), np.nan)])
def test_a_probe_is_made_where_the_file_has_none(scan, recording, nothing):
    found = prepared(dataclasses.replace(recording, probe=nothing))
    assert said(found, "made of the mean pattern", "--defocus") and agreement(found.probe, scan.probe) > 0.3
    assert nothing is None or said(found, "left out")


def test_a_defocus_widens_the_probe_that_is_made(recording):
    known = dataclasses.replace(recording, probe=None, energy_eV=8000.0, pixel_size_m=PIXEL)
    widths = []
    for defocus in (0.0, 1e-4):
        light = np.abs(prepared(known, defocus=defocus).probe[0]) ** 2
        widths.append(light.sum() ** 2 / (light**2).sum())
    assert widths[1] > 1.5 * widths[0]
    with pytest.raises(ValueError, match="defocus needs .*Received: defocus=.*--energy"):
        prepared(dataclasses.replace(recording, probe=None), defocus=1e-5)


def test_the_probe_of_the_file_is_left_out_as_asked(recording):
    wrong = dataclasses.replace(recording, probe=np.abs(recording.probe))
    found, without = prepared(wrong, make_probe=True), prepared(dataclasses.replace(recording, probe=None))
    np.testing.assert_array_equal(found.probe, without.probe)
    assert found.probe_made and said(found, "left out, as asked") and said(without, "holds no probe")
    with pytest.raises(ValueError, match="holds one. Received: defocus=0.001 m.*--make-probe"):
        prepared(wrong, defocus=1e-3)


def test_what_is_asked_of_the_zero_frequency_wins_over_the_light(recording):
    assert prepared(recording, Asked(zero_frequency="corner")).corner


def test_real_scans_are_read_as_they_are(shared_data):
    for name in ("siemens-star-small.npz.bz2", "cryo_em_counts.npz"):
        scan = read_scan(shared_data / name)
        assert scan.mask is None and scan.measurement == "counts" and scan.lit() is scan
        assert not said(scan, "Masked") and not said(scan, "moved")


@pytest.mark.parametrize("wrapped", [
    lambda frames: Selection(frames, np.array([1, 3])),
    lambda frames: Summed(frames, np.array([0, 2])),
    lambda frames: Applied(frames, lambda some: some[:, 1:, 1:], (7, 7), np.float32),
], ids=["selection", "summed", "applied"])  # fmt: skip
def test_what_is_read_as_it_is_indexed_is_an_array_for_numpy(wrapped):
    patterns = wrapped(np.arange(4 * 64).reshape(4, 8, 8))
    whole = np.asarray(patterns)
    assert whole.dtype == patterns.dtype and whole.shape == patterns.shape
    np.testing.assert_array_equal(whole, patterns[:])
