"""Laws of the engine: adjoints, gradients, evenness, and independence of batches and backends."""

import gc
import weakref

import keras
import numpy as np
import pytest
from keras import ops

from ptychopinn.engine import photons as photons_module
from ptychopinn.engine.engine import Engine, Moves
from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.order import evenly, most_subsets
from ptychopinn.engine.pace import Turn, better
from ptychopinn.engine.photons import Photons
from ptychopinn.engine.pulls import Seen, deviance_of, nothing_of, probes_of, pull_of
from ptychopinn.engine.slow_phase import lift_of, slow_step
from ptychopinn.physics.exit_waves import exit_wave
from ptychopinn.physics.placing import add_windows, cut_windows, window_index
from ptychopinn.physics.propagation import fourier
from ptychopinn.physics.shifts import shift_ramps, shifted
from ptychopinn.physics.waves import light_of
from ptychopinn.simulation import objects, probes, scans

pytestmark = pytest.mark.backend
SIZE, HEIGHT, WIDTH = 16, 40, 45
RANDOM = np.random.default_rng(5)


def wave(*shape):
    return tuple(ops.convert_to_tensor(RANDOM.standard_normal(shape).astype(np.float32)) for _ in range(2))


def inner(a, b):
    """Return the real part of <a, b> of two waves."""
    return float(sum(np.sum(ops.convert_to_numpy(x) * ops.convert_to_numpy(y)) for x, y in zip(a, b)))


def seen_of(count):
    corners = RANDOM.integers(0, (HEIGHT - SIZE, WIDTH - SIZE), (count, 2)).astype(np.int32)
    shifts = RANDOM.uniform(-0.4, 0.4, (count, 2)).astype(np.float32)
    counts = RANDOM.poisson(3.0, (count, SIZE, SIZE)).astype(np.float32)
    plain = map(ops.convert_to_tensor, (counts, corners, shifts, np.ones(count, np.float32)))
    return Seen(*plain, wave(count, 0))


def test_adding_windows_is_the_adjoint_of_cutting_them():
    corners = ops.convert_to_tensor(RANDOM.integers(0, (HEIGHT - SIZE, WIDTH - SIZE), (7, 2)).astype(np.int32))
    index = window_index(corners, SIZE, WIDTH)
    canvas, windows = wave(HEIGHT * WIDTH), wave(7, SIZE, SIZE)
    placed = tuple(add_windows(ops.zeros((HEIGHT * WIDTH,)), index, part) for part in windows)
    assert inner(cut_windows(canvas, index), windows) == pytest.approx(inner(canvas, placed), rel=1e-4)


def test_shifts_are_exact_and_keep_the_light():
    probe = wave(2, SIZE, SIZE)
    whole = shifted(probe, shift_ramps(ops.convert_to_tensor(np.float32([[2, -3]])), SIZE))
    for part, moved in zip(probe, whole):
        np.testing.assert_allclose(moved[0], np.roll(ops.convert_to_numpy(part), (2, -3), (-2, -1)), atol=1e-4)
    ramps = shift_ramps(ops.convert_to_tensor(RANDOM.uniform(-1, 1, (5, 2)).astype(np.float32)), SIZE)
    there = shifted(probe, ramps)
    assert inner(there, there) == pytest.approx(5 * inner(probe, probe), rel=1e-4)


@pytest.mark.parametrize("moved", ["object", "probe"])
def test_what_pulls_is_the_gradient_of_the_deviance(moved):
    """Expected counts near the measured ones, and many, where a pull is not held down."""
    canvas, probe, seen = wave(HEIGHT * WIDTH), tuple(10 * part for part in wave(1, SIZE, SIZE)), seen_of(6)
    slices = tuple(part[:, None] for part in cut_windows(canvas, window_index(seen.corners, SIZE, WIDTH)))
    expected = light_of(fourier(exit_wave(slices, probes_of(probe, seen))))
    factors = RANDOM.uniform(0.7, 1.3, expected.shape).astype(np.float32)
    seen = seen._replace(counts=expected * ops.convert_to_tensor(factors))
    start = nothing_of(canvas, probe)
    pull = pull_of(start, canvas, probes_of(probe, seen), seen, WIDTH, True)
    direction = wave(HEIGHT * WIDTH) if moved == "object" else wave(1, SIZE, SIZE)

    def deviance(step):
        goes = lambda values: tuple(part + step * way for part, way in zip(values, direction))  # noqa: E731
        there, lit = (goes(canvas), probe) if moved == "object" else (canvas, goes(probe))
        deviances = deviance_of(there, probes_of(lit, seen), seen, WIDTH)
        return float(np.sum(ops.convert_to_numpy(deviances), dtype=np.float64))

    step = 1e-3 if moved == "object" else 1e-2  # a part of 1e-3 of either
    measured = (deviance(step) - deviance(-step)) / (2 * step)
    assert -8 * inner(getattr(pull, moved), direction) == pytest.approx(measured, rel=0.02)


