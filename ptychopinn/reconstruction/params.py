"""The options of a reconstruction, once: the command line and the library call are made of them."""

import dataclasses

from ptychopinn.params import ExecutionParams
from ptychopinn.schema import Params, option

PROBES = ("scan", "bundle")
STARTS = ("network", "flat")


@dataclasses.dataclass(frozen=True)
class ReconstructionParams(Params):
    """How a scan is reconstructed."""

    probe: str | None = option(
        None,
        "Probe to use: the scan's own, or the one that training left in the bundle. If not given, the bundle's where "
        "the scan was trained on, or has the probe of the one scan that was.",
        choices=PROBES,
    )
    start: str = option("network", "What the passes start from: the network's object, or a flat one.", choices=STARTS)
    refine: int | None = option(
        None,
        "Passes of data consistency over the whole scan, at most: photons held out from counts tell when to stop. "
        "If not given, 8 for counts and 0 for amplitudes.",
        low=0,
        high=10**6,
    )
    refine_probe: bool = option(True, "Whether these passes move the probe too.")
    batch_size: int = option(
        16, "Groups at a time.", low=1, high=2**16, unit="groups", aliases=("inference_batch_size",)
    )


def refuse_training_options(execution: ExecutionParams) -> None:
    """Raise ValueError where ExecutionParams ask for what only a training can do."""
    if execution.remat:
        raise ValueError(
            "--remat saves what a training keeps for its backward pass, and a reconstruction has none. "
            "Received: remat=True. Leave it out; a smaller --batch-size takes less memory."
        )
