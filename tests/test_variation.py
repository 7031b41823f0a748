"""Laws of a probe that varies over the scan: its adjoint, its gradient, its gauge, and that the truth is found."""

import dataclasses
import json

import numpy as np
import pytest
from keras import ops
from refusal import assert_said_plainly, ptycho
from test_engine import HEIGHT, RANDOM, SIZE, WIDTH, inner, seen_of, wave
from test_refinement import flickering

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.patterns import weight_steps_of
from ptychopinn.engine.pulls import deviance_of, nothing_of, probes_of, probes_of_adjoint, pull_of, waves_of
from ptychopinn.engine.variation import FORGOTTEN, apart_from_light, first_weights, of_time, principal
from ptychopinn.evaluation.against_truth import score
from ptychopinn.physics.waves import light_of, scale
from ptychopinn.reconstruction.modes import with_varying_modes
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.reconstruct import reconstruct
from ptychopinn.simulation import objects, probes, scans

MODES, DIMENSIONS = 2, 3


def varying(count, dimensions=DIMENSIONS):
    """Return a stack of a mean probe and its variations, and patterns that it varies over."""
    return wave((1 + dimensions) * MODES, SIZE, SIZE), seen_of(count)._replace(weights=wave(count, dimensions))


@pytest.mark.backend
@pytest.mark.parametrize("dimensions", [0, DIMENSIONS])
def test_adding_up_what_patterns_say_of_the_variation_is_the_adjoint_of_varying(dimensions):
    stack, seen = varying(5, dimensions)
    waves, probes_there = wave(5, MODES, SIZE, SIZE), probes_of(stack, seen)
    for turned in (waves, (-waves[1], waves[0])):
        assert inner(probes_there, turned) == pytest.approx(inner(stack, probes_of_adjoint(turned, seen)), rel=1e-3)


@pytest.mark.backend
def test_a_varying_probe_is_the_mean_and_so_much_of_each_variation():
    stack, seen = varying(3)
    seen = seen._replace(shifts=ops.zeros((3, 2)))
    found, rows, weights = (
        ops.convert_to_numpy(real) + 1j * ops.convert_to_numpy(imag)
        for real, imag in (probes_of(stack, seen), stack, seen.weights)
    )
    mean, *variations = np.split(rows, 1 + DIMENSIONS)
    np.testing.assert_allclose(found, mean + np.tensordot(weights, np.stack(variations), axes=1), atol=1e-4)


@pytest.mark.backend
def test_what_pulls_at_the_variation_is_the_gradient_of_the_deviance():
    canvas, (stack, seen) = wave(HEIGHT * WIDTH), varying(6)
    stack = tuple(10 * part for part in stack)
    expected = light_of(waves_of(canvas, stack, seen, WIDTH)[0])
    seen = seen._replace(counts=expected * ops.convert_to_tensor(RANDOM.uniform(0.7, 1.3, expected.shape), "float32"))
    pull = pull_of(nothing_of(canvas, stack), canvas, probes_of(stack, seen), seen, WIDTH, True)
    direction = wave(*stack[0].shape)

    def deviance(step):
        there = tuple(part + step * way for part, way in zip(stack, direction))
        deviances = deviance_of(canvas, probes_of(there, seen), seen, WIDTH)
        return float(np.sum(ops.convert_to_numpy(deviances), dtype=np.float64))

    assert -8 * inner(pull.probe, direction) == pytest.approx((deviance(1e-2) - deviance(-1e-2)) / 2e-2, rel=0.02)


@pytest.mark.backend
def test_least_squares_find_the_weights():
    canvas, (stack, seen) = wave(HEIGHT * WIDTH), varying(5)
    stack = tuple(30 * part for part in stack)
    off = scale(wave(5, DIMENSIONS), 1e-3)
    truth = seen._replace(weights=tuple(part + more for part, more in zip(seen.weights, off)))
    seen = seen._replace(counts=light_of(waves_of(canvas, stack, truth, WIDTH)[0]))
    for found, wanted in zip(weight_steps_of(canvas, stack, seen, WIDTH), off):
        np.testing.assert_allclose(ops.convert_to_numpy(found), ops.convert_to_numpy(wanted), atol=1e-4)


