"""The files of a shard: its tiles, and a receipt by which it is known whether parts belong together."""

import functools
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from ptychopinn.evaluation.receipt import RECORD, SEAL, Receipt, read_receipt, seal_of, write_record
from ptychopinn.files import checksum, is_standing, read_standing, write_together
from ptychopinn.formats.archive import Archive
from ptychopinn.reconstruction.blocks import Shard
from ptychopinn.reconstruction.parts import Part
from ptychopinn.reconstruction.tiles import Tile

PART = "part.npz"
SUMS = ("sum", "weight", "squared_weight", "power")
"""Arrays of a tile, besides its origin."""


def write_part(folder: pathlib.Path | str, part: Part, record: dict[str, Any], earlier: Sequence[str] = ()) -> None:
    """Write `part.npz` and `report.json`.

    Args:
        folder: path.
        part: Part.
        record: dict: the content of `report.json`.
        earlier: names of files of earlier results, which go.
    """
    arrays = {"probe": part.probe, "tiles": np.array(len(part.tiles))}
    for number, tile in enumerate(part.tiles):
        arrays |= {f"{name}_{number}": getattr(tile, name) for name in ("origin", *SUMS)}
    writers = {PART: functools.partial(_save, arrays), RECORD: functools.partial(write_record, record)}
    write_together(folder, writers, [*earlier, *writers])


def _save(arrays: dict[str, np.ndarray], path: pathlib.Path) -> None:
    with open(path, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # NumPy takes any name of an array for its own options


def read_parts(folders: Sequence[pathlib.Path | str]) -> tuple[list[Part], Receipt]:
    """Read the parts of all shards of one reconstruction, and the receipt of the first one.

    Raises:
        FileNotFoundError: if a folder is no part.
        ValueError: if a part was changed, is missing, doubled, or of another scan or other options than the first.
    """
    receipts = [_receipt_of(folder) for folder in folders]
    shards = [Shard(*receipt.record["shard"]) for receipt in receipts]
    for folder, receipt in zip(folders[1:], receipts[1:]):
        _refuse_another(folders[0], receipts[0], folder, receipt)
    _refuse_lacking(shards)
    parts = [_part(folder, shard, receipt) for folder, shard, receipt in zip(folders, shards, receipts)]
    return parts, receipts[0]


def _receipt_of(folder: pathlib.Path | str) -> Receipt:
    if not (is_standing(folder, PART) and is_standing(folder, RECORD)):
        raise FileNotFoundError(
            f"A part must be a folder with {PART} and {RECORD}, as --shard writes it. Received: path={folder}, "
            "without. Check the path, or make it again."
        )
    receipt = read_receipt(folder)
    whole = receipt.record.get(SEAL) == seal_of(receipt.record)
    if not whole or receipt.outputs.get(PART) != read_standing(folder, PART, checksum):
        raise ValueError(
            f"A part must be as --shard wrote it. Received: path={folder}, which was changed. Make it again."
        )
    return receipt


def _refuse_another(first: pathlib.Path | str, known: Receipt, folder: pathlib.Path | str, receipt: Receipt) -> None:
    """Raise ValueError where two parts are not of one reconstruction."""
    known_of, of_this = _made_of(known), _made_of(receipt)
    for what in sorted(known_of.keys() | of_this.keys()):
        if known_of.get(what) != of_this.get(what):
            raise ValueError(
                "Parts must be made of one scan, with one bundle and the same options. Received: "
                f"{what}={of_this.get(what)!s:.12} of {folder}, {what}={known_of.get(what)!s:.12} of {first}. Make one "
                "again as the other."
            )


def _made_of(receipt: Receipt) -> dict[str, Any]:
    """Return what a part was made of, and how: checksums of files, wherever they lie, and all that was decided."""
    reading, record = receipt.reading, receipt.record
    said = {name: value for name, value in reading.preparation.said().items() if name not in receipt.inputs}
    return {
        **{what: sha256 for what, (_, sha256) in receipt.inputs.items()},
        **said, "measurement": reading.measurement, "zero frequency": reading.zero_frequency,
        **record["options"],
        **{name: value for name, value in record["made"].items() if name != "seconds"},
        "backend": record["backend"], **record["versions"],
    }  # fmt: skip


def _refuse_lacking(shards: list[Shard]) -> None:
    """Raise ValueError unless there is one part of each shard."""
    wanted = [str(Shard(number, shards[0].of)) for number in range(1, shards[0].of + 1)]
    found = [str(shard) for shard in shards]
    doubled = sorted({name for name in found if found.count(name) > 1})
    strange = sorted(set(found) - set(wanted))
    missing = [name for name in wanted if name not in found]
    for words, names in (("doubled", doubled), ("of another number of shards", strange), ("missing", missing)):
        if names:
            raise ValueError(
                f"There must be one part of each of {shards[0].of} shards. Received: "
                f"{', '.join(names[:8])}{', ...' if len(names) > 8 else ''} {words}. Give each once."
            )


def _part(folder: pathlib.Path | str, shard: Shard, receipt: Receipt) -> Part:
    archive = read_standing(folder, PART, Archive)
    count = int(archive.array("tiles", "iu"))
    tiles = [Tile(*(archive.array(f"{name}_{number}") for name in ("origin", *SUMS))) for number in range(count)]
    return Part(shard, tiles, archive.array("probe"), receipt.record["made"])
