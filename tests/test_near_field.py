"""Laws of the near field from file to image: geometry, frames, probe, and what each command makes of it or refuses."""

import dataclasses
import json

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho
from test_evidence import AS_TOLD

from ptychopinn.data.recording import Recording
from ptychopinn.formats import read_reconstruction, read_scan
from ptychopinn.formats.writers import cxi_scan
from ptychopinn.physics.experiment import Experiment
from ptychopinn.physics.optics import optics_at
from ptychopinn.preparation.detector import Asked
from ptychopinn.preparation.params import Preparation
from ptychopinn.preparation.prepare import prepare
from ptychopinn.reconstruction.distance import told_fresnel_number
from ptychopinn.reconstruction.near_or_far import is_near
from ptychopinn.simulation import leaves, objects, pupils, scans
from ptychopinn_cli.auto import at_fresnel_number

WAVELENGTH, ENERGY = 1e-10, 12398.41984
FOCUS, DISTANCE, DETECTOR = 0.01, 0.99, 50e-6
"""A cone beam, magnified 100 times: pixels of 0.5 um, and a parallel beam's 9.9 mm to the detector."""

PIXEL, FRESNEL = 0.5e-6, 0.5e-6**2 / (WAVELENGTH * 9.9e-3)
SIMULATED = ("--size", 32, "--object-size", 72, "--step", 6, "--probe", "zernike", "--zernike-pupil", 0.4,
             "--photons", 1e6, "--fresnel-number", 0.2)  # fmt: skip


@pytest.fixture(scope="module")
def near_file(tmp_path_factory):
    """A simulated scan whose file says that it is of the near field."""
    path = tmp_path_factory.mktemp("near") / "near.npz"
    assert ptycho("simulate", path, *SIMULATED).exit_code == 0
    return path


@pytest.fixture
def recording(scan):
    """Frames of 36 x 44 pixels, lit to their edges, as a detector stores them, with positions in metres."""
    frames = np.pad(np.asarray(scan.patterns), ((0, 0), (2, 2), (6, 6)))
    frames = frames + np.random.default_rng(0).poisson(9, frames.shape).astype(np.uint16)
    return Recording(frames, scan.positions * PIXEL, unit="m", energy_eV=ENERGY, distance_m=DISTANCE,
                     detector_pixel_m=(DETECTOR, DETECTOR), name="cone")  # fmt: skip


def prepared(recording, **options):
    return prepare(recording, Preparation(**{"propagation": "near", "focus_distance": FOCUS, **options}))


def sent(wave, distance):
    """A wave after a Fresnel distance, by the angular spectrum."""
    y, x = (np.fft.fftfreq(side) for side in wave.shape)
    return np.fft.ifft2(np.fft.fft2(wave) * np.exp(-1j * np.pi * distance * (y[:, None] ** 2 + x**2)))


def test_a_geometry_tells_the_pixel_and_its_fresnel_number(scan, recording):
    found = prepared(recording)
    assert found.pixel_size_m == pytest.approx(PIXEL) and found.fresnel_number == pytest.approx(FRESNEL)
    np.testing.assert_allclose(found.positions, scan.positions, rtol=1e-9)
    parallel = prepared(dataclasses.replace(recording, distance_m=9.9e-3), focus_distance=None, detector_pixel=PIXEL)
    assert parallel.pixel_size_m == PIXEL and parallel.fresnel_number == pytest.approx(FRESNEL)
    by_pixel = prepared(recording, focus_distance=None, pixel_size=PIXEL)
    assert by_pixel.fresnel_number == pytest.approx(FRESNEL)
    assert prepared(recording, focus_distance=None, fresnel_number=0.5).fresnel_number == 0.5
    by_file = dataclasses.replace(recording, far_field=False)
    assert prepared(by_file, propagation=None).fresnel_number == pytest.approx(FRESNEL)
    assert prepare(by_file, Preparation(propagation="far")).fresnel_number is None


