"""The engine: an estimate of object and probe on the device, and passes over the scan that improve it."""

import dataclasses
import itertools
import typing

import numpy as np
from keras import ops

from ptychopinn.engine.drift import slow_part
from ptychopinn.engine.estimate import Estimate
from ptychopinn.engine.pace import Turn
from ptychopinn.engine.photons import Photons, filled
from ptychopinn.engine.positions import shifted_by
from ptychopinn.engine.pulls import Seen
from ptychopinn.engine.slow_phase import COVERED
from ptychopinn.engine.steps import Waves, steps_of
from ptychopinn.physics.numpy_physics import nearest_corners
from ptychopinn.physics.waves import Wave


class State(typing.NamedTuple):
    """What is believed now: object and probe on the device, positions and flux in NumPy."""

    waves: Waves
    positions: np.ndarray
    flux: np.ndarray


@dataclasses.dataclass(frozen=True)
class Moves:
    """What of an estimate moves, besides the object."""

    probe: bool = True
    positions: bool = False
    flux: bool = False


class Engine:
    """Improve an estimate of object and probe by passes over a scan.

    A step is the gradient of the likelihood over a subset of the patterns, divided by the light that fell on each pixel
    (that of ePIE, for many patterns at once), the slow part of its phase lifted, with Nesterov's momentum. Where object
    and probe move together, each goes half the way: they answer for the same misfit.

    Args:
        estimate: Estimate to start from.
        photons: Photons.
        cover: float array `(y, x)`: the light that each pixel of the object is seen with.
        moves: Moves.

    References:
        Maiden, Johnson and Li, Optica 4, 736 (2017), doi:10.1364/OPTICA.4.000736, for steps and momentum.
    """

    def __init__(self, estimate: Estimate, photons: Photons, cover: np.ndarray, moves: Moves) -> None:
        self.shape, self.photons, self.moves = estimate.object.shape, photons, moves
        canvas, probe = _parts(estimate.object.reshape(-1)), _parts(estimate.probe)
        self.state = State(Waves(canvas, probe, canvas, probe), estimate.positions, estimate.flux)
        covered = np.minimum(cover.reshape(-1) / (COVERED * cover.max()), 1)
        self._covered = ops.convert_to_tensor(covered.astype(np.float32))
        self._do = steps_of(self.shape, moves.probe)
        self._lit: dict[int, Wave] = {}

    def turn(self, turn: Turn, order: np.ndarray) -> None:
        """Make one pass: a step for each subset, in an order `(subset,)`."""
        lift = self._do.lift(self.state.waves.probe)
        length = 0.5 if self.moves.probe else 1.0
        for subset in order:
            pull = self._do.nothing(self.state.waves.canvas, self.state.waves.probe)
            for chunk in self.photons.chunks[subset :: turn.subsets]:
                for patterns in chunk:
                    seen = self._seen(patterns)
                    pull = self._do.pull(pull, self.state.waves.canvas_ahead, self._probes_on(patterns, seen), seen)
            waves = self._do.moved(self.state.waves, pull, lift, self._covered, length, turn.momentum)
            self.state = self.state._replace(waves=waves)

    def compile(self) -> None:
        """Compile what every pass is made of, by a batch that is judged and pulls, and moves nothing."""
        canvas, probe, ahead, _ = self.state.waves
        self._do.deviance(canvas, probe, self._seen(self.photons.judges[0], judges=True))
        patterns = self.photons.chunks[0][0]
        seen = self._seen(patterns)
        pull = self._do.pull(self._do.nothing(canvas, probe), ahead, self._probes_on(patterns, seen), seen)
        self._do.moved(self.state.waves, pull, self._do.lift(probe), self._covered, 0.0, 0.0)

    def find_drift(self) -> None:
        """Take the light to have changed as the photons of the patterns did, in their order: slowly.

        What changes from pattern to pattern is found by `settle`; what changes slowly over the object could as well be
        the object's, so it is decided once.
        """
        self.settle(positions_move=False)
        self.state = self.state._replace(flux=slow_part(self.state.flux))

    def settle(self, positions_move: bool, affine: bool = False) -> None:
        """Find each pattern's flux, and move positions by what patterns tell, or all of them by one affine map."""
        positions, flux = self.state.positions.copy(), self.state.flux.copy()
        canvas, probe = self.state.waves.canvas, self.state.waves.probe
        offsets = np.zeros_like(positions)
        for patterns in itertools.chain(*self.photons.chunks):
            seen = self._seen(patterns)
            if positions_move:
                offsets[patterns] = ops.convert_to_numpy(self._do.offsets(canvas, probe, seen))[: len(patterns)]
            if self.moves.flux:
                flux[patterns] *= ops.convert_to_numpy(self._do.brightening(canvas, probe, seen))[: len(patterns)]
        self._lit = {}
        half = self.photons.scan.size // 2
        inside = np.clip(shifted_by(positions, offsets, affine), half, np.array(self.shape) - half - 1)
        self.state = self.state._replace(positions=inside, flux=flux / flux.mean())

    def _seen(self, patterns: np.ndarray, judges: bool = False) -> Seen:
        count = self.photons.batch_size
        corners, fractions = nearest_corners(self.state.positions[patterns], self.photons.scan.size)
        flux = self.state.flux[patterns]
        rows = corners.astype(np.int32), fractions.astype(np.float32), flux.astype(np.float32)
        return Seen(self.photons.counts(patterns, judges), *(ops.convert_to_tensor(filled(row, count)) for row in rows))

    def _probes_on(self, patterns: np.ndarray, seen: Seen) -> Wave:
        """Return the probe on the windows of a batch; one that stands still is shifted once, while there is room."""
        if self.moves.probe:
            return self._do.probes(self.state.waves.probe_ahead, seen)
        key = int(patterns[0])
        probes = self._lit.get(key) or self._do.probes(self.state.waves.probe, seen)
        if len(self._lit) * probes[0].shape[1] < self.photons.room:
            self._lit[key] = probes
        return probes

    def judge(self) -> np.ndarray:
        """Return the Poisson deviance of each pattern that judges, in photons: float array `(pattern,)`."""
        canvas, probe = self.state.waves.canvas, self.state.waves.probe
        batches = self.photons.judges
        found = [self._do.deviance(canvas, probe, self._seen(batch, judges=True)) for batch in batches]
        return np.concatenate([ops.convert_to_numpy(one)[: len(batch)] for one, batch in zip(found, batches)])

    def rest(self, state: State) -> None:
        """Go back to a state, and on from there without momentum."""
        canvas, probe, _, _ = state.waves
        self.state = state._replace(waves=Waves(canvas, probe, canvas, probe))
        self._lit = {}

    def estimate(self) -> Estimate:
        """Return what is believed now."""
        canvas, probe = (_whole(wave) for wave in (self.state.waves.canvas, self.state.waves.probe))
        return Estimate(canvas.reshape(self.shape), probe, self.state.positions, self.state.flux)


def _parts(wave: np.ndarray) -> Wave:
    return tuple(ops.convert_to_tensor(np.ascontiguousarray(part, np.float32)) for part in (wave.real, wave.imag))


def _whole(wave: Wave) -> np.ndarray:
    real, imag = map(ops.convert_to_numpy, wave)
    return (real + 1j * imag).astype(np.complex64)