def test_slow_phase_is_lifted_and_nothing_else():
    light = np.exp(-np.square(np.mgrid[-8:8, -8:8]).sum(axis=0) / 18).astype(np.float32)
    lift = ops.convert_to_numpy(lift_of(ops.convert_to_tensor(light), (64, 64)))
    assert lift[0, 0] == 0 and lift[0, 1] > 4 > 1e-3 > lift[0, 20] >= 0
    y = np.arange(64)[:, None]
    slow, fast = (np.broadcast_to(np.sin(2 * np.pi * k * y / 64), (64, 64)).astype(np.float32) for k in (1, 24))
    ones, zeros = (ops.convert_to_tensor(np.full(64 * 64, value, np.float32)) for value in (1, 0))
    for phase, factor in ((slow, lift[1, 0]), (fast, 0.0)):
        step = zeros, ops.convert_to_tensor(phase.reshape(-1))
        more = slow_step(step, (ones, zeros), ops.convert_to_tensor(lift), ones)
        np.testing.assert_allclose(more[1], factor * phase.reshape(-1), rtol=0.06, atol=1e-3 * (1 + factor))
    amplitude = ops.convert_to_tensor(slow.reshape(-1)), zeros
    np.testing.assert_allclose(slow_step(amplitude, (ones, zeros), ops.convert_to_tensor(lift), ones)[0], 0)


@pytest.mark.parametrize("count", [1, 2, 100, 333])
def test_every_kth_pattern_is_spread_over_the_scan(count):
    positions = np.random.default_rng(count).uniform(0, 100, (count, 2))
    order = evenly(positions)
    assert sorted(order) == list(range(count))
    for first in range(8 if count > 99 else 0):
        some = positions[order[first::8]]
        quarters = np.unique((some > 50) @ [1, 2], return_counts=True)[1]
        assert len(quarters) == 4 and quarters.min() > 0.08 * len(some)


def test_a_scan_is_parted_only_as_far_as_each_part_covers_it():
    probe = probes.gaussian(32)
    dense, sparse = (np.stack(np.meshgrid(*[np.arange(20.0) * step] * 2), -1).reshape(-1, 2) for step in (3, 20))
    assert most_subsets(dense, probe) == 8 and most_subsets(sparse, probe) == 1
    assert most_subsets(dense[:9], probe) == 1


def test_gain_by_chance_is_none():
    before = RANDOM.uniform(1, 2, 100)
    assert better(before - 0.01, before) and not better(before, before)
    assert not better(before + RANDOM.normal(0, 1, 100) - 0.01, before)
    assert not better(np.full(100, np.nan), before)


def engine_of(batch_size, moves_probe):
    truth = objects.lines(64, count=60)
    positions = scans.jittered_raster(truth.shape, 32, 5, seed=1, margin=1)
    scan = scans.simulate(truth, probes.gaussian(32, curvature=1.5), positions, photons=1e6, seed=2)
    start = Estimate(np.ones(truth.shape, np.complex64), np.asarray(scan.probe), scan.positions, np.ones(len(scan)))
    photons = Photons(scan, start.probe, batch_size)
    return Engine(start, photons, np.ones(truth.shape, np.float32), Moves(moves_probe))