def test_padding_keeps_the_pixel_and_the_frames_are_kept_whole(recording):
    frames = np.asarray(recording.patterns)
    for options, side in (({}, 40), ({"pad": 64}, 64), ({"crop": 32}, 32)):
        found = prepared(recording, **options)
        assert (found.size, found.pixel_size_m, found.fresnel_number) == (
            side, pytest.approx(PIXEL), pytest.approx(FRESNEL))  # fmt: skip
        np.testing.assert_allclose(found.positions, recording.positions / PIXEL, rtol=1e-9)
        inner = min(side, 36) // 2
        middle = (slice(None), *[slice(side // 2 - inner, side // 2 + inner)] * 2)
        stored = frames[:, 18 - inner : 18 + inner, 22 - inner : 22 + inner]
        np.testing.assert_allclose(found.amplitudes(slice(None))[middle] ** 2, stored, rtol=1e-5)
        assert (found.mask is None) == (side == 32) and (found.mask is None or not found.mask[0].any())


def test_binned_pixels_are_larger_and_of_a_larger_fresnel_number(recording):
    frames = np.pad(np.asarray(recording.patterns), ((0, 0), (14, 14), (10, 10)))
    found = prepared(dataclasses.replace(recording, patterns=frames), bin=2)
    assert found.size == 32 and found.pixel_size_m == pytest.approx(2 * PIXEL)
    assert found.fresnel_number == pytest.approx(4 * FRESNEL)
    np.testing.assert_allclose(2 * found.positions, recording.positions / PIXEL, rtol=1e-9)
    assert np.square(found.amplitudes(slice(None))).sum() == pytest.approx(frames.sum(), rel=1e-4)


def test_a_probe_of_the_file_stays_where_it_is_and_is_binned_as_the_frames_are(scan, recording):
    probe = np.pad(scan.probe, ((0, 0), (16, 16), (16, 16)))
    wide = dataclasses.replace(recording, patterns=np.pad(np.asarray(scan.patterns), ((0, 0), (16, 16), (16, 16))),
                               probe=probe)  # fmt: skip
    light = lambda wave: wave / np.linalg.norm(wave)  # noqa: E731
    options = {"pad": 80}, {"crop": 32}, {"bin": 2}
    padded, cropped, binned = (prepared(wide, **option).probe_guess for option in options)
    np.testing.assert_allclose(padded[:, 8:-8, 8:-8], probe, atol=1e-6)
    np.testing.assert_allclose(cropped, scan.probe, atol=1e-6)
    np.testing.assert_allclose(light(binned), light(probe[:, ::2, ::2]), atol=0.01)


@pytest.mark.parametrize("orient, turned", [
    ("fliplr", lambda frames: frames[:, :, ::-1]), ("flipud", lambda frames: frames[:, ::-1]),
    ("transpose", lambda frames: frames.swapaxes(1, 2)), ("rot180", lambda frames: frames[:, ::-1, ::-1]),
])  # fmt: skip
def test_a_turned_frame_is_turned_about_its_middle(scan, recording, orient, turned):
    frames = np.asarray(scan.patterns)
    found = prepared(dataclasses.replace(recording, patterns=turned(frames)), orient=orient)
    np.testing.assert_allclose(found.amplitudes(slice(None)) ** 2, frames, rtol=1e-5)


def test_a_missing_probe_is_the_mean_frame_sent_back(recording):
    y, x = np.mgrid[:40, :40] - 19.5
    amplitude = 20 * np.exp(-(y**2 + 1.5 * x**2) / 60)
    frames = np.repeat(np.rint(amplitude**2)[None], 100, axis=0).astype(np.uint16)
    mask = np.ones((40, 40), bool)
    mask[19, 21] = False
    found = prepared(dataclasses.replace(recording, patterns=np.where(mask, frames, 0), mask=mask))
    again = np.abs(sent(found.probe_guess[0], 1 / FRESNEL))
    np.testing.assert_allclose(again[mask], np.sqrt(frames[0])[mask], atol=1e-6)
    assert again[19, 21] == pytest.approx(amplitude[19, 21], rel=0.1)
    assert any("mean frame, sent back" in note for note in found.notes)


REFUSED = {
    "the centre": ({"centre": "auto"}, "centre is for far fields.*Received: centre=auto. Leave it out"),
    "a defocus": ({"defocus": 1e-3}, "defocus is for far fields.*Received: defocus=0.001. Leave it out"),
    "a focus of the far field": ({"propagation": "far"}, "focus_distance acts with propagation=near. Received: .*0.01"),
    "a distance too far": (
        {"focus_distance": None, "distance": 1.0, "detector_pixel": PIXEL},
        "at most the field.s 40 pixels. Received: 400 pixels, fresnel_number=0.0025",
    ),
}


@pytest.mark.parametrize("options, words", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_in_the_near_field_is_refused(recording, options, words):
    with pytest.raises(ValueError, match=words):
        prepared(recording, **options)


def test_what_is_missing_of_a_geometry_is_asked_for(recording):
    unknown = dataclasses.replace(recording, unit="px", energy_eV=None)
    with pytest.raises(ValueError, match="needs the energy.*Received: energy_eV=None.*--energy.*--fresnel-number"):
        prepared(unknown)
    with pytest.raises(ValueError, match="zero_frequency is for far fields.*Received: zero_frequency=corner"):
        prepare(recording, Preparation(propagation="near", focus_distance=FOCUS), Asked(zero_frequency="corner"))
    with pytest.raises(ValueError, match="Received: fresnel_number=0.1, focus_distance=0.01. Leave one of them out"):
        prepared(recording, fresnel_number=0.1)


def test_a_near_field_goes_from_a_file_to_an_image_that_is_evaluated(near_file, tmp_path):
    out, judged = tmp_path / "out", tmp_path / "eval"
    done = ptycho("reconstruct", near_file, "--passes", 12, "--output-dir", out, "--no-report")
    assert done.exit_code == 0 and "Fresnel number 0.2" in done.output, done.output
    assert read_reconstruction(out).fresnel_number == pytest.approx(0.2)
    figures = ptycho("evaluate", out, near_file, "--output-dir", judged, "--json", "--no-report")
    assert figures.exit_code == 0, figures.output
    found = json.loads((judged / "evaluation.json").read_text())["figures"]
    assert found["nrmse_complex"] < 0.15 and found["deviance_per_photon"] < 0.01
    facts = json.loads(ptycho("inspect", near_file, "--json").output)
    assert (facts["propagation"], facts["fresnel_number"], facts["zero_frequency"]) == ("near", 0.2, None)
    anew = ptycho("evaluate", out, near_file, "--propagation", "far", "--output-dir", tmp_path / "far")
    assert_said_plainly(anew, "of the near field", "Received: near.npz, with fresnel_number=None", "--propagation near")
    padded = ptycho("evaluate", out, near_file, "--pad", 64, "--output-dir", tmp_path / "far")
    assert_said_plainly(padded, "must have the size of the patterns", "Received: probe.shape=(1, 32, 32)", "--pad")
    alone = ptycho("evaluate", out, out, "--pad", 64, "--output-dir", tmp_path / "far")
    assert_said_plainly(alone, "Only a scan can be prepared", "Leave them out")


@pytest.fixture(scope="module")
def behind_a_rough_beam():
    """A scan of the near field of 64 x 64 pixels, through a beam that is rough: it tells the distance."""
    truth, probe = objects.transmission(leaves.dead_leaves(130, 1)), pupils.zernike(64, 0.4, 1.0, seed=3)
    places = scans.jittered_raster(truth.shape, 64, 7.0, seed=1)
    experiment = Experiment(truth, probe, optics=optics_at(0.1))
    return scans.simulate_experiment(experiment, places, 1e6, seed=2)


def test_photons_tell_a_distance_that_is_wrong_and_leave_one_that_is_right(behind_a_rough_beam):
    assert told_fresnel_number(behind_a_rough_beam) == 0.1
    wrong = dataclasses.replace(behind_a_rough_beam, fresnel_number=0.1 / 1.3)
    assert told_fresnel_number(wrong) == pytest.approx(0.1, rel=0.03)


def test_another_fresnel_number_keeps_the_pixel_that_a_focus_said(recording):
    asked = Preparation(propagation="near", focus_distance=FOCUS)
    anew = Preparation.from_dict(at_fresnel_number(asked.to_dict(), 0.4, prepared(recording).pixel_size_m))
    found = prepare(recording, anew)
    assert found.fresnel_number == 0.4 and found.pixel_size_m == pytest.approx(PIXEL)
    np.testing.assert_allclose(found.positions, prepared(recording).positions)


def test_what_tells_no_distance_is_not_asked(recording, tmp_path):
    path = tmp_path / "few.npz"
    scans.write_ptychopinn(path, prepared(dataclasses.replace(recording, probe=None)).subset(np.arange(20)))
    done = ptycho("reconstruct", path, "--auto", "--passes", 2, "--no-report", "--output-dir", tmp_path / "out")
    assert done.exit_code == 0 and "distance is not tried: that takes 32 patterns" in " ".join(done.output.split())


def test_auto_takes_the_distance_that_photons_tell_unless_it_was_said(behind_a_rough_beam, tmp_path):
    path, auto = tmp_path / "far.npz", ("--auto", "--passes", 2, "--no-report", "--output-dir", tmp_path / "out")
    scans.write_ptychopinn(path, dataclasses.replace(behind_a_rough_beam, fresnel_number=0.1 / 1.3))
    done = ptycho("reconstruct", path, *auto, *AS_TOLD)
    assert done.exit_code == 0 and "Photons speak for a detector 0.7" in done.output, done.output
    assert read_reconstruction(tmp_path / "out").fresnel_number == pytest.approx(0.1, rel=0.03)
    said = ptycho("reconstruct", path, *auto, *AS_TOLD, "--fresnel-number", 0.08)
    assert said.exit_code == 0 and "Photons speak for a detector" not in said.output
    assert read_reconstruction(tmp_path / "out").fresnel_number == pytest.approx(0.08)


def silent(scan, path, **geometry):
    """Write a scan into a CXI file, which does not say in which field its detector is."""
    cxi_scan.write(dataclasses.replace(scan, energy_eV=ENERGY, pixel_size_m=PIXEL, **geometry), path)
    return path


def test_auto_tells_the_near_field_where_a_file_does_not_say_it(behind_a_rough_beam, tmp_path):
    path = silent(behind_a_rough_beam, tmp_path / "silent.cxi", distance_m=PIXEL**2 / (WAVELENGTH * 0.1))
    auto = ("--auto", *AS_TOLD, "--passes", 2, "--no-report", "--output-dir", tmp_path / "out")
    done = ptycho("reconstruct", path, *auto)
    assert done.exit_code == 0 and "photons speak for the near field" in done.output, done.output
    assert read_reconstruction(tmp_path / "out").fresnel_number == pytest.approx(0.1, rel=0.03)
    said = ptycho("reconstruct", path, *auto, "--propagation", "far")
    assert said.exit_code == 0 and "photons speak for the near field" not in said.output
    assert read_reconstruction(tmp_path / "out").fresnel_number is None


def test_photons_tell_the_far_field_from_the_near(behind_a_rough_beam, tmp_path):
    truth, places = behind_a_rough_beam.object, behind_a_rough_beam.positions
    taken = scans.simulate(truth, behind_a_rough_beam.probe_guess, places, 1e6, seed=2)
    path = silent(taken, tmp_path / "far.cxi", distance_m=1.0)
    far, near = (read_scan(path, preparation=Preparation(propagation=one)) for one in ("far", "near"))
    assert near.fresnel_number is not None and near.size == far.size and not is_near(near, far)


def test_networks_refuse_a_near_field(near_file, bundle, tmp_path):
    for words in (("train", near_file), ("infer", bundle, near_file), ("reconstruct", near_file, "--bundle", bundle)):
        refused = ptycho(*words, "--output-dir", tmp_path / "out")
        assert_said_plainly(refused, "patterns of the far field", "Received: near.npz, of the near field",
                            "--start flat", out=tmp_path / "out")  # fmt: skip


def test_a_near_field_is_converted_or_it_is_said_how_to_read_it(near_file, tmp_path):
    geometry = {"energy": ENERGY, "distance": PIXEL**2 / (WAVELENGTH * 0.2), "pixel_size": PIXEL}
    options = [word for name, value in geometry.items() for word in (f"--{name.replace('_', '-')}", value)]
    scan = read_scan(near_file, preparation=Preparation(**geometry))
    for out, again in (("a.npz", ()), ("a.cxi", ("--propagation near", "--fresnel-number"))):
        done = ptycho("convert", near_file, tmp_path / out, *options)
        assert done.exit_code == 0, done.output
        assert ("that the detector is in the near field" in done.output) == bool(again)
        assert all(word in done.output for word in again)
        read = read_scan(tmp_path / out, preparation=Preparation(propagation="near"))
        assert read.fresnel_number == pytest.approx(scan.fresnel_number)
        np.testing.assert_allclose(read.amplitudes(slice(9)), scan.amplitudes(slice(9)), rtol=1e-6)
        np.testing.assert_allclose(np.diff(read.positions, axis=0), np.diff(scan.positions, axis=0), atol=1e-3)


def test_simulated_geometry_of_the_far_field_is_refused_in_the_near(tmp_path):
    for words in (("--probe", "zone-plate"), ("--energy-eV", 9000)):
        refused = ptycho("simulate", tmp_path / "s.npz", "--fresnel-number", 0.1, *words)
        assert_said_plainly(refused, "fresnel_number says what a geometry would", "Received: fresnel_number=0.1")


def test_a_measured_near_field_is_read_with_its_focus_alone(shared_data):
    """P25 of PETRA III: 1.12 m behind a sample, which lies 3.65 mm behind the focus."""
    found = read_scan(shared_data / "peers" / "petra3_p25_near_field.cxi",
                      preparation=Preparation(propagation="near", focus_distance=3.65e-3))  # fmt: skip
    assert found.pixel_size_m == pytest.approx(55e-6 / 307.85, rel=1e-4) and found.size == 104
    assert 1 / found.fresnel_number == pytest.approx(11.16, abs=0.01) and found.mask.sum() == 100 * 100 - 5
