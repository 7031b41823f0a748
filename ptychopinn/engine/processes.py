"""Processes: a team on this machine, whose members share memory; one that dies is replaced."""

import contextlib
import functools
import multiprocessing
import multiprocessing.connection
import os
import signal
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection

import numpy as np

from ptychopinn.cores import cores_each
from ptychopinn.engine.photons import Photons
from ptychopinn.engine.share import Task, Told
from ptychopinn.engine.shared import Shared, check_shared
from ptychopinn.engine.team import Team
from ptychopinn.engine.worker import Pulled, Question, Worker

MOST_DEATHS = 3
"""Workers in a row that may die of one question, before it is given up."""


class Processes(Team):
    """A team of processes of this machine. They ask back for patterns that they do not keep.

    Args:
        task: Task: that of all the patterns.
        photons: Photons: how many workers, and what they read.

    Raises:
        MemoryError: if there is too little memory that processes may share.
    """

    def __init__(self, task: Task, photons: Photons) -> None:
        super().__init__(task, photons.workers)
        check_shared(4 * int(np.prod(self.shape)) * (2 + 3 * photons.workers))
        self._object = Shared((2, *self.shape))
        self._members = [Member(share, photons, self._object) for share in self.tasks]

    def answers(self, questions: Sequence[Question], canvas: Sequence[np.ndarray]) -> list[Pulled | Told]:
        for place, part in zip(self._object.array, canvas):
            place[...] = part
        for member, question in zip(self._members, questions):
            member.ask(question)
        waiting = list(self._members)
        while waiting:
            ready = multiprocessing.connection.wait([member.connection for member in waiting])
            for member in [one for one in waiting if one.connection in ready]:
                if member.has_answered():
                    waiting.remove(member)
        return [member.answer for member in self._members]

    def close(self) -> None:
        for member in self._members:
            member.end()
        self._object.remove()


class Member:
    """A worker, or those who take its place, seen from the process that asks.

    Args:
        task: Task: its share.
        photons: Photons that its patterns are read from.
        canvas: Shared `(2, slice, y, x)`: the object.

    Attributes:
        answer: Pulled or Told: what it said last.
    """

    answer: Pulled | Told

    def __init__(self, task: Task, photons: Photons, canvas: Shared) -> None:
        self._pull = Shared((3, *canvas.array.shape[1:]))
        self._task, self._photons, self._object = task, photons, canvas
        self._start()

    def ask(self, question: Question) -> None:
        """Ask it something."""
        self._question, self._deaths = question, 0
        self._send(question)

    def has_answered(self) -> bool:
        """Hear what it says: return whether that is the `answer`; serve it patterns, or replace it if it died.

        Raises:
            ChildProcessError: if too many died of one question.
            Exception: that of its own.
        """
        try:
            what, content = self.connection.recv()
        except (EOFError, ConnectionError):
            self._replace()
            return False
        if what == "failed":
            raise content
        if what == "read":
            self._send(self._photons.read(content))
            return False
        self.answer = content
        if isinstance(content, Pulled):
            self.answer = content._replace(object=tuple(self._question.tile.of(self._pull.array)))
        return True

    def end(self) -> None:
        """End it, whatever it does."""
        self.connection.close()
        self._process.terminate()
        self._process.join()
        self._pull.remove()

    def _send(self, message: object) -> None:
        with contextlib.suppress(ConnectionError):  # it died, which is heard in its place
            self.connection.send(message)

    def _start(self) -> None:
        spawning = multiprocessing.get_context("spawn")
        self.connection, its_own = spawning.Pipe()
        shared = self._object.known, self._pull.known
        self._process = spawning.Process(target=serve, args=(its_own, self._task, *shared), daemon=True)
        with spawned_for_work(self._photons.workers):
            self._process.start()
        its_own.close()  # the worker's end is its own, so that this one hears when it is gone

    def _replace(self) -> None:
        self._process.join()
        self._deaths += 1
        if self._deaths == MOST_DEATHS:
            raise ChildProcessError(
                f"A worker must live until it has answered. Received: {MOST_DEATHS} in a row that died, the last with "
                f"exit code {self._process.exitcode}. Is memory at an end? Use fewer workers, or a smaller batch size."
            )
        self.connection.close()
        self._start()
        self._send(self._question)


def serve(connection: Connection, task: Task, canvas: tuple, pull: tuple) -> None:
    """Answer questions, in a process of its own, until nobody is there to ask any.

    Args:
        connection: Connection that questions come from. Answers are pairs: `"read"` and a batch whose photons are asked
            for, `"done"` and the answer, or `"failed"` and an exception.
        task: Task: its share.
        canvas, pull: what `Shared` is made of: for the object, and for what pulls at it.
    """
    seen, written = Shared(*canvas), Shared(*pull)
    worker = Worker(task, functools.partial(_asked_for, connection))
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            question = connection.recv()
            try:
                answer = worker.answer(question, question.tile.of(seen.array))
                if isinstance(answer, Pulled):
                    for place, row in zip(question.tile.of(written.array), answer.object):
                        place[...] = row
                    answer = answer._replace(object=())
                connection.send(("done", answer))
            except (EOFError, ConnectionError):
                raise
            except Exception as error:
                connection.send(("failed", error))


def _asked_for(connection: Connection, patterns: np.ndarray) -> np.ndarray:
    connection.send(("read", patterns))
    return connection.recv()


@contextlib.contextmanager
def spawned_for_work(workers: int) -> Iterator[None]:
    """Let processes that are started meanwhile have a part of the cores each, and leave Ctrl-C to this one."""
    said = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = said or str(cores_each(workers))
    blocks = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocks else ()
    try:
        yield
    finally:
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if said is None:
            del os.environ["OMP_NUM_THREADS"]
