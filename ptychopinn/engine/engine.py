"""The engine: an estimate of object and probe on the device, and passes over the scan that improve it."""

import dataclasses
import functools
from typing import Self

import numpy as np
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.pace import Turn
from ptychopinn.engine.photons import Photons
from ptychopinn.engine.positions import AFFINE, SETTLED, shifted_by
from ptychopinn.engine.processes import Processes
from ptychopinn.engine.pulls import Seen
from ptychopinn.engine.share import Share, Task
from ptychopinn.engine.slow_phase import COVERED, with_slow_phase_of
from ptychopinn.engine.state import Moves, State, parts, whole
from ptychopinn.engine.steps import Waves, steps_of, stride_of
from ptychopinn.engine.team import Team
from ptychopinn.engine.variation import first_weights, mixed, of_time, principal
from ptychopinn.engine.work import TeamMaker
from ptychopinn.physics.optics import FAR, Optics


class Engine:
    """Improve an estimate of object and probe by passes over a scan.

    A step is the gradient of the likelihood over a subset of the patterns, divided by the light that fell on each pixel
    (that of ePIE, for many patterns at once), the slow part of its phase lifted, with Nesterov's momentum. Where object
    and probe move together, each goes half the way, and slices a part each: they answer for the same misfit.

    Args:
        estimate: Estimate to start from.
        photons: Photons, with their middle where the optics have it.
        cover: float array `(y, x)`: the light that each pixel of the object is seen with.
        moves: Moves.
        optics: Optics. Defaults to the far field of one slice.
        team: who several workers are, see `Work`. Defaults to processes of this machine.

    References:
        Maiden, Johnson and Li, Optica 4, 736 (2017), doi:10.1364/OPTICA.4.000736, for steps and momentum.
    """

    def __init__(
        self, estimate: Estimate, photons: Photons, cover: np.ndarray, moves: Moves, optics: Optics = FAR,
        team: TeamMaker = Processes,
    ) -> None:  # fmt: skip
        self.shape, self.photons, self.moves, self.optics = estimate.object.shape, photons, moves, optics
        self.length = 1.0 / (optics.slices + moves.probe)
        canvas, probe = parts(estimate.object.reshape(-1)), parts(estimate.probes(moves.variation))
        weights = np.zeros((len(estimate.positions), moves.variation), complex)
        if estimate.weights is not None and moves.variation:
            weights = estimate.weights
        background = self._dark(estimate.background)
        self.state = State(Waves(canvas, probe, canvas, probe), estimate.positions, estimate.flux, weights, background)
        covered = np.minimum(cover.reshape(-1) / (COVERED * cover.max()), 1)
        self._covered = ops.convert_to_tensor(np.tile(covered, optics.slices).astype(np.float32))
        self._do = steps_of(self.shape[-2:], moves.probe, optics)
        task = Task(photons.chunks, photons.shape, photons.room, self.shape[-2:], moves, optics)
        self._whole = Share(task, photons.counts)
        self._shares: Share | Team = self._whole if photons.workers == 1 else team(task, photons)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.photons.clear()
        self._whole.clear()
        if isinstance(self._shares, Team):
            self._shares.close()

    def turn(self, turn: Turn, order: np.ndarray) -> None:
        """Make one pass: a step for each subset, in an order `(subset,)`."""
        lift = self._do.lift(self.state.waves.probe)
        stride = stride_of(self.length, turn.momentum)
        for subset in order:
            pull = self._shares.pull(self.state, int(subset), turn.subsets)
            waves = self._do.moved(self.state.waves, pull, lift, self._covered, stride)
            self.state = self.state._replace(waves=waves)

    def compile(self) -> None:
        """Compile what every pass is made of, by a batch that is judged and pulls, and moves nothing."""
        waves = self.state.waves
        self._judged(self.photons.judges[0])
        pull = self._do.nothing(waves.canvas, waves.probe)
        if self._shares is self._whole:  # others compile it for themselves
            pull = self._whole.pull_of(self.state, self.photons.chunks[0][:1])
        self._do.moved(waves, pull, self._do.lift(waves.probe), self._covered, stride_of(0.0, 0.0))

    def settle(self, made: int) -> None:
        """Find what all patterns tell at once, after so many passes: of their places, their light, and the detector."""
        moves = self.moves.after(made)
        if not moves.between_passes:
            return
        waves, positions, flux, weights, background = self.state
        told = self._shares.told(self.state, moves)
        if moves.flux:
            flux = flux * told.brightening
        if moves.background != "none":
            background = self._background_after(moves.background)
        half = self.photons.scan.size // 2
        moved = shifted_by(positions, told.offsets, made <= SETTLED + AFFINE)
        inside = np.clip(moved, half, np.array(self.shape[-2:]) - half - 1)
        self.state = self.state._replace(positions=inside, flux=flux / flux.mean(), background=background)
        if moves.variation:
            self._vary(weights + told.weights)

    def _background_after(self, how: str) -> Tensor:
        """Return the background that photons held out ask for."""
        waves, background = self.state.waves, self.state.background
        seen = (self._judging(batch) for batch in self.photons.judges)
        told = [self._do.background_asked(waves.canvas, waves.probe, one) for one in seen]
        asked, known = (functools.reduce(ops.add, each) for each in zip(*told))
        if how == "even":
            asked, known = (ops.full_like(each, ops.mean(each)) for each in (asked, known))
        return self._do.background_after(background, asked, known)

    def _vary(self, weights: np.ndarray) -> None:
        """Take the probe to vary by weights, and write that in its principal dimensions; at first, give it some."""
        waves = self.state.waves
        if not weights.any():
            weights = first_weights(*weights.shape)
        else:
            weights, change = principal(of_time(weights, self.state.positions), whole(waves.probe))
            probe, ahead = (parts(mixed(change, whole(wave))) for wave in (waves.probe, waves.probe_ahead))
            waves = waves._replace(probe=probe, probe_ahead=ahead)
        self.state = self.state._replace(waves=waves, weights=weights)

    def judge(self) -> np.ndarray:
        """Return the Poisson deviance of each pattern that judges, in photons: float array `(pattern,)`."""
        return np.concatenate([self._judged(batch) for batch in self.photons.judges])

    def _judged(self, patterns: np.ndarray) -> np.ndarray:
        seen = self._judging(patterns)
        probes = self._whole.probes(self.state, patterns, seen)
        found = self._do.deviance(self.state.waves.canvas, probes, seen)
        return ops.convert_to_numpy(found)[: len(patterns)]

    def _judging(self, patterns: np.ndarray) -> Seen:
        return self._whole.seen(self.state, patterns, self.photons.counts(patterns, judges=True))

    def rest(self, state: State) -> None:
        """Go back to a state, and on from there without momentum."""
        canvas, probe, _, _ = state.waves
        self.state = state._replace(waves=Waves(canvas, probe, canvas, probe))

    def object(self) -> np.ndarray:
        """Return the object that is believed now: complex array of its shape."""
        return whole(self.state.waves.canvas).reshape(self.shape)

    def put(self, obj: np.ndarray) -> None:
        """Go on from another object, without momentum."""
        self.rest(self.state._replace(waves=self.state.waves._replace(canvas=parts(obj.reshape(-1)))))

    def take_slow_phase(self, other: np.ndarray) -> None:
        """Go on from the object that is believed now, turned by the slow phase of another one of its shape."""
        covered = ops.convert_to_numpy(self._covered).reshape(self.shape)
        self.put(with_slow_phase_of(other, self.object(), covered, self.photons.scan.size))

    def estimate(self) -> Estimate:
        """Return what is believed now."""
        waves, positions, flux, weights, background = self.state
        canvas, stack = (whole(wave) for wave in (waves.canvas, waves.probe))
        probe, *variation = np.split(stack, 1 + self.moves.variation)
        found = Estimate(canvas.reshape(self.shape), probe, positions, flux)
        if variation:
            found = dataclasses.replace(found, variation=np.stack(variation), weights=weights)
        dark = ops.convert_to_numpy(background)
        if dark.ndim:
            found = dataclasses.replace(found, background=np.fft.fftshift(dark) if self.optics.zero_first else dark)
        return found

    def _dark(self, known: np.ndarray | None) -> Tensor:
        """Return the background to start from, its middle where patterns have it; none, 0."""
        if known is None:
            return ops.zeros(() if self.moves.background == "none" else (self.photons.scan.size,) * 2)
        return ops.convert_to_tensor((np.fft.ifftshift(known) if self.optics.zero_first else known).astype(np.float32))
