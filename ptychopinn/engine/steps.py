"""What a pass is made of: functions of tensors, compiled once for a canvas."""

import functools
import typing
from collections.abc import Callable

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.device import compiled
from ptychopinn.engine.background import background_after, background_asked_of
from ptychopinn.engine.patterns import brightening_of, offsets_of, weight_steps_of
from ptychopinn.engine.pulls import Pull, deviance_of, light_on, nothing_of, probes_of, pull_of
from ptychopinn.engine.slow_phase import lift_of, slow_step
from ptychopinn.physics.optics import FAR, Optics
from ptychopinn.physics.waves import Wave, light_of, scale

LIGHT_FLOOR, LIT_FLOOR = 0.02, 0.05
"""Added to the light that a pixel was seen with, and to the objects that a pixel of the probe lit, of the largest."""

MOST_SHAPES = 8
"""Canvases that compiled functions are kept for: a long day sees many."""


class Waves(typing.NamedTuple):
    """Object, a flat canvas, and probe with its variations; and where momentum takes them, where steps begin."""

    canvas: Wave
    probe: Wave
    canvas_ahead: Wave
    probe_ahead: Wave


class Stride(typing.NamedTuple):
    """How far a step goes, and with what momentum: tensors."""

    length: Tensor
    momentum: Tensor


def stride_of(length: float, momentum: float) -> Stride:
    """Return a `Stride` of numbers, as tensors: of other numbers, nothing is compiled anew."""
    return Stride(*(ops.convert_to_tensor(value, "float32") for value in (length, momentum)))


class Steps(typing.NamedTuple):
    """The compiled functions of a pass."""

    pull: Callable[..., Pull]
    light: Callable[..., Tensor]
    deviance: Callable[..., Tensor]
    offsets: Callable[..., Tensor]
    brightening: Callable[..., Tensor]
    weights: Callable[..., Wave]
    background_asked: Callable[..., tuple[Tensor, Tensor]]
    background_after: Callable[..., Tensor]
    probes: Callable[..., Wave]
    lift: Callable[..., Tensor]
    moved: Callable[..., Waves]
    nothing: Callable[..., Pull]


@functools.lru_cache(MOST_SHAPES)
def steps_of(shape: tuple[int, int], moves_probe: bool, optics: Optics = FAR) -> Steps:
    """Return what a pass is made of, compiled once for canvases of a shape.

    Args:
        shape: `(height, width)` of the canvas, pixels.
        moves_probe: bool.
        optics: Optics.
    """

    def of_patterns(function: Callable[..., typing.Any], **more: bool) -> Callable[..., typing.Any]:
        return compiled(functools.partial(function, width=shape[1], optics=optics, **more))

    return Steps(
        pull=of_patterns(pull_of, moves_probe=moves_probe),
        light=of_patterns(light_on),
        deviance=of_patterns(deviance_of),
        offsets=of_patterns(offsets_of),
        brightening=of_patterns(brightening_of),
        weights=of_patterns(weight_steps_of),
        background_asked=of_patterns(background_asked_of),
        background_after=compiled(functools.partial(background_after, zero_first=optics.zero_first)),
        probes=compiled(probes_of),
        lift=compiled(functools.partial(_lift_of, shape=shape)),
        moved=compiled(functools.partial(_moved, moves_probe=moves_probe)),
        nothing=compiled(nothing_of),
    )


def _moved(waves: Waves, pull: Pull, lift: Tensor, covered: Tensor, stride: Stride, *, moves_probe: bool) -> Waves:
    """Return object and probe a step further, and where momentum takes them."""
    canvas, probe, canvas_ahead, probe_ahead = waves
    step = scale(pull.object, 1.0 / (pull.light + LIGHT_FLOOR * ops.max(pull.light)))
    slow = slow_step(step, canvas_ahead, lift, covered)
    step = tuple(part + more for part, more in zip(step, slow))
    canvas, canvas_ahead = _forward(canvas, canvas_ahead, step, stride)
    if moves_probe:
        pulled = scale(pull.probe, 1.0 / (pull.lit + LIT_FLOOR * ops.max(pull.lit)))
        probe, probe_ahead = _forward(probe, probe_ahead, pulled, stride)
    return Waves(canvas, probe, canvas_ahead, probe_ahead)


def _forward(now: Wave, ahead: Wave, step: Wave, stride: Stride) -> tuple[Wave, Wave]:
    """Return where a step from ahead leads to, and where momentum takes it from there."""
    new = tuple(part + stride.length * move for part, move in zip(ahead, step))
    return new, tuple(part + stride.momentum * (part - old) for part, old in zip(new, now))


def _lift_of(probe: Wave, shape: tuple[int, int]) -> Tensor:
    return lift_of(light_of(probe), shape)
