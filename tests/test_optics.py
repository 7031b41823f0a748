"""Laws of the way of light and of the detector: gradients through all of it, NumPy's formula, and truths found."""

import dataclasses
import json

import numpy as np
import pytest
from keras import ops
from refusal import assert_said_plainly, ptycho
from test_engine import HEIGHT, RANDOM, SIZE, WIDTH, inner, seen_of, wave

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.engine.background import background_after, background_asked_of
from ptychopinn.engine.pulls import deviance_of, nothing_of, probes_of, pull_of, waves_of
from ptychopinn.evaluation.against_patterns import residual
from ptychopinn.evaluation.against_truth import score
from ptychopinn.physics.detector import Detector, gaussian_spread
from ptychopinn.physics.experiment import Experiment
from ptychopinn.physics.numpy_physics import near_field
from ptychopinn.physics.optics import FAR, Optics
from ptychopinn.physics.propagation import fresnel
from ptychopinn.physics.ramp import ramp_of
from ptychopinn.physics.waves import light_of
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.reconstruct import reconstruct
from ptychopinn.reconstruction.ways import optics_of
from ptychopinn.simulation import objects, scans

OPTICS = {
    "near field": Optics(distance=5.0),
    "three slices": Optics(slices=3, spacing=4.0),
    "blurred": Optics(blur=1.3),
    "all": Optics(distance=5.0, slices=2, spacing=4.0, blur=0.8),
}


def complex_of(pair):
    return ops.convert_to_numpy(pair[0]) + 1j * ops.convert_to_numpy(pair[1])


@pytest.mark.backend
@pytest.mark.parametrize("moved", ["object", "probe"])
@pytest.mark.parametrize("optics", OPTICS.values(), ids=OPTICS)
def test_what_pulls_is_the_gradient_of_the_deviance_through_all_optics(optics, moved):
    """Expected counts near the measured ones, and many, where a pull is not held down; some pixels without data."""
    canvas, probe = wave(optics.slices * HEIGHT * WIDTH), tuple(10 * part for part in wave(2, SIZE, SIZE))
    seen = seen_of(6)._replace(background=ops.convert_to_tensor(RANDOM.uniform(1, 9, (SIZE, SIZE)).astype("float32")))
    light = ops.convert_to_numpy(light_of(waves_of(canvas, probe, seen, WIDTH, optics)[0]))
    spread = optics.spread(SIZE, optics.zero_first)
    counts = Detector(background=ops.convert_to_numpy(seen.background), spread=spread).expected(light)
    counts = np.where(RANDOM.uniform(size=light.shape) < 0.1, -1, counts * RANDOM.uniform(0.7, 1.3, light.shape))
    seen = seen._replace(counts=ops.convert_to_tensor(counts.astype(np.float32)))
    pull = pull_of(nothing_of(canvas, probe), canvas, probes_of(probe, seen), seen, WIDTH, True, optics)
    direction = wave(*(canvas if moved == "object" else probe)[0].shape)

    def deviance(step):
        goes = lambda values: tuple(part + step * way for part, way in zip(values, direction))  # noqa: E731
        there, lit = (goes(canvas), probe) if moved == "object" else (canvas, goes(probe))
        deviances = deviance_of(there, probes_of(lit, seen), seen, WIDTH, optics)
        return float(np.sum(ops.convert_to_numpy(deviances), dtype=np.float64))

    step = 1e-3 if moved == "object" else 1e-2  # a part of 1e-3 of either
    measured = (deviance(step) - deviance(-step)) / (2 * step)
    assert -8 * inner(getattr(pull, moved), direction) == pytest.approx(measured, rel=0.02)


@pytest.mark.backend
def test_the_engine_s_patterns_are_those_of_the_formula():
    slices, probe = wave(2, HEIGHT, WIDTH), wave(2, SIZE, SIZE)
    seen = seen_of(4)
    positions = ops.convert_to_numpy(seen.corners) + SIZE // 2 + ops.convert_to_numpy(seen.shifts)
    canvas = tuple(ops.reshape(part, (-1,)) for part in slices)
    for optics in (Optics(slices=2, spacing=4.0), Optics(distance=5.0, slices=2, spacing=4.0)):
        found = ops.convert_to_numpy(light_of(waves_of(canvas, probe, seen, WIDTH, optics)[0]))
        found = np.fft.fftshift(found, axes=(1, 2)) if optics.zero_first else found
        expected = Experiment(complex_of(slices), complex_of(probe), optics=optics).light(positions, slice(None))
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * expected.max())


@pytest.mark.backend
def test_the_near_field_is_that_of_gaussian_beams():
    r"""A Gaussian $e^{-r^2 / 2 s^2}$ spreads to $s \sqrt{1 + (d / 2 \pi s^2)^2}$."""
    y, x = np.mgrid[-32:32, -32:32]
    waist, distance = 4.0, 60.0
    beam = np.exp(-(y**2 + x**2) / (2 * waist**2)).astype(np.float32)
    there = fresnel(distance).forward((ops.convert_to_tensor(beam), ops.zeros(beam.shape)))
    light = np.abs(complex_of(there)) ** 2
    np.testing.assert_allclose(complex_of(there), near_field(beam, distance), atol=1e-5)
    wide = waist * np.sqrt(1 + (distance / (2 * np.pi * waist**2)) ** 2)
    assert np.sqrt(2 * np.sum(light * y**2) / light.sum()) == pytest.approx(wide, rel=1e-3)


