"""A team by Ray: each worker is an actor, which Ray places in its cluster, and makes again where it died."""

import contextlib
import itertools
import types
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ptychopinn.distributed.ray_cluster import answered, check_room, cluster, place_of_one
from ptychopinn.engine.photons import Photons
from ptychopinn.engine.processes import MOST_DEATHS
from ptychopinn.engine.share import Task, Told
from ptychopinn.engine.team import Team
from ptychopinn.engine.work import TeamMaker
from ptychopinn.engine.worker import Pulled, Question, Worker
from ptychopinn.extras import optional


@contextlib.contextmanager
def team_by_ray() -> Iterator[TeamMaker]:
    """Be of a cluster of Ray meanwhile, and make teams of its workers.

    Patterns are read by this process, once, and kept by Ray, which writes to disk what memory does not hold.

    Raises:
        ValueError: if Ray is not installed.
        ConnectionError: if there is no cluster.
    """
    ray = optional("ray", "ray")
    with cluster(ray):
        yield lambda task, photons: Actors(task, photons, ray)


class Actors(Team):
    """A team of actors.

    Args:
        task: Task: that of all the patterns.
        photons: Photons: how many workers, and what they pull for.
        ray: module.

    Raises:
        ValueError: if the cluster has no room for so many.
    """

    def __init__(self, task: Task, photons: Photons, ray: types.ModuleType) -> None:
        super().__init__(task, photons.workers)
        check_room(ray, photons.workers)
        self._ray = ray
        actor = ray.remote(max_restarts=MOST_DEATHS, max_task_retries=MOST_DEATHS, **place_of_one())(PassWorker)
        self._actors = [actor.remote() for _ in self.tasks]
        self._shares = []
        for share in self.tasks:
            kept = {int(batch[0]): ray.put(photons.read(batch)) for batch in itertools.chain(*share.chunks)}
            self._shares.append(ray.put((share, kept)))

    def answers(self, questions: Sequence[Question], canvas: Sequence[np.ndarray]) -> list[Pulled | Told]:
        asked = []
        for actor, share, question in zip(self._actors, self._shares, questions):
            tile = np.stack([question.tile.of(part) for part in canvas])
            asked.append(actor.answer.remote([share], question, tile))
        return answered(self._ray, asked, "Use fewer workers on a machine, or a smaller batch size.")

    def close(self) -> None:
        for actor in self._actors:
            self._ray.kill(actor)


class PassWorker:
    """A worker whose share Ray keeps. Each question says where: one that takes another's place knows nothing."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

    def answer(self, kept: list[Any], question: Question, canvas: np.ndarray) -> Pulled | Told:
        """Answer a question about a tile of the object.

        Args:
            kept: list of one reference, to the share: its Task, and a dict from the first pattern of a batch to a
                reference to the photons of the batch.
            question: Question.
            canvas: float32 array `(2, slice, y, x)`.
        """
        if self._worker is None:
            ray = optional("ray", "ray")
            task, photons = ray.get(kept[0])
            self._worker = Worker(task, lambda patterns: ray.get(photons[int(patterns[0])]))
        return self._worker.answer(question, canvas)
