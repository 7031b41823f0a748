"""The engine: an estimate of object and probe on the device, and passes over the scan that improve it."""

import dataclasses
import functools
import typing

import numpy as np
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.device import compiled
from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.photons import Photons
from ptychopinn.engine.pulls import Pull, deviance_of, nothing_of, probes_of, pull_of
from ptychopinn.engine.slow_phase import COVERED, lift_of, lifted
from ptychopinn.physics.waves import Wave, light_of, scale

LIGHT_FLOOR, LIT_FLOOR = 0.02, 0.05
"""Added to the light that a pixel was seen with, and to the objects that a pixel of the probe lit, of the largest."""


class State(typing.NamedTuple):
    """Object, a flat canvas, and probe; and where their momentum takes them, which is where steps begin."""

    canvas: Wave
    probe: Wave
    canvas_ahead: Wave
    probe_ahead: Wave


@dataclasses.dataclass(frozen=True)
class Turn:
    """How one pass goes through a scan: steps of a length, one for each of so many subsets, with a momentum."""

    subsets: int
    length: float
    momentum: float


class Engine:
    """Improve an estimate of object and probe by passes over a scan.

    A step is the gradient of the likelihood over a subset of the patterns, divided by the light that fell on each pixel
    (that of ePIE, for many patterns at once), the slow part of its phase lifted, with Nesterov's momentum. Where object
    and probe move together, each goes half the way: they answer for the same misfit.

    Args:
        estimate: Estimate to start from.
        photons: Photons.
        cover: float array `(y, x)`: the light that each pixel of the object is seen with.
        moves_probe: bool.

    References:
        Maiden, Johnson and Li, Optica 4, 736 (2017), doi:10.1364/OPTICA.4.000736, for steps and momentum.
    """

    def __init__(self, estimate: Estimate, photons: Photons, cover: np.ndarray, moves_probe: bool) -> None:
        self.shape, self.photons, self.moves_probe = estimate.object.shape, photons, moves_probe
        canvas, probe = _parts(estimate.object.reshape(-1)), _parts(estimate.probe)
        self.state = State(canvas, probe, canvas, probe)
        covered = np.minimum(cover.reshape(-1) / (COVERED * cover.max()), 1)
        self._covered = ops.convert_to_tensor(covered.astype(np.float32))
        width = self.shape[1]
        self._pull = compiled(functools.partial(pull_of, width=width, moves_probe=moves_probe))
        self._deviance = compiled(functools.partial(deviance_of, width=width))
        self._probes, self._lift = compiled(probes_of), compiled(functools.partial(_lift_of, shape=self.shape))
        self._moved = compiled(functools.partial(_moved, moves_probe=moves_probe))
        self._nothing = compiled(nothing_of)
        self._lit: dict[int, Wave] = {}

    def turn(self, turn: Turn, order: np.ndarray) -> None:
        """Make one pass: a step for each subset, in an order `(subset,)`."""
        lift = self._lift(self.state.probe)
        share = 0.5 if self.moves_probe else 1.0
        self._lit = {} if self.moves_probe else self._lit
        for subset in order:
            pull = self._nothing(self.state.canvas, self.state.probe)
            for chunk in self.photons.chunks[subset :: turn.subsets]:
                for patterns in chunk:
                    seen = self.photons.seen(patterns)
                    pull = self._pull(pull, self.state.canvas_ahead, self._probes_on(patterns, seen), seen)
            self.state = self._moved(self.state, pull, lift, self._covered, share * turn.length, turn.momentum)

    def _probes_on(self, patterns: np.ndarray, seen: typing.Any) -> Wave:
        """Return the probe on the windows of a batch; one that stands still is shifted once, while there is room."""
        key = int(patterns[0])
        if self.moves_probe or key not in self._lit:
            probes = self._probes(self.state.probe_ahead, seen)
            if self.moves_probe or len(self._lit) >= self.photons.room:
                return probes
            self._lit[key] = probes
        return self._lit[key]

    def judge(self) -> np.ndarray:
        """Return the Poisson deviance of each pattern that judges, in photons: float array `(pattern,)`."""
        canvas, probe = self.state.canvas, self.state.probe
        batches = self.photons.judges
        found = [self._deviance(canvas, probe, self.photons.seen(batch, judges=True)) for batch in batches]
        return np.concatenate([ops.convert_to_numpy(one)[: len(batch)] for one, batch in zip(found, batches)])

    def rest(self, state: State) -> None:
        """Go back to a state, and on from there without momentum."""
        self.state = state._replace(canvas_ahead=state.canvas, probe_ahead=state.probe)

    def estimate(self) -> Estimate:
        """Return what is believed now."""
        canvas, probe = (_whole(wave) for wave in (self.state.canvas, self.state.probe))
        return Estimate(canvas.reshape(self.shape), probe, self.photons.positions)


def _moved(
    state: State, pull: Pull, lift: Tensor, covered: Tensor, length: Tensor, momentum: Tensor, *, moves_probe: bool
) -> State:
    step = scale(pull.object, 1.0 / (pull.light + LIGHT_FLOOR * ops.max(pull.light)))
    step = lifted(step, state.canvas_ahead, lift, covered)
    canvas, canvas_ahead = _forward(state.canvas, state.canvas_ahead, step, length, momentum)
    if not moves_probe:
        return state._replace(canvas=canvas, canvas_ahead=canvas_ahead)
    pulled = scale(pull.probe, 1.0 / (pull.lit + LIT_FLOOR * ops.max(pull.lit)))
    probe, probe_ahead = _forward(state.probe, state.probe_ahead, pulled, length, momentum)
    return State(canvas, probe, canvas_ahead, probe_ahead)


def _forward(now: Wave, ahead: Wave, step: Wave, length: Tensor, momentum: Tensor) -> tuple[Wave, Wave]:
    """Return where a step from ahead leads to, and where momentum takes it from there."""
    new = tuple(part + length * move for part, move in zip(ahead, step))
    return new, tuple(part + momentum * (part - old) for part, old in zip(new, now))


def _lift_of(probe: Wave, shape: tuple[int, int]) -> Tensor:
    return lift_of(light_of(probe), shape)


def _parts(wave: np.ndarray) -> Wave:
    return tuple(ops.convert_to_tensor(np.ascontiguousarray(part, np.float32)) for part in (wave.real, wave.imag))


def _whole(wave: Wave) -> np.ndarray:
    real, imag = map(ops.convert_to_numpy, wave)
    return (real + 1j * imag).astype(np.complex64)
