"""Laws of the doctor: what is planted is found, with the option that corrects it; what is as it should be is left."""

import dataclasses
import json

import numpy as np
import pytest
from click.testing import CliRunner

from ptychopinn.doctor.corrections import composed, corrections
from ptychopinn.doctor.examine import examine
from ptychopinn.doctor.search import LONG
from ptychopinn.formats import read_scan
from ptychopinn.physics.numpy_physics import near_field
from ptychopinn.physics.probes import mean_square_frequency
from ptychopinn.physics.resampling import centred_fft
from ptychopinn.preparation.orientation import FLIPS, oriented
from ptychopinn.preparation.params import SIGNS, Preparation
from ptychopinn.preparation.scan_positions import rotation, scan_matrix
from ptychopinn.preparation.trials.hypothesis import Hypothesis, axes_of
from ptychopinn.preparation.trials.orientation import of_scan, told_orientation
from ptychopinn.preparation.trials.passes import tried
from ptychopinn.preparation.trials.place import place_of
from ptychopinn.preparation.trials.reduced import reduction_of
from ptychopinn.simulation import probes, pupils, scans
from ptychopinn_cli.main import main

SIDE = 32


@pytest.fixture(scope="module")
def healthy():
    """A scan whose probe is not symmetric, so that all of its geometry can be told."""
    random = np.random.default_rng(5)
    rough = np.exp(-((np.hypot(*np.meshgrid(*2 * [np.arange(66) - 33])) / 12) ** 2))
    phase = np.real(centred_fft(centred_fft(random.normal(size=(66, 66))) * rough, inverse=True))
    obj = np.exp(1j * phase / phase.std())
    probe = pupils.zernike(SIDE, 0.4, 1.0, seed=3)
    return scans.simulate(obj, probe, scans.jittered_raster(obj.shape, SIDE, 5.0, seed=1), photons=1e5, seed=2)


@pytest.fixture
def write(tmp_path):
    def written(scan, **arrays):
        stored = {"diff3d": np.asarray(scan.patterns), "xcoords": scan.positions[:, 1], "ycoords": scan.positions[:, 0],
                  "probeGuess": scan.probe, **arrays}  # fmt: skip
        path = tmp_path / "scan.npz"
        np.savez(path, **{key: value for key, value in stored.items() if value is not None})
        return path

    return written


def about_middle(scan, matrix):
    middle = scan.positions.mean(axis=0)
    return dataclasses.replace(scan, positions=(scan.positions - middle) @ np.asarray(matrix, float).T + middle)


def alarms(diagnosis):
    return {one.kind for one in diagnosis.findings if one.sureness == "clear"}


def geometry(scan):
    """What a scan's positions and patterns are, but for a shift, and for a turn of both."""
    return scan.positions - scan.positions.mean(axis=0)


def test_a_healthy_scan_is_left_as_it_is(healthy, write):
    path = write(healthy)
    found = examine(path)
    assert not alarms(found) and found.preparation == Preparation() and not found.reconstruction
    assert found.command == f"ptycho reconstruct {path}" and found.corrected_scan is found.scan
    assert [one.sureness for one in found.findings] == ["said"]
    assert found.measures["overlap_mean"] > found.measures["overlap_worst"] > 0
    assert np.abs(found.measures["zero_frequency_off_px"]).max() < 1.5


PLANTED = {
    "turned detector": lambda scan: dataclasses.replace(scan, patterns=oriented(np.asarray(scan.patterns), "rot90_cw")),
    "mirrored and turned scan": lambda scan: about_middle(scan, rotation(25) @ np.diag([-1, 1])),
}


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_planted_faults_of_geometry_are_corrected(healthy, write, plant):
    """With the options that are said, positions against patterns are those that were simulated."""
    path = write(plant(healthy))
    found = examine(path)
    assert alarms(found) <= {"orientation", "rotation", "scale"} and alarms(found) and found.corrected_scan is None
    corrected = read_scan(path, preparation=found.preparation)
    patterns = np.square(corrected.amplitudes(slice(None)))
    as_simulated = [
        one for one in FLIPS
        if np.allclose(oriented(np.asarray(healthy.patterns, float), one), patterns, rtol=1e-3, atol=1e-3)
    ]  # fmt: skip
    assert len(as_simulated) == 1
    turned = np.linalg.inv(axes_of(as_simulated[0]))
    missed = geometry(corrected) - geometry(healthy) @ turned.T
    assert np.abs(missed).max() < 0.06 * np.abs(geometry(healthy)).max()


def test_frames_that_are_late_are_found(healthy, write):
    path = write(dataclasses.replace(healthy, positions=np.roll(healthy.positions, -1, axis=0)))
    found = examine(path)
    assert found.preparation == Preparation(late=1) and alarms(found) == {"late"}
    corrected = read_scan(path, preparation=found.preparation)
    np.testing.assert_allclose(corrected.positions, healthy.positions[1:], rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(corrected.patterns[:]), np.asarray(healthy.patterns)[1:])