def test_principal_dimensions_are_the_same_probes():
    numbers = lambda *shape: RANDOM.standard_normal(shape) + 1j * RANDOM.standard_normal(shape)  # noqa: E731
    weights, stack = numbers(20, DIMENSIONS), numbers((1 + DIMENSIONS) * MODES, 8, 8)
    new_weights, change = principal(weights, stack)
    new_stack = np.tensordot(change, stack.reshape(1 + DIMENSIONS, MODES, 8, 8), axes=1)

    def probes_from(weights, rows):
        return rows[0] + np.tensordot(weights, rows[1:], axes=1)

    before = probes_from(weights, stack.reshape(1 + DIMENSIONS, MODES, 8, 8))
    np.testing.assert_allclose(probes_from(new_weights, new_stack), before, atol=1e-9)
    np.testing.assert_allclose(new_weights.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(new_weights.conj().T @ new_weights / 20, np.eye(DIMENSIONS), atol=1e-9)
    powers = np.sum(np.abs(new_stack[1:]) ** 2, axis=(1, 2, 3))
    assert np.all(np.diff(powers) < 0)


def test_light_is_told_apart_from_what_varies_and_the_patterns_stay():
    random = np.random.default_rng(3)
    numbers = lambda *shape: random.standard_normal(shape) + 1j * random.standard_normal(shape)  # noqa: E731
    probe, flux = numbers(MODES, 8, 8), random.uniform(0.7, 1.3, 20)
    varies = numbers(MODES, 8, 8)
    varies -= probe * np.vdot(probe, varies) / np.vdot(probe, probe)
    brightness, follows = np.sqrt(flux) - np.sqrt(flux).mean(), numbers(20)
    weights = np.stack([brightness, np.sqrt(flux) * follows], axis=1)
    mean, stack = probe * np.sqrt(flux).mean(), np.stack([probe, varies])
    told = Estimate(np.ones((9, 9)), mean, np.zeros((20, 2)), np.ones(20), stack, weights)
    found = apart_from_light(told)
    made = found.probe + np.tensordot(found.weights, found.variation, axes=1)
    made *= np.sqrt(found.flux)[:, None, None, None]
    modulus = np.abs(mean + np.tensordot(weights, stack, axes=1))
    np.testing.assert_allclose(np.abs(made), modulus, atol=1e-9)
    np.testing.assert_allclose(found.flux / found.flux.mean(), flux / flux.mean(), rtol=1e-9)
    powers = np.sum(np.abs(found.variation) ** 2, axis=(1, 2, 3))
    assert powers[1] < 1e-20 * powers[0]


def test_a_pattern_that_is_dark_is_told_no_brightness():
    weights = np.array([[1.0], [-1.0]])
    dark = Estimate(np.ones((9, 9)), np.ones((1, 8, 8)), np.zeros((2, 2)), np.ones(2), np.ones((1, 1, 8, 8)), weights)
    assert apart_from_light(dark) is dark


def test_what_follows_the_place_is_forgotten_and_nothing_else():
    positions = RANDOM.uniform(0, 50, (60, 2))
    place, time = positions[:, :1] * positions[:, 1:] + 3j, first_weights(60, 2)
    np.testing.assert_allclose(of_time(place, positions), (1 - FORGOTTEN) * place)
    assert np.abs(of_time(time, positions) - time).max() < FORGOTTEN * np.abs(time).max()


SIDE, PROBE = 96, probes.gaussian(32, curvature=0.5)
TRUTH = objects.lines(SIDE, count=120)


def walking(pixels):
    """Scan the lines, in no order of places, with a probe that walks by so many pixels until the end."""
    told = scans.jittered_raster(TRUTH.shape, 32, 5, seed=1, margin=4)
    told = told[np.random.default_rng(0).permutation(len(told))]
    walked = told + np.linspace(-0.5, 0.5, len(told))[:, None] * pixels * np.array([0.8, 0.6])
    return dataclasses.replace(scans.simulate(TRUTH, PROBE, walked, photons=1e6, seed=2), positions=told)


def error(found, scan):
    """The relative complex error inside the scan's box."""
    return score(found, Reconstruction(TRUTH, origin=(0, 0), positions=scan.positions), region="scan").figures[
        "nrmse_complex"
    ]


def test_a_probe_that_walks_is_followed_and_kept_steady_unless_asked():
    scan = walking(4)
    steady, followed = (reconstruct(scan, params=ReconstructionParams(opr=opr, passes=60)) for opr in (0, 2))
    assert steady.probe_variation is None and steady.probe_weights is None
    assert error(followed, scan) < 0.85 * error(steady, scan)
    assert followed.record["refinement_deviances"][-1] < 0.7 * min(steady.record["refinement_deviances"])
    first, second = followed.record["probe_variation_powers"]
    assert 0.02 < first < 0.1 and second < 0.2 * first
    time = np.linspace(-1, 1, len(scan))
    fit = abs(np.vdot(followed.probe_weights[:, 0], time)) / np.linalg.norm(time) / np.sqrt(len(scan))
    assert fit > 0.97


def test_unsteady_light_is_found_beside_a_probe_that_varies():
    scan = walking(4)
    flux = np.random.default_rng(6).uniform(0.7, 1.3, len(scan))
    uneven = flickering(scan, flux, seed=7)
    held, found = (
        reconstruct(uneven, params=ReconstructionParams(opr=2, flux=flux, passes=60)) for flux in ("even", "find")
    )
    assert held.flux is None and np.corrcoef(found.flux, flux)[0, 1] > 0.85
    assert found.record["refinement_deviances"] == held.record["refinement_deviances"]
    assert error(found, scan) == pytest.approx(error(held, scan), rel=1e-3)
    first, second = found.record["probe_variation_powers"]
    assert 0.02 < first < 0.1 and second < 0.05 * first < 0.05 * held.record["probe_variation_powers"][0]
    alone = reconstruct(uneven, params=ReconstructionParams(opr=1, flux="find", passes=12))
    assert len(alone.probe_variation) == 2  # one of them is the light's


def test_the_variation_is_saved_and_needs_a_probe_that_moves(scan_file, tmp_path):
    out = tmp_path / "out"
    done = ptycho("reconstruct", scan_file, "--opr", 2, "--passes", 12, "--no-report", "--output-dir", out)
    assert done.exit_code == 0, done.output
    saved, record = np.load(out / "reconstruction.npz"), json.loads((out / "report.json").read_text())
    assert saved["probe_variation"].shape == (2, *saved["probe"].shape) and saved["probe_weights"].shape[1] == 2
    assert len(record["probe_variation_powers"]) == 2
    refused = ptycho("reconstruct", scan_file, "--opr", 2, "--no-refine-probe", "--output-dir", tmp_path / "none")
    assert_said_plainly(refused, "opr", "opr=2", "refine_probe=False", "Leave one of them out", out=tmp_path / "none")


@pytest.mark.parametrize("count", [MODES, MODES + 1])
def test_modes_put_in_order_and_guessed_ones_vary_as_those_did(count):
    random = np.random.default_rng(5)
    parts = random.normal(size=(2, 1 + DIMENSIONS, MODES, 8, 8))
    probe, *variation = parts[0] + 1j * parts[1]
    variation, weights = np.stack(variation), random.normal(size=DIMENSIONS)
    found, varied = with_varying_modes(probe, variation, count)
    photons = np.sum(abs(found[:MODES]) ** 2) / np.sum(abs(probe) ** 2)
    before = coherence(probe + np.tensordot(weights, variation, 1))
    after = coherence((found + np.tensordot(weights, varied, 1))[:MODES])
    np.testing.assert_allclose(after, photons * before, rtol=1e-3, atol=1e-3)
    assert found.shape == varied.shape[1:] == (count, 8, 8) and not varied[:, MODES:].any()


def coherence(modes):
    """Return the mutual intensity of modes: what of them light can tell."""
    rows = modes.reshape(len(modes), -1)
    return rows.T @ rows.conj()
