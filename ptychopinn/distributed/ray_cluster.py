"""A cluster of Ray: that which `RAY_ADDRESS` names, or that of this machine, which is begun where there is none."""

import contextlib
import os
import types
from collections.abc import Iterator, Sequence
from typing import Any

from ptychopinn.device import on_cpu

SAME_EVERYWHERE = ("KERAS_BACKEND", "OMP_NUM_THREADS", "JAX_PLATFORMS")
"""Variables of the environment that results depend on."""


@contextlib.contextmanager
def cluster(ray: types.ModuleType) -> Iterator[None]:
    """Be of a cluster meanwhile; one that was begun for this ends with it."""
    if ray.is_initialized():
        yield
        return
    environment = {name: os.environ[name] for name in SAME_EVERYWHERE if name in os.environ}
    if on_cpu():  # else Ray says which GPU is whose
        environment["CUDA_VISIBLE_DEVICES"] = ""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    try:
        ray.init(
            include_dashboard=False, log_to_driver=False, logging_level="ERROR", runtime_env={"env_vars": environment}
        )
    except Exception as error:  # of Ray's, which are of many kinds
        raise ConnectionError(
            f"A cluster of Ray must be there, or begin here. Received: {' '.join(str(error).split())[:200]} Check "
            "RAY_ADDRESS, or unset it."
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def place_of_one() -> dict[str, int]:
    """Return what one worker has for itself: a core, or a GPU where this process computes on one."""
    return {"num_cpus": 1} if on_cpu() else {"num_gpus": 1}


def check_room(ray: types.ModuleType, workers: int) -> None:
    """Raise ValueError unless a cluster has room for workers at once: they would be waited for without end."""
    unit = "CPU" if on_cpu() else "GPU"
    there = int(ray.cluster_resources().get(unit, 0))
    if there < workers:
        raise ValueError(
            f"Each worker needs a {unit} of the cluster for itself. Received: workers={workers}, {there} there. Use "
            "fewer, or give the cluster more machines."
        )


def answered(ray: types.ModuleType, asked: Sequence[Any], advice: str) -> list[Any]:
    """Return what workers answer, once all have.

    Args:
        ray: module.
        asked: what Ray will have of each.
        advice: str. What to do where memory is at an end.

    Raises:
        ChildProcessError: if workers died of one question again and again.
        Exception: that of a worker.
    """
    try:
        return ray.get(list(asked))
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        raise ChildProcessError(
            f"A worker of Ray must live until it has answered. Received: {' '.join(str(error).split())[:200]} "
            f"Is memory at an end? {advice}"
        ) from None
