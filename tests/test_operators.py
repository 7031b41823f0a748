"""Laws of the linear operators, one table: linear, adjoint, gradient = adjoint, unitary where claimed."""

import numpy as np
import pytest
from gradients import gradient
from keras import ops
from reference import far_field as far_field_reference
from reference import patch as patch_reference

from ptychopinn.physics import overlap
from ptychopinn.physics.exit_waves import exit_wave, exit_wave_object_adjoint, exit_wave_probe_adjoint
from ptychopinn.physics.propagation import far_field, far_field_adjoint, fresnel

RANDOM = np.random.default_rng(7)
OFFSETS = np.array([[[1.3, -2.7], [-4.0, 3.25], [0.0, 0.5]], [[5.9, 0.1], [2.0, -6.0], [-0.4, -0.6]]], "float32")
WINDOWS = overlap.windows(ops.convert_to_tensor(OFFSETS), 16, 30)


def wave(*shape):
    return tuple(RANDOM.standard_normal((2, *shape)).astype("float32"))


def on_parts(operator):
    return lambda pair: tuple(operator(part, WINDOWS) for part in pair)


BETWEEN = fresnel(3.7)
PROBE = tuple(map(ops.convert_to_tensor, wave(2, 12, 20)))
SLICES = {count: tuple(map(ops.convert_to_tensor, wave(3, count, 12, 20))) for count in (1, 3)}


def by_slices(count):
    """The derivative of the exit wave by its slices, the sum of those where one is replaced, and its adjoint."""

    def forward(change):
        waves = []
        for index in range(count):
            keep = ops.one_hot(index, count)[:, None, None]
            mixed = tuple(held * (1 - keep) + new * keep for held, new in zip(SLICES[count], change))
            waves.append(exit_wave(mixed, PROBE, BETWEEN))
        return tuple(sum(part) for part in zip(*waves))

    return forward, lambda pair: exit_wave_object_adjoint(pair, SLICES[count], PROBE, BETWEEN)


def by_probe(count):
    return (lambda probe: exit_wave(SLICES[count], probe, BETWEEN),
            lambda pair: exit_wave_probe_adjoint(pair, SLICES[count], BETWEEN))  # fmt: skip


OPERATORS = {
    "far_field": (far_field, far_field_adjoint, (2, 12, 20), (2, 12, 20)),
    "between slices": (BETWEEN.forward, BETWEEN.adjoint, (2, 12, 20), (2, 12, 20)),
    "exit wave by 1 slice": (*by_slices(1), (3, 1, 12, 20), (3, 2, 12, 20)),
    "exit wave by 3 slices": (*by_slices(3), (3, 3, 12, 20), (3, 2, 12, 20)),
    "exit wave by probe, 1 slice": (*by_probe(1), (3, 2, 12, 20), (3, 2, 12, 20)),
    "exit wave by probe, 3 slices": (*by_probe(3), (3, 2, 12, 20), (3, 2, 12, 20)),
    "extract": (on_parts(overlap.extract), on_parts(overlap.assemble), (2, 30, 30), (2, 3, 16, 16)),
}
EACH = pytest.mark.parametrize("forward, adjoint, domain, image", OPERATORS.values(), ids=OPERATORS)


def apply(operator, pair):
    real, imag = map(ops.convert_to_numpy, operator(tuple(map(ops.convert_to_tensor, pair))))
    return real + 1j * imag


def number(pair):
    return pair[0] + 1j * pair[1]


def complex_of(pair):
    return number(tuple(map(ops.convert_to_numpy, pair)))


@EACH
def test_operator_is_linear(forward, adjoint, domain, image):
    a, b = wave(*domain), wave(*domain)
    added = apply(forward, (2 * a[0] - 3 * b[1], 2 * a[1] + 3 * b[0]))  # 2 a + 3i b
    np.testing.assert_allclose(added, 2 * apply(forward, a) + 3j * apply(forward, b), atol=2e-4)


@EACH
def test_adjoint_is_adjoint(forward, adjoint, domain, image):
    a, b = wave(*domain), wave(*image)
    left, right = np.vdot(number(b), apply(forward, a)), np.vdot(apply(adjoint, b), number(a))
    np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-3)


@EACH
def test_gradient_is_adjoint(forward, adjoint, domain, image):
    a, b = wave(*domain), wave(*image)

    def inner(real, imag):
        out = forward((real, imag))
        return ops.sum(out[0] * ops.convert_to_tensor(b[0])) + ops.sum(out[1] * ops.convert_to_tensor(b[1]))

    real, imag = gradient(inner, *a)
    np.testing.assert_allclose(real + 1j * imag, apply(adjoint, b), atol=2e-4)


def test_three_slices_agree_with_the_formula():
    """Light goes through the first slice first: in that order."""
    first, second, third = np.moveaxis(complex_of(SLICES[3]), 1, 0)[:, :, None]

    def onward(waves):
        return apply(BETWEEN.forward, (waves.real.astype("float32"), waves.imag.astype("float32")))

    expected = third * onward(second * onward(first * complex_of(PROBE)))
    np.testing.assert_allclose(apply(lambda probe: exit_wave(SLICES[3], probe, BETWEEN), PROBE), expected, atol=1e-4)


@pytest.mark.parametrize("name", ["far_field", "between slices"])
def test_propagation_is_unitary_and_inverse_of_its_adjoint(name):
    forward, adjoint, *_ = OPERATORS[name]
    a = wave(2, 12, 20)
    np.testing.assert_allclose(np.linalg.norm(apply(forward, a)), np.linalg.norm(number(a)), rtol=1e-5)
    np.testing.assert_allclose(apply(lambda pair: adjoint(forward(pair)), a), number(a), atol=1e-5)


def test_far_field_agrees_with_the_formula():
    a = wave(16, 16)
    np.testing.assert_allclose(apply(far_field, a), far_field_reference(number(a)), atol=1e-5)


def test_extract_agrees_with_the_formula():
    canvas = wave(2, 30, 30)
    patches = apply(on_parts(overlap.extract), canvas)
    for batch in range(2):
        for position in range(3):
            expected = patch_reference(number(canvas)[batch], OFFSETS[batch, position] + 15, 16)
            np.testing.assert_allclose(patches[batch, position], expected, atol=1e-5)


def test_extract_is_differentiable_in_the_offsets():
    canvas, weights = wave(2, 30, 30)[0], wave(2, 3, 16, 16)[0]

    def inner(offsets):
        patches = overlap.extract(ops.convert_to_tensor(canvas), overlap.windows(offsets, 16, 30))
        return ops.sum(patches * ops.convert_to_tensor(weights))

    inside = OFFSETS + np.float32(0.013)  # a kink of the bilinear window lies at whole pixels
    (found,) = gradient(inner, inside)
    step = np.zeros_like(inside)
    step[1, 2, 0] = 2e-3
    difference = [float(ops.convert_to_numpy(inner(ops.convert_to_tensor(inside + sign * step)))) for sign in (1, -1)]
    np.testing.assert_allclose(found[1, 2, 0], (difference[0] - difference[1]) / 4e-3, rtol=2e-2)
