"""Parts -> one reconstruction: each is what one of several processes made of a scan."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.reconstruction.blocks import Shard
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.tiles import Tile, joined
from ptychopinn.reconstruction.ways import optics_of


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """What a shard made.

    Args:
        shard: Shard.
        tiles: list of Tile: those of its blocks, in their order.
        probe: complex array `(mode, y, x)`: that of all shards.
        record: dict: how it was made, as that of a `Reconstruction`.
    """

    shard: Shard
    tiles: list[Tile]
    probe: np.ndarray
    record: dict[str, Any]


def join_parts(parts: Sequence[Part], scan: Scan, params: ReconstructionParams) -> Reconstruction:
    """Join the parts of all shards, in any order, to what `reconstruct` makes of the scan.

    Args:
        parts: list of Part: one of every shard.
        scan: Scan, without the patterns that hold no light.
        params: ReconstructionParams that they were made with.

    Returns:
        Reconstruction, the same to the last bit however many shards there were. The `seconds` of its record are those
        of all processes together.
    """
    ordered = sorted(parts, key=lambda part: part.shard.number)
    found = joined([tile for part in ordered for tile in part.tiles])
    seconds = {name: sum(part.record["seconds"][name] for part in parts) for name in parts[0].record["seconds"]}
    return dataclasses.replace(
        found, probe=ordered[0].probe, positions=scan.positions, optics=optics_of(params, scan),
        pixel_size_m=scan.pixel_size_m, energy_eV=scan.energy_eV, distance_m=scan.distance_m, name=scan.name,
        record={**ordered[0].record, "seconds": seconds},
    )  # fmt: skip