def test_a_delay_along_the_lines_of_a_raster_is_said_to_be_ambiguous(healthy, write):
    places = np.stack(np.meshgrid(17.0 + 5 * np.arange(4), 17.0 + 1.6 * np.arange(20), indexing="ij"), -1).reshape(
        -1, 2
    )
    scan = scans.simulate(healthy.object, healthy.probe, places, photons=1e5, seed=6)
    (late,) = [one for one in examine(write(scan)).findings if one.kind == "late"]
    assert late.sureness == "ambiguous" and {"late": 1} in late.equal


@pytest.mark.parametrize("late", [-3, 2])
def test_patterns_go_with_the_positions_of_frames_before(healthy, write, late):
    read = read_scan(write(healthy), preparation=Preparation(late=late))
    first = max(late, 0)
    np.testing.assert_array_equal(read.patterns[0], healthy.patterns[first])
    np.testing.assert_allclose(read.positions[0], healthy.positions[first - late])
    assert len(read) == len(healthy) - abs(late)
    with pytest.raises(ValueError, match="late must be less than .*Received: late=900"):
        read_scan(write(healthy), preparation=Preparation(late=900))


def test_the_twin_of_a_symmetric_probe_is_said_to_be_ambiguous(healthy, write):
    scan = scans.simulate(np.pad(np.asarray(healthy.object), 0), probes.gaussian(SIDE, 0.15, 0.0), healthy.positions,
                          photons=1e5, seed=4)  # fmt: skip
    found = examine(write(about_middle(scan, np.diag([-1, 1]))))
    twin = next(one for one in found.findings if one.kind == "twin")
    assert twin.sureness == "ambiguous" and alarms(found) == {"orientation"}
    equal = [*twin.equal, next(one for one in found.findings if one.kind == "orientation").options]
    assert {"sign": "negate-y"} in equal and {"sign": "negate-x"} in equal and {"orient": "flipud"} in equal


def test_where_nothing_can_be_told_that_is_said(healthy, write):
    faint = scans.simulate(healthy.object, healthy.probe, healthy.positions[:28], photons=30, seed=4)
    few = dataclasses.replace(healthy, patterns=healthy.patterns[:9], positions=healthy.positions[:9])
    for scan in (faint, few):
        found = examine(write(scan))
        assert [one.sureness for one in found.findings] == ["untold"] and found.preparation == Preparation()


def test_a_probe_that_explains_nothing_is_left_out(healthy, write):
    """Without the phase of its defocus the probe tells nothing; one that is made of the patterns does."""
    curved = probes.gaussian(SIDE, 0.15, 3.0)
    scan = scans.simulate(healthy.object, curved, healthy.positions, photons=1e5, seed=4)
    found = examine(write(scan, probeGuess=np.abs(curved)))
    assert found.preparation.make_probe and "--make-probe" in found.command and alarms(found) == {"probe"}


def test_a_probe_out_of_focus_is_not_taken_for_a_scale(healthy, write):
    """Through a curved beam, positions that are nearer to one another look like a beam that is curved otherwise."""
    curved = probes.gaussian(SIDE, 0.15, 3.0)
    scan = scans.simulate(healthy.object, curved, healthy.positions, photons=1e5, seed=4)
    off = near_field(scan.probe, 1 / (np.pi * mean_square_frequency(scan.probe)))
    found = examine(write(scan, probeGuess=off))
    assert not alarms(found)
    doubted = next(one for one in found.findings if one.kind == "scale")
    assert doubted.sureness == "ambiguous" and "--affine" in doubted.words and "out of focus" in doubted.words


def test_trials_know_parts_of_a_pixel(healthy):
    place, known = place_of(healthy, 40), Hypothesis(probe_moves=False)
    rounded = dataclasses.replace(place, positions=np.rint(place.positions))
    assert tried(place, known, LONG).misfit < 0.6 * tried(rounded, known, LONG).misfit


@pytest.mark.parametrize("probe", [None, probes.gaussian(SIDE, 0.15, 3.0)], ids=["rough", "curved"])
def test_positions_of_no_known_unit_find_their_pixel(healthy, write, probe):
    """Also through a curved beam: nothing says that the scale that was guessed is right and the probe out of focus."""
    scan, pixel = healthy, 2.3e-8
    if probe is not None:
        scan = scans.simulate(healthy.object, probe, healthy.positions, photons=1e5, seed=4)
    found = examine(write(scan, xcoords=scan.positions[:, 1] * pixel, ycoords=scan.positions[:, 0] * pixel))
    assert found.preparation.units == "m" and found.preparation.pixel_size == pytest.approx(pixel, rel=0.1)


def test_light_besides_and_an_unsteady_beam_ask_for_their_options(healthy, write):
    stray = scans.simulate(healthy.object, healthy.probe, healthy.positions, photons=1e5, seed=2, background=20)
    assert examine(write(stray)).reconstruction == {"background": "find"}
    beam = np.random.default_rng(3).uniform(0.5, 1.5, len(healthy))[:, None, None]
    unsteady = np.random.default_rng(4).poisson(np.asarray(healthy.patterns) * beam)
    assert examine(write(dataclasses.replace(healthy, patterns=unsteady))).reconstruction == {"flux": "find"}