def test_blur_is_its_own_adjoint_keeps_photons_inside_and_knows_where_the_middle_is():
    spread = gaussian_spread(24, 1.5)
    detector, a, b = Detector(spread=spread), RANDOM.uniform(size=(3, 24, 24)), RANDOM.uniform(size=(3, 24, 24))
    assert np.sum(detector.blurred(a) * b) == pytest.approx(np.sum(a * detector.blurred(b)))
    point = np.zeros((24, 24))
    point[12, 12] = 7.0
    seen = detector.blurred(point)
    variance = np.sum(seen * np.square(np.arange(24) - 12)[:, None]) / seen.sum()
    assert seen.sum() == pytest.approx(7.0, rel=1e-5) and variance == pytest.approx(1.5**2, rel=1e-3)
    rolled = Detector(spread=gaussian_spread(24, 1.5, zero_first=True)).blurred(np.fft.ifftshift(a, axes=(1, 2)))
    np.testing.assert_allclose(np.fft.fftshift(rolled, axes=(1, 2)), detector.blurred(a), rtol=1e-5)


@pytest.mark.backend
def test_a_step_finds_a_smooth_background_and_none_is_negative():
    canvas, probe, seen = wave(HEIGHT * WIDTH), wave(1, SIZE, SIZE), seen_of(64)
    light = light_of(waves_of(canvas, probe, seen, WIDTH)[0])
    for dark in (4.0, -4.0):
        more = seen._replace(counts=ops.maximum(light + dark, 0.0))
        asked, known = background_asked_of(canvas, probe, more, WIDTH)
        found = ops.convert_to_numpy(background_after(ops.zeros((SIZE, SIZE)), asked, known))
        np.testing.assert_allclose(found, max(dark, 0.0), rtol=0.02)


SIDE, PATCH = 96, 32
TRUTH = objects.lines(SIDE, count=120)
POSITIONS = scans.jittered_raster(TRUTH.shape, PATCH, 5, seed=1, margin=4)
ROWS, COLUMNS = np.mgrid[:PATCH, :PATCH] - PATCH // 2
ROUGH = sum(np.cos(a * ROWS + b * COLUMNS + c) for a, b, c in np.random.default_rng(3).uniform(-1.2, 1.2, (9, 3)))
PROBE = np.exp(-(ROWS**2 + COLUMNS**2) / 50 + 0.7j * ROUGH)[None]
"""A beam with structure, as of a diffuser, without which a near field knows little."""


def simulated(optics=FAR, obj=TRUTH, background=0.0, photons=1e6):
    return scans.simulate_experiment(
        Experiment(obj, PROBE, (0, 0), optics, background=background), POSITIONS, photons, 2
    )


def found_of(scan, passes=40, **options):
    return reconstruct(scan, params=ReconstructionParams(passes=passes, **options))


def error(found, truth=TRUTH):
    """The relative complex error inside the scan's box."""
    known = Reconstruction(truth, origin=(0, 0), positions=POSITIONS)
    return score(found, known, region="scan").figures["nrmse_complex"]


def test_an_object_is_found_from_its_near_field_as_from_the_far_field():
    far = found_of(simulated())
    scan = simulated(Optics(distance=8.0))
    near = found_of(scan)
    assert error(near) < 1.25 * error(far) < 0.02
    assert residual(near, near.probe, scan).deviance_per_photon < 1.5e-3
    assert near.record["optics"]["distance"] == 8.0 and near.fresnel_number == scan.fresnel_number == 1 / 8


SLICES = np.stack([np.sqrt(np.abs(obj)) * np.exp(0.5j * np.angle(obj)) for obj in (TRUTH, objects.lines(SIDE, 9, 60))])


def test_how_far_slices_are_apart_is_found_where_it_is_not_said(tmp_path):
    path = tmp_path / "scan.npz"
    scans.write_ptychopinn(path, simulated(Optics(slices=2, spacing=20.0), SLICES, photons=1e8))
    out = tmp_path / "out"
    done = ptycho("reconstruct", path, "--slices", 2, "--passes", 2, "--output-dir", out)
    assert done.exit_code == 0 and "--slice-fresnel-number" in done.output, done.output
    record = json.loads((out / "report.json").read_text())
    assert 15 < record["slices_found_apart_px"] == record["optics"]["spacing"] < 25


