"""Processes that train together under PyTorch, one a device: this one, and others that run the same command."""

import contextlib
import os
import socket
import subprocess
import sys

from ptychopinn.cores import cores_each
from ptychopinn_cli import choose_backend as backends

PLACE = "RANK"
"""What torchrun, and this, call the place of a process among those that train together."""


@contextlib.contextmanager
def together(devices):
    """Start the others, unless this process is one of them, or its backend needs none; end them in the end.

    Args:
        devices: int. Devices to train on, each by a process.

    Returns:
        context manager that tells whether this process leads: writes and talks.
    """
    if devices == 1 or backends.chosen() != "torch":
        yield True
        return
    if PLACE in os.environ:
        yield os.environ[PLACE] == "0"
        return
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "WORLD_SIZE": str(devices)}
    shared["LOCAL_WORLD_SIZE"] = str(devices)
    shared["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", str(cores_each(devices)))
    command, others = [sys.executable, *sys.orig_argv[1:]], []
    silent = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    try:
        for place in map(str, range(1, devices)):
            environment = os.environ | shared | {PLACE: place, "LOCAL_RANK": place}
            others.append(subprocess.Popen(command, env=environment, start_new_session=True, **silent))
        os.environ |= shared | {PLACE: "0", "LOCAL_RANK": "0"}
        yield True
    finally:
        for other in others:
            other.kill()  # it writes nothing
            other.wait()


def free_port():
    """Return a port of this machine that nobody listens to."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
