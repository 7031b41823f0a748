"""Shards by Ray: each is a task, which Ray places on a machine of its cluster, and makes again where a worker died."""

import dataclasses
import importlib
import pathlib
from collections.abc import Callable

from ptychopinn.distributed.ray_cluster import answered, cluster, place_of_one
from ptychopinn.evaluation.receipt import Reading
from ptychopinn.extras import optional
from ptychopinn.params import ExecutionParams
from ptychopinn.reconstruction.blocks import Shard
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.parts import Part
from ptychopinn.reconstruction.shards import reconstruct_shard


@dataclasses.dataclass(frozen=True)
class Work:
    """What shards are of.

    Args:
        reading: Reading: how the scan is read.
        bundle: pathlib.Path.
        params, execution, sha256: as those of `reconstruct_shard`.
        module: str. What to import first: that of the bundle's network, where it is none of ours.
    """

    reading: Reading
    bundle: pathlib.Path
    params: ReconstructionParams
    execution: ExecutionParams
    sha256: str | None = None
    module: str | None = None


def shard_done(work: Work, shard: Shard) -> Part:
    """Do one shard of a work."""
    if work.module is not None:
        importlib.import_module(work.module)
    return reconstruct_shard(work.reading.scan(), work.bundle, shard, work.params, work.execution, work.sha256)


def parts_by_ray(work: Work, shards: int, progress: Callable[[int], object] = lambda done: None) -> list[Part]:
    """Do all shards of a work, each as a task of Ray; `join_parts` joins them.

    The cluster is that which `RAY_ADDRESS` names, or that of this machine, which is begun where there is none. All of
    its machines must see scan and bundle under the same paths.

    Args:
        work: Work.
        shards: int. How many.
        progress: called with the number of shards that are done.

    Raises:
        ValueError: as `reconstruct_shard`; if Ray is not installed.
        ConnectionError: if there is no cluster.
        ChildProcessError: if workers died of one shard again and again.
    """
    ray = optional("ray", "ray")
    reading = Reading.from_dict(work.reading.to_dict())  # whose paths hold in any folder
    work = dataclasses.replace(work, reading=reading, bundle=work.bundle.absolute())
    with cluster(ray):
        task = ray.remote(**place_of_one())(shard_done)
        waiting = [task.remote(work, Shard(number, shards)) for number in range(1, shards + 1)]
        parts: list[Part] = []
        while waiting:
            (ready, *_), waiting = ray.wait(waiting)
            parts += answered(ray, [ready], "Take more shards.")
            progress(len(parts))
    return parts
