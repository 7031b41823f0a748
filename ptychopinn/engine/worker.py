"""A worker that has a share of a scan: it is told what is believed, and answers what its patterns say of it.

It knows of the object the tile that its patterns lie on, and keeps nothing that is not told or read again: where one
dies, another takes its place, is asked the same, and answers the same.
"""

import dataclasses
import functools
import itertools
import typing
from collections.abc import Callable, Sequence

import numpy as np
from keras import ops

from ptychopinn.engine.kept import Kept
from ptychopinn.engine.share import Share, Task, Told
from ptychopinn.engine.state import Moves, State, parts, whole
from ptychopinn.engine.steps import Waves
from ptychopinn.engine.tile import Tile


class Question(typing.NamedTuple):
    """What a worker is asked, of a tile of the object.

    Args:
        about: what it is: a subset and how many there are, to pull; or Moves, to tell what moves between passes.
        tile: Tile.
        probe: complex array `((1 + dimension) * mode, y, x)`.
        positions: float array `(pattern, 2)`, pixels of the tile.
        flux, weights, background: those of a `State`.
    """

    about: tuple[int, int] | Moves
    tile: Tile
    probe: np.ndarray
    positions: np.ndarray
    flux: np.ndarray
    weights: np.ndarray
    background: np.ndarray

    def state(self, canvas: np.ndarray) -> State:
        """Return the state that it is about.

        Args:
            canvas: float32 array `(2, slice, y, x)`: real and imaginary part of the tile.
        """
        obj, probe = tuple(ops.convert_to_tensor(part) for part in canvas.reshape(2, -1)), parts(self.probe)
        background = ops.convert_to_tensor(self.background)
        return State(Waves(obj, probe, obj, probe), self.positions, self.flux, self.weights, background)


class Pulled(typing.NamedTuple):
    """What the patterns of a worker say, added up: a `Pull` in NumPy.

    Args:
        object: three float32 arrays `(slice, y, x)`: what pulls at the tile, real and imaginary, and the light on it.
        probe: complex array `((1 + dimension) * mode, y, x)`.
        lit: float32 array `(y, x)`.
    """

    object: Sequence[np.ndarray]
    probe: np.ndarray
    lit: np.ndarray


class Worker:
    """Answer questions about a share of a scan.

    Args:
        task: Task: the share.
        read: function of a batch that returns its photons: float32 array `(pattern, y, x)`.
    """

    def __init__(self, task: Task, read: Callable[[np.ndarray], np.ndarray]) -> None:
        kept = Kept(list(itertools.chain(*task.chunks)), task.shape, task.room)
        self._share = Share(task, functools.partial(kept.counts, read=read))

    def answer(self, question: Question, canvas: np.ndarray) -> Pulled | Told:
        """Answer a question about a tile of the object: float32 array `(2, slice, y, x)`."""
        share, state = self._on(canvas.shape[-2:]), question.state(np.array(canvas))
        if isinstance(question.about, Moves):
            return share.told(state, question.about)
        pull = share.pull(state, *question.about)
        rows = [ops.convert_to_numpy(row).reshape(canvas.shape[1:]) for row in (*pull.object, pull.light)]
        return Pulled(rows, whole(pull.probe), ops.convert_to_numpy(pull.lit))

    def _on(self, shape: tuple[int, int]) -> Share:
        """Return the share on a tile of a shape."""
        if self._share.task.canvas != shape:
            self._share = Share(dataclasses.replace(self._share.task, canvas=shape), self._share.counts)
        return self._share
