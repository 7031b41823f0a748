"""Shards of a reconstruction by networks: each process makes the tiles of some blocks of the scan."""

import pathlib
from collections.abc import Callable

from ptychopinn.data.scan import Scan
from ptychopinn.params import ExecutionParams
from ptychopinn.reconstruction.blocks import Shard
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.parts import Part
from ptychopinn.reconstruction.plan import Plan, plan_of
from ptychopinn.reconstruction.prediction import TilePredictor
from ptychopinn.reconstruction.reconstruct import counting, decided
from ptychopinn.training.bundle import Bundle


def reconstruct_shard(
    scan: Scan,
    bundle: Bundle | pathlib.Path | str | None,
    shard: Shard,
    params: ReconstructionParams,
    execution: ExecutionParams | None = None,
    sha256: str | None = None,
    progress: Callable[[str, int, int], object] = lambda part, done, total: None,
) -> Part:
    """Do one of the shards of `reconstruct` with the networks of a bundle and without passes; see there.

    All shards look through the whole scan once, for what its patterns tell together.

    Raises:
        ValueError: also where passes are asked for, there is no network of groups of patterns, or there are more
            shards than blocks.
    """
    execution = execution or ExecutionParams()
    plan = plan_of(scan, bundle, params, execution, sha256)
    bundle = _of_groups(plan, params, shard)
    predictor = TilePredictor(bundle.model, plan.scan, plan.probe, params.batch_size, execution)
    own = shard.own(len(predictor.blocks))
    patterns = sum(len(predictor.blocks[number]) for number in own)
    tiles = list(predictor.tiles(own, counting(progress, "reconstructing", patterns)))
    record = {"start": plan.start, "probe": plan.whose, **decided(plan.scan, params, 0)}
    return Part(shard, tiles, plan.probe, {**record, "seconds": predictor.clock.seconds})


def refuse_passes(params: ReconstructionParams, asked: str) -> None:
    """Raise ValueError where passes are wanted of shards, which these words asked for."""
    if params.passes != 0:
        raise ValueError(
            "A shard is what networks make of a part of the scan: passes need all of it. Received: "
            f"{asked}, passes={params.passes}. Use --passes 0, or leave the shards out."
        )


def _of_groups(plan: Plan, params: ReconstructionParams, shard: Shard) -> Bundle:
    """Return the bundle of a plan whose networks see groups of patterns; raise ValueError where that is not asked."""
    refuse_passes(params, f"shard={shard}")
    if plan.bundle is None or plan.start != "network" or plan.bundle.model.params.input == "estimate":
        seen = "no bundle" if plan.bundle is None else f"input={plan.bundle.model.params.input}"
        raise ValueError(
            "A shard needs a bundle whose networks see groups of patterns, and makes the start. Received: "
            f"shard={shard}, start={plan.start}, {seen}. Give such a bundle, or leave --shard out."
        )
    return plan.bundle
