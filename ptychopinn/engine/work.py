"""How passes are computed: their result does not depend on it, but for the rounding of sums."""

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

from ptychopinn.engine.photons import Photons
from ptychopinn.engine.processes import Processes
from ptychopinn.engine.share import Task
from ptychopinn.engine.team import Team

TeamMaker: TypeAlias = Callable[[Task, Photons], Team]
"""Makes of a task, and the photons that it is about, a team of as many workers as those say."""


@dataclasses.dataclass(frozen=True)
class Work:
    """How passes are computed.

    Args:
        batch_size: int. Patterns at a time, at most. Defaults to what suits the device.
        workers: int. How many share the patterns. Defaults to 1: this process.
        team: who they are, where there are several. Defaults to processes of this machine.
    """

    batch_size: int | None = None
    workers: int = 1
    team: TeamMaker = Processes


WORK = Work()
