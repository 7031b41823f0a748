"""What `ptycho reconstruct` and `ptycho infer` are asked for, and how its scan is read."""

import dataclasses
import pathlib

from ptychopinn.params import DataParams, ExecutionParams
from ptychopinn.preparation.params import Preparation
from ptychopinn.reconstruction.params import STARTS, ReconstructionParams
from ptychopinn_cli.common import say_assumed
from ptychopinn_cli.save_format import refuse_unwritable


@dataclasses.dataclass(frozen=True)
class Request:
    """What is to be reconstructed, with what, and where the result goes."""

    bundle: pathlib.Path | None
    data: pathlib.Path
    output_dir: pathlib.Path
    params: ReconstructionParams = ReconstructionParams()
    execution: ExecutionParams = ExecutionParams()
    reading: dict = dataclasses.field(default_factory=dict)
    """How the file is read and prepared, where that is not as in training."""
    preparation: dict = dataclasses.field(default_factory=dict)
    report: bool = True
    auto: bool = False
    """Whether what is found wrong in the scan is corrected, and photons held out choose the physics."""
    asked: dict = dataclasses.field(default_factory=dict)
    """Options of the reconstruction that were said, and are not chosen."""
    suspected: dict = dataclasses.field(default_factory=dict)
    """Those that the doctor suspects."""
    focus: float | None = None
    """By how much the probe is propagated, where evidence found it."""
    save: tuple = ()
    """Formats to write besides `reconstruction.npz`."""
    shard: tuple | None = None
    """Which of how many shards is to be done, where it is one."""
    engine: str | None = None
    """Which engine is to do all shards, or to share the passes, where one is."""
    shards: int | None = None
    """How many the engine is to do, where it does shards."""


def numbers_read_as(request, bundle):
    """Return how the numbers of the file are read: as in training, unless it is said anew."""
    before = DataParams() if bundle is None else bundle.data
    return {name: said or getattr(before, name) for name, said in request.reading.items()}


def reading_of(request, bundle):
    """Return how the scan is read: as in training, unless it is said anew."""
    from ptychopinn.evaluation.receipt import Reading

    numbers, preparation = numbers_read_as(request, bundle), preparation_of(request, bundle)
    return Reading(str(request.data), **numbers, preparation=preparation)


def read(reading, save, talk, scan=None):
    """Read the scan, unless it was read before, and say what was assumed."""
    scan = reading.scan() if scan is None else scan
    say_assumed([scan], talk)
    refuse_unwritable(save, scan)
    return scan


def earlier(request):
    """Return the path of the reconstruction that passes start from, if there is one that stays where it is."""
    start = request.params.start
    if start in (None, *STARTS) or pathlib.Path(start).resolve().is_relative_to(request.output_dir.resolve()):
        return None
    return start


def preparation_of(request, bundle):
    """Return how the scan is prepared: as that which the bundle was trained on first, unless it is said anew."""
    from ptychopinn.training.record import prepared_as

    before = {} if bundle is None else prepared_as(bundle.record)
    return Preparation(**{**before, **request.preparation})