@pytest.mark.parametrize("moves_probe", [False, True])
def test_a_pass_does_not_depend_on_the_batch(moves_probe):
    found = []
    for batch_size in (7, 64):
        engine = engine_of(batch_size, moves_probe)
        judged = [engine.judge().mean()]
        for subsets in (1, 2, 2):
            engine.turn(Turn(subsets, 0.5), np.arange(subsets))
            judged.append(engine.judge().mean())
        assert judged[-1] < 0.3 * judged[0]
        found.append(engine.estimate())
    one, other = found
    np.testing.assert_allclose(one.object, other.object, atol=1e-4)
    np.testing.assert_allclose(one.probe, other.probe, atol=1e-4 * np.abs(other.probe).max())
    assert np.abs(one.probe - engine_of(7, False).estimate().probe).max() > 0 or not moves_probe


@pytest.mark.parametrize("what", ["positions", "flux"])
def test_light_that_is_kept_is_that_of_where_patterns_are_now(what):
    engine, anew = (engine_of(64, False) for _ in range(2))
    first = engine._whole.pull(engine.state, 0, 2).light
    assert engine._whole.pull(engine.state, 0, 2).light is first
    changed = {"positions": engine.state.positions + 1.3, "flux": 1.5 * engine.state.flux}[what]
    state = engine.state._replace(**{what: changed})
    found, expected = (one._whole.pull(state, 0, 2) for one in (engine, anew))
    np.testing.assert_array_equal(found.light, expected.light)
    np.testing.assert_array_equal(found.object[0], expected.object[0])
    assert np.abs(ops.convert_to_numpy(found.light - first)).max() > 0.1 * ops.convert_to_numpy(ops.max(first))


def test_light_is_kept_where_patterns_leave_room_for_it(monkeypatch):
    photons = engine_of(64, False).photons
    needed = 4 * np.prod(photons.shape) * len(photons.chunks)
    for room, is_kept in ((needed, False), (4 * needed, True)):
        monkeypatch.setattr(photons_module, "KEPT_BYTES", int(room))
        engine = engine_of(64, False)
        lights = [engine._whole.pull(engine.state, 0, 2).light for _ in range(2)]
        assert (lights[0] is lights[1]) == is_kept


def test_an_engine_that_has_ended_keeps_no_patterns():
    with engine_of(64, False) as engine:
        engine.turn(Turn(1, 0.0), np.zeros(1, int))
        before = engine.judge()
        kept = engine.photons._pulling._blocks, engine.photons._judging._blocks, engine._whole._lit._found
        assert all(kept)
    assert not any((engine.photons._pulling._blocks, engine.photons._judging._blocks, engine._whole._lit._found))
    np.testing.assert_array_equal(engine.judge(), before)


def test_an_engine_that_is_let_go_takes_its_scan_with_it():
    """At once, not when what refers to itself is collected: a file that is read would stay open until then."""
    engine = engine_of(64, False)
    engine.turn(Turn(1, 0.0), np.zeros(1, int))
    engine.judge()
    scan = weakref.ref(engine.photons)
    gc.disable()
    del engine
    gone = scan() is None
    gc.enable()
    assert gone


def test_slow_phase_is_taken_from_another_object_and_its_detail_is_not():
    engine = engine_of(64, True)
    before = engine.estimate()
    y, x = np.mgrid[: before.object.shape[0], : before.object.shape[1]]
    slow = 0.5 * np.cos(np.pi * y / len(y))
    engine.take_slow_phase(before.object * (1 + 0.5 * (-1.0) ** x) * np.exp(1j * (slow + 0.5 * (-1.0) ** y)))
    after = engine.estimate()
    middle = np.s_[12:-12, 12:-12]  # at its edges a canvas has no other side of its detail
    np.testing.assert_allclose(np.angle(after.object / before.object)[middle], slow[middle], atol=0.03)
    np.testing.assert_allclose(np.abs(after.object), np.abs(before.object), rtol=1e-5)
    np.testing.assert_array_equal(after.probe, before.probe)


def test_the_three_backends_agree():
    """With figures that were computed once, under PyTorch."""
    engine = engine_of(64, True)
    for subsets in (1, 2, 4, 4):
        engine.turn(Turn(subsets, 0.9), np.arange(subsets))
    found = engine.estimate()
    figures = [found.object.real.std(), found.object.imag.std(), np.abs(found.probe).mean(), engine.judge().mean()]
    np.testing.assert_allclose(figures, FIGURES, rtol=2e-4, err_msg=keras.backend.backend())


FIGURES = [0.151051, 0.132543, 15.79175, 7077.822]
