"""Share: some batches of a scan, and what they say of an estimate. One process has all, or each of several a part.

It keeps nothing of an estimate from one question to the next but what it can make again: any process can take the
place of another.
"""

import dataclasses
import itertools
import typing
from collections.abc import Callable, Iterable

import numpy as np
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.engine.kept import filled
from ptychopinn.engine.lit import Lit
from ptychopinn.engine.pulls import Pull, Seen
from ptychopinn.engine.state import Moves, State, parts, whole
from ptychopinn.engine.steps import steps_of
from ptychopinn.physics.numpy_physics import nearest_corners
from ptychopinn.physics.optics import Optics
from ptychopinn.physics.waves import Wave


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
    """What a share is of.

    Args:
        chunks: list of lists of batches, int arrays `(pattern,)`: its part of every chunk of the scan.
        shape: `(pattern, y, x)` of a full batch.
        room: int. Batches that may be kept, of photons and, where they leave room, of what is computed of them.
        canvas: `(y, x)`: shape of the object.
        moves: Moves.
        optics: Optics.
    """

    chunks: list[list[np.ndarray]]
    shape: tuple[int, int, int]
    room: int
    canvas: tuple[int, int]
    moves: Moves
    optics: Optics


class Told(typing.NamedTuple):
    """What patterns tell between passes, 0 for those of other shares, so that shares are added up.

    Args:
        offsets: float array `(pattern, 2)`: by how much they were taken off their positions.
        brightening: float array `(pattern,)`: by how much they are brighter than predicted.
        weights: complex array `(pattern, dimension)`: by how much they ask for more of each variation.
    """

    offsets: np.ndarray
    brightening: np.ndarray
    weights: np.ndarray


class Share:
    """Say what some batches tell of an estimate.

    Args:
        task: Task.
        counts: function of a batch that returns its photons on the device.
    """

    def __init__(self, task: Task, counts: Callable[[np.ndarray], Tensor]) -> None:
        self.task, self.counts = task, counts
        self._do = steps_of(task.canvas, task.moves.probe, task.optics)
        left = max(0, task.room - sum(len(chunk) for chunk in task.chunks))
        self._lit = Lit(left * int(np.prod(task.shape)))

    def pull(self, state: State, subset: int, subsets: int) -> Pull:
        """Add up what the patterns of a subset say of where momentum took object and probe."""
        light = self._lit.get(state, (subset, subsets))
        pull = self.pull_of(state, itertools.chain(*self.task.chunks[subset::subsets]), light)
        if not self.task.moves.probe and self.task.optics.slices == 1:
            self._lit.keep((subset, subsets), pull.light)
        return pull

    def pull_of(self, state: State, batches: Iterable[np.ndarray], light: Tensor | None = None) -> Pull:
        """Add up what batches say of where momentum took object and probe, and their light, if it is not known."""
        waves = state.waves
        pull = self._do.nothing(waves.canvas, waves.probe)
        for patterns in batches:
            seen = self.seen(state, patterns, self.counts(patterns))
            probes = self._probes_ahead(state, patterns, seen)
            pull = self._do.pull(pull, waves.canvas_ahead, probes, seen)
            if light is None:
                pull = pull._replace(light=self._do.light(pull.light, waves.canvas_ahead, probes, seen))
        return pull if light is None else pull._replace(light=light)

    def clear(self) -> None:
        """Keep nothing of what was computed."""
        self._lit.clear()

    def told(self, state: State, moves: Moves) -> Told:
        """Return what all patterns tell between passes of what moves."""
        waves, positions, flux, weights, _ = state
        offsets, brightening, steps = np.zeros_like(positions), np.zeros_like(flux), np.zeros_like(weights)
        for patterns in itertools.chain(*self.task.chunks) if moves.of_patterns else ():
            told = waves.canvas, waves.probe, self.seen(state, patterns, self.counts(patterns))
            if moves.positions:
                offsets[patterns] = ops.convert_to_numpy(self._do.offsets(*told))[: len(patterns)]
            if moves.flux:
                brightening[patterns] = ops.convert_to_numpy(self._do.brightening(*told))[: len(patterns)]
            if moves.variation:
                steps[patterns] = whole(self._do.weights(*told))[: len(patterns)]
        return Told(offsets, brightening, steps)

    def seen(self, state: State, patterns: np.ndarray, counts: Tensor) -> Seen:
        """Return patterns, whose photons are given, as they were taken by a state."""
        count, size, _ = self.task.shape
        corners, fractions = nearest_corners(state.positions[patterns], size)
        rows = corners.astype(np.int32), fractions.astype(np.float32), state.flux[patterns].astype(np.float32)
        places, shifts, light = (ops.convert_to_tensor(filled(row, count)) for row in rows)
        return Seen(counts, places, shifts, light, parts(filled(state.weights[patterns], count)), state.background)

    def _probes_ahead(self, state: State, patterns: np.ndarray, seen: Seen) -> Wave:
        """Return the probe, where momentum took it, on the windows of a batch."""
        if self.task.moves.probe:
            return self._do.probes(state.waves.probe_ahead, seen)
        return self.probes(state, patterns, seen)

    def probes(self, state: State, patterns: np.ndarray, seen: Seen) -> Wave:
        """Return the probe on the windows of a batch; one that stands still is shifted once, while there is room.

        Args:
            state: State.
            patterns: int array `(pattern,)`: the batch.
            seen: Seen. The same patterns.
        """
        if self.task.moves.probe:
            return self._do.probes(state.waves.probe, seen)
        key = patterns.tobytes()
        probes = self._lit.get(state, key)
        if probes is None:
            probes = self._do.probes(state.waves.probe, seen)
            self._lit.keep(key, probes)
        return probes
