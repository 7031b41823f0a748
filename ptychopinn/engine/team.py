"""Team: several processes, each with a share of the patterns, who answer together as one share would.

Each step is of all their patterns, added up in their order. Workers keep nothing that is not told or read again: where
one dies, another takes its place, is asked the same, and answers the same.
"""

import contextlib
import dataclasses
import multiprocessing
import multiprocessing.connection
import os
import signal
from collections.abc import Iterator

import numpy as np
from keras import ops

from ptychopinn.cores import cores_each
from ptychopinn.engine.photons import Photons
from ptychopinn.engine.pulls import Pull
from ptychopinn.engine.share import Task, Told
from ptychopinn.engine.shared import Shared, check_shared
from ptychopinn.engine.state import Moves, State, parts, whole
from ptychopinn.engine.worker import Question, serve
from ptychopinn.physics.waves import Wave

MOST_DEATHS = 3
"""Workers in a row that may die of one question, before it is given up."""


class Team:
    """Say what the patterns of a scan tell of an estimate, as `Share` does, by several processes.

    Args:
        task: Task: that of all the patterns.
        photons: Photons: how many workers, and what they read.

    Raises:
        MemoryError: if there is too little memory that processes may share.
    """

    def __init__(self, task: Task, photons: Photons) -> None:
        pixels = task.optics.slices * int(np.prod(task.canvas))
        check_shared(4 * pixels * (2 + 3 * photons.workers))
        self._moves_probe, self._canvas = task.moves.probe, Shared(2, pixels)
        self._members = [
            Member(share_of(task, number, photons.workers), photons, (2, pixels, self._canvas.name), pixels)
            for number in range(photons.workers)
        ]

    def pull(self, state: State, subset: int, subsets: int) -> Pull:
        """Add up what the patterns of a subset say of where momentum took object and probe."""
        waves = state.waves
        probe = waves.probe_ahead if self._moves_probe else waves.probe
        answers = self._ask((subset, subsets), state, waves.canvas_ahead, probe)
        objects = _added([member.pull.array for member in self._members])
        probes, lit = (_added(list(part)) for part in zip(*answers))
        real, imag, light = (ops.convert_to_tensor(part) for part in objects)
        return Pull((real, imag), light, parts(probes), ops.convert_to_tensor(lit))

    def told(self, state: State, moves: Moves) -> Told:
        """Return what all patterns tell between passes of what moves."""
        answers = self._ask(moves, state, state.waves.canvas, state.waves.probe)
        return Told(*(_added(list(part)) for part in zip(*answers)))

    def close(self) -> None:
        """End all workers."""
        for member in self._members:
            member.end()
        self._canvas.remove()

    def _ask(self, about: tuple[int, int] | Moves, state: State, canvas: Wave, probe: Wave) -> list[tuple]:
        """Ask all workers, and return their answers in their order."""
        for place, part in zip(self._canvas.array, canvas):
            place[:] = ops.convert_to_numpy(part)
        background = ops.convert_to_numpy(state.background)
        question = Question(about, whole(probe), state.positions, state.flux, state.weights, background)
        for member in self._members:
            member.ask(question)
        waiting = list(self._members)
        while waiting:
            ready = multiprocessing.connection.wait([member.connection for member in waiting])
            for member in [one for one in waiting if one.connection in ready]:
                if member.has_answered():
                    waiting.remove(member)
        return [member.answer for member in self._members]


class Member:
    """A worker, or those who take its place, seen from the process that asks.

    Args:
        task: Task: its share.
        photons: Photons that its patterns are read from.
        canvas: rows, pixels and name of the shared object.
        pixels: int. Of the object.
    """

    def __init__(self, task: Task, photons: Photons, canvas: tuple[int, int, str], pixels: int) -> None:
        self.pull, self.answer = Shared(3, pixels), ()
        self._task, self._photons, self._canvas = task, photons, canvas
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
        return True

    def end(self) -> None:
        """End it, whatever it does."""
        self.connection.close()
        self._process.terminate()
        self._process.join()
        self.pull.remove()

    def _send(self, message: object) -> None:
        with contextlib.suppress(ConnectionError):  # it died, which is heard in its place
            self.connection.send(message)

    def _start(self) -> None:
        spawning = multiprocessing.get_context("spawn")
        self.connection, its_own = spawning.Pipe()
        shared = self._canvas, (*self.pull.array.shape, self.pull.name)
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


def share_of(task: Task, number: int, of: int) -> Task:
    """Return the part of a task that is one worker's: a run of the batches of each chunk, which lie side by side."""
    chunks = [chunk[number * len(chunk) // of : (number + 1) * len(chunk) // of] for chunk in task.chunks]
    return dataclasses.replace(task, chunks=chunks, room=task.room // of)


def _added(arrays: list[np.ndarray]) -> np.ndarray:
    """Add arrays up in their order."""
    total = np.array(arrays[0])
    for array in arrays[1:]:
        total += array
    return total
