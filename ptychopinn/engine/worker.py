"""A process that has a share of a scan: it is told what is believed, and answers what its patterns say of it.

Object and pull lie in memory that processes share; all else goes through a pipe. Whoever asks has the scan: a worker
asks back for patterns that it does not keep.
"""

import contextlib
import functools
import itertools
import typing
from multiprocessing.connection import Connection

import numpy as np
from keras import ops

from ptychopinn.engine.kept import Kept
from ptychopinn.engine.share import Share, Task
from ptychopinn.engine.shared import Shared
from ptychopinn.engine.state import Moves, State, parts, whole
from ptychopinn.engine.steps import Waves


class Question(typing.NamedTuple):
    """What a worker is asked, of the object that lies in shared memory.

    Args:
        about: what it is: a subset and how many there are, to pull; or Moves, to tell what moves between passes.
        probe: complex array `((1 + dimension) * mode, y, x)`.
        positions, flux, weights, background: those of a `State`.
    """

    about: tuple[int, int] | Moves
    probe: np.ndarray
    positions: np.ndarray
    flux: np.ndarray
    weights: np.ndarray
    background: np.ndarray

    def state(self, canvas: np.ndarray) -> State:
        """Return the state that it is about."""
        obj, probe = tuple(ops.convert_to_tensor(part) for part in canvas), parts(self.probe)
        background = ops.convert_to_tensor(self.background)
        return State(Waves(obj, probe, obj, probe), self.positions, self.flux, self.weights, background)


def serve(connection: Connection, task: Task, canvas: tuple[int, int, str], pull: tuple[int, int, str]) -> None:
    """Answer questions until nobody is there to ask any.

    Args:
        connection: Connection that questions come from. Answers are pairs: `"read"` and a batch whose photons are asked
            for, `"done"` and the answer, or `"failed"` and an exception.
        task: Task: its share.
        canvas, pull: what `Shared` is made of: for the object, and for what pulls at it.
    """
    seen, written = Shared(*canvas), Shared(*pull)
    kept = Kept(list(itertools.chain(*task.chunks)), task.shape, task.room)
    share = Share(task, functools.partial(kept.counts, read=functools.partial(_asked_for, connection)))
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            question = connection.recv()
            try:
                connection.send(("done", _answer(share, question, seen.array, written.array)))
            except (EOFError, ConnectionError):
                raise
            except Exception as error:
                connection.send(("failed", error))


def _asked_for(connection: Connection, patterns: np.ndarray) -> np.ndarray:
    connection.send(("read", patterns))
    return connection.recv()


def _answer(share: Share, question: Question, canvas: np.ndarray, written: np.ndarray) -> tuple[np.ndarray, ...]:
    """Answer a question: what tells between passes, or what pulls at the probe; what pulls at the object is written."""
    state = question.state(canvas)
    if isinstance(question.about, Moves):
        return share.told(state, question.about)
    pull = share.pull(state, *question.about)
    for place, part in zip(written, (*pull.object, pull.light)):
        place[:] = ops.convert_to_numpy(part)
    return whole(pull.probe), ops.convert_to_numpy(pull.lit)