def test_two_slices_are_each_found():
    scan = simulated(Optics(slices=2, spacing=20.0), SLICES, photons=1e8)
    thin, thick = found_of(scan), found_of(scan, slices=2, slice_fresnel_number=1 / 20)
    assert thin.slices is None and thick.slices.shape == (2, *thick.object.shape)
    np.testing.assert_allclose(thick.object, np.where(thick.object == 0, 0, thick.slices.prod(axis=0)), atol=1e-6)
    assert error(thick, SLICES.prod(axis=0)) < 0.6 * error(thin, SLICES.prod(axis=0))
    assert min(thick.record["refinement_deviances"]) < 0.2 * min(thin.record["refinement_deviances"])
    for own in (0, 1):
        image = np.where(thick.object == 0, 0, thick.slices[own])
        alone = dataclasses.replace(thick, object=image, ramp=ramp_of(image, thick.weight), slices=None)
        assert error(alone, SLICES[own]) < 0.6 * error(alone, SLICES[1 - own])


def test_a_background_is_found_and_taken_for_light_unless_asked():
    dark = 100 * np.exp(-(ROWS**2 + (COLUMNS - 5) ** 2) / 200) + 20
    scan = simulated(background=dark)
    blind, found = (found_of(scan, background=background) for background in ("none", "find"))
    assert blind.background is None and error(found) < 0.6 * error(blind)
    dim = np.hypot(ROWS, COLUMNS) > 10
    assert np.abs(found.background - dark)[dim].mean() < 0.45 * dark[dim].mean()
    assert (
        residual(found, found.probe, scan).deviance_per_photon
        < 0.7 * residual(blind, blind.probe, scan).deviance_per_photon
    )


def test_stray_light_that_a_scan_knows_of_is_no_light_of_the_object():
    scan = simulated(background=200.0)
    blind, known = (found_of(one, passes=20) for one in (scan, dataclasses.replace(scan, background=200.0)))
    assert error(known) < 0.6 * error(blind) and (known.background == 200).all() and blind.background is None
    assert np.median(np.abs(known.object[known.object != 0])) == pytest.approx(1, abs=0.05)
    left = [residual(one, one.probe, scan).deviance_per_photon for one in (known, blind)]
    assert left[0] < 0.7 * left[1]
    unsaid = dataclasses.replace(known, background=None)
    again = residual(unsaid, known.probe, dataclasses.replace(scan, background=200.0))
    assert again.deviance_per_photon == pytest.approx(left[0])


def test_a_detector_that_blurs_is_allowed_for_if_told():
    scan = simulated(Optics(blur=1.0))
    blind, told = (found_of(scan, blur=blur) for blur in (0.0, 1.0))
    assert error(told) < 0.6 * error(blind)
    assert (
        residual(told, told.probe, scan).deviance_per_photon
        < 0.5 * residual(blind, blind.probe, scan).deviance_per_photon
    )


def test_geometry_makes_the_way_from_slice_to_slice():
    scan = dataclasses.replace(simulated(), energy_eV=12398.42, pixel_size_m=1e-6)  # 0.1 nm
    thick = ReconstructionParams(slices=2, slice_spacing=0.02)
    for one, there in ((scan, None), (dataclasses.replace(scan, fresnel_number=0.1), 10)):
        expected = Optics(distance=there, slices=2, spacing=pytest.approx(2, rel=1e-3))
        assert optics_of(thick, one) == expected
    with pytest.raises(ValueError, match="at most the field's 32 pixels. Received: 50 pixels"):
        optics_of(dataclasses.replace(thick, slice_spacing=0.5), scan)
    with pytest.raises(ValueError, match="Received: energy_eV=None. Give the photon energy.*slice_fresnel_number"):
        optics_of(thick, simulated())
    assert optics_of(ReconstructionParams(slices=2), scan).spacing == 0  # to be found


def test_what_was_found_is_saved_and_options_that_would_not_act_are_refused(scan_file, tmp_path):
    out = tmp_path / "out"
    options = (
        "--propagation",
        "near",
        "--fresnel-number",
        0.5,
        "--slices",
        2,
        "--slice-fresnel-number",
        1,
        "--blur",
        0.5,
    )
    done = ptycho("reconstruct", scan_file, *options, "--background", "find", "--passes", 6, "--output-dir", out)
    assert done.exit_code == 0, done.output
    saved, record = np.load(out / "reconstruction.npz"), json.loads((out / "report.json").read_text())
    assert saved["slices"].shape == (2, *saved["object"].shape)
    assert saved["background"].shape == saved["probe"].shape[1:]
    assert record["optics"] == {"distance": 2.0, "slices": 2, "spacing": 1.0, "blur": 0.5}
    assert saved["fresnel_number"] == 0.5
    assert len(record["background_mean_most"]) == 2
    idle = {"--focus-distance": "propagation=near", "--fresnel-number": "near",
            "--slice-spacing": "two slices", "--slice-fresnel-number": "two slices"}  # fmt: skip
    for option, where in idle.items():
        refused = ptycho("reconstruct", scan_file, option, 0.5, "--output-dir", tmp_path / "none")
        assert_said_plainly(refused, where, "0.5", "Leave it out", out=tmp_path / "none")
