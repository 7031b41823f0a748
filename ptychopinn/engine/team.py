"""Team: several workers, each with a share of the patterns, who answer together as one share would.

Each is asked about the tile of the object that its patterns lie on; what tiles say is added up in the workers' order.
"""

import abc
import dataclasses
import functools
from collections.abc import Iterable, Sequence

import numpy as np
from keras import ops

from ptychopinn.engine.pulls import Pull
from ptychopinn.engine.share import Task, Told
from ptychopinn.engine.state import Moves, State, parts, whole
from ptychopinn.engine.tile import tile_of
from ptychopinn.engine.worker import Pulled, Question
from ptychopinn.physics.waves import Wave


class Team(abc.ABC):
    """Say what the patterns of a scan tell of an estimate, as `Share` does, by several workers.

    Args:
        task: Task: that of all the patterns.
        workers: int.
    """

    def __init__(self, task: Task, workers: int) -> None:
        self.tasks = [share_of(task, number, workers) for number in range(workers)]
        self.shape = task.optics.slices, *task.canvas
        self._moves_probe, self._size = task.moves.probe, task.shape[-1]
        self._patterns = [patterns_of(share) for share in self.tasks]

    @abc.abstractmethod
    def answers(self, questions: Sequence[Question], canvas: Sequence[np.ndarray]) -> Sequence[Pulled | Told]:
        """Ask each worker its question, and return their answers.

        Args:
            questions: one for each worker, about a tile of the object.
            canvas: real and imaginary part of the object, float32 arrays `(slice, y, x)`.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """End all workers."""

    def pull(self, state: State, subset: int, subsets: int) -> Pull:
        """Add up what the patterns of a subset say of where momentum took object and probe."""
        waves = state.waves
        probe = waves.probe_ahead if self._moves_probe else waves.probe
        questions = self._questions((subset, subsets), state, probe)
        objects, probes, lit = zip(*self.answers(questions, self._canvas(waves.canvas_ahead)))
        total = np.zeros((3, *self.shape), np.float32)
        for question, rows in zip(questions, objects):
            for place, row in zip(question.tile.of(total), rows):
                place += row
        real, imag, light = (ops.convert_to_tensor(row.reshape(-1)) for row in total)
        return Pull((real, imag), light, parts(added(probes)), ops.convert_to_tensor(added(lit)))

    def told(self, state: State, moves: Moves) -> Told:
        """Return what all patterns tell between passes of what moves."""
        waves = state.waves
        answers = self.answers(self._questions(moves, state, waves.probe), self._canvas(waves.canvas))
        return Told(*map(added, zip(*answers)))

    def _questions(self, about: tuple[int, int] | Moves, state: State, probe: Wave) -> list[Question]:
        """Return what each worker is asked."""
        positions, background = state.positions, ops.convert_to_numpy(state.background)
        tiles = [tile_of(positions[patterns], self._size, self.shape[-2:]) for patterns in self._patterns]
        whole_probe = whole(probe)
        return [
            Question(about, tile, whole_probe, positions - tile[:2], state.flux, state.weights, background)
            for tile in tiles
        ]

    def _canvas(self, canvas: Wave) -> list[np.ndarray]:
        return [ops.convert_to_numpy(part).reshape(self.shape) for part in canvas]


def added(arrays: Iterable[np.ndarray]) -> np.ndarray:
    """Add arrays up in their order."""
    return functools.reduce(np.add, arrays)


def share_of(task: Task, number: int, of: int) -> Task:
    """Return the part of a task that is one worker's: a run of the batches of each chunk, which lie side by side."""
    chunks = [chunk[number * len(chunk) // of : (number + 1) * len(chunk) // of] for chunk in task.chunks]
    return dataclasses.replace(task, chunks=chunks, room=task.room // of)


def patterns_of(task: Task) -> np.ndarray:
    """Return the patterns of a share: int array `(pattern,)`."""
    return np.concatenate([np.zeros(0, int), *(batch for chunk in task.chunks for batch in chunk)])