@pytest.mark.parametrize("orientation", FLIPS)
def test_turned_patterns_are_a_scan_that_is_turned(orientation):
    """Options of the axes and of the detector that are said to be equal are one matrix."""
    changes = corrections(Preparation(), of_scan(orientation))
    assert set(changes) <= {"sign", "swap_xy"}
    np.testing.assert_array_equal(scan_matrix(Preparation(**changes)), axes_of(orientation))


def test_corrections_go_on_from_what_was_said():
    before = Preparation(sign="negate-y", rotate_scan=30.0, affine="1.1,0,0,1.1", orient="transpose", late=1)
    further = Hypothesis("fliplr", late=1).turned(-50.0, 1.2)
    after = dataclasses.replace(before, **corrections(before, further))
    np.testing.assert_allclose(scan_matrix(after), 1.2 * rotation(-50) @ scan_matrix(before), atol=2e-3)
    assert after.orient == composed("transpose", "fliplr") and after.late == 2
    assert {composed(one, one) for one in FLIPS if "rot90" not in one} == {"identity"}
    assert {sign: scan_matrix(Preparation(sign=sign)).tolist() for sign in SIGNS}["negate-x"] == [[1, 0], [0, -1]]


@pytest.mark.parametrize("width, binned", [(0.04, 2), (0.15, 1)])
def test_large_patterns_are_reduced_to_what_tells_geometry(healthy, width, binned):
    """A narrow probe's patterns are binned, a wide one's are cut: either way they are those of the reduced probe."""
    obj = np.kron(np.asarray(healthy.object), np.ones((3, 3)))[:168, :168]
    places = scans.jittered_raster((168, 168), 128, 4.0, seed=1)
    scan = scans.simulate(obj, probes.gaussian(128, width, 0.0), places, photons=1e6, seed=2)
    reduction = reduction_of(scan)
    assert (reduction.bin, reduction.kept, reduction.pixel_ratio) == (binned, 64, 2 / binned)
    whole, read = np.square(scan.amplitudes(slice(None))), np.square(reduction.read(scan, np.arange(len(scan))))
    lost = whole.sum() - whole[:, 32:96, 32:96].sum() if binned == 1 else 0
    assert read.sum() == pytest.approx(whole.sum() - lost, rel=1e-4)
    probe = reduction.probe(np.asarray(scan.probe))
    assert np.sum(np.abs(probe) ** 2) == pytest.approx(np.sum(np.abs(scan.probe) ** 2), rel=1e-3)
    mirrored = dataclasses.replace(scan, patterns=oriented(np.asarray(scan.patterns), "transpose"))
    assert told_orientation(mirrored)[0] in ("transpose", "antitranspose")


def test_orient_auto_turns_what_is_turned_and_says_so(healthy, write):
    path = write(PLANTED["turned detector"](healthy))
    found = read_scan(path, preparation=Preparation(orient="auto"))
    np.testing.assert_allclose(np.square(found.amplitudes(slice(None))), healthy.patterns, rtol=1e-4)
    assert any("turned by rot90_ccw" in note and "--orient overrides" in note for note in found.notes)
    path = write(dataclasses.replace(healthy, patterns=healthy.patterns[:9], positions=healthy.positions[:9]))
    assert any("tell nothing" in note for note in read_scan(path, preparation=Preparation(orient="auto")).notes)


def test_inspect_says_what_is_wrong_and_what_reconstructs_it(healthy, write):
    path = write(about_middle(healthy, np.eye(2)[::-1]))
    said = CliRunner().invoke(main, ["inspect", str(path)])
    assert said.exit_code == 0, said.output
    assert "--swap-xy" in said.output and f"ptycho reconstruct {path} --swap-xy" in said.output
    quick = json.loads(CliRunner().invoke(main, ["inspect", str(path), "--json", "--no-trials"]).output)
    assert quick["findings"] == [] and quick["measures"]["oversampling"] > 1
    assert quick["command"] == f"ptycho reconstruct {path}"


def test_the_page_shows_what_was_found(healthy, write, tmp_path):
    gap = np.array(healthy.patterns, float)
    gap[:, 20:22] = -1
    page = tmp_path / "page.html"
    done = CliRunner().invoke(main, ["inspect", str(write(healthy, diff3d=gap)), "--no-trials", "--report", str(page)])
    assert done.exit_code == 0 and "Wrote" in done.output, done.output
    text = page.read_text()
    for words in (
        "64 pixels without data are blank",
        "ptycho reconstruct",
        "overlap of neighbours",
        "Highest of",
        "photons by",
    ):
        assert words in text
    assert text.count("data:image/") >= 6


def test_nothing_is_tried_of_a_near_field(scan, tmp_path):
    path = tmp_path / "near.npz"
    scans.write_ptychopinn(path, dataclasses.replace(scan, fresnel_number=0.2))
    diagnosis = examine(path)
    assert diagnosis.scan.fresnel_number == 0.2 and diagnosis.preparation == Preparation()
    assert [one.sureness for one in diagnosis.findings] == ["untold"] and "near" in diagnosis.findings[0].words
