"""The receipt of a reconstruction: what `report.json` keeps, so that anybody can tell whether it is still true.

It holds the checksums of what went in and of what came out, how the scan was read, figures that can be computed again,
and a checksum of itself.
"""

import dataclasses
import hashlib
import json
import pathlib
from typing import Any, Self

import numpy as np

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.evaluation.against_patterns import residual, where_found
from ptychopinn.evaluation.held_out import held_out_deviance
from ptychopinn.files import checksum, is_standing, read_standing
from ptychopinn.formats import read_scan
from ptychopinn.formats.places import place
from ptychopinn.formats.results import RECONSTRUCTION
from ptychopinn.formats.scans import file_of
from ptychopinn.preparation.params import Preparation

RECORD = "report.json"
SEAL = "record_sha256"
"""The checksum of the record's own content."""

FILES = ("mask", "dark", "positions_from")
"""Options of a preparation that may name files."""


@dataclasses.dataclass(frozen=True)
class Reading:
    """How the scan of a reconstruction was read.

    Args:
        path: str. The scan.
        measurement, zero_frequency, preparation: as those of `read_scan`.
    """

    path: str
    measurement: str = "auto"
    zero_frequency: str = "auto"
    preparation: Preparation = Preparation()

    def scan(self) -> Scan:
        """Read the scan, its patterns without light left out."""
        return read_scan(self.path, self.measurement, self.zero_frequency, preparation=self.preparation).lit()

    def named_files(self) -> dict[str, pathlib.Path]:
        """Return the files that the scan is made of: that of its patterns, and those that options name."""
        named = {name: getattr(self.preparation, name) for name in FILES}
        paths = {name: pathlib.Path(place(said).file) for name, said in named.items() if said is not None}
        return {"scan": file_of(self.path), **{name: path for name, path in paths.items() if path.is_file()}}

    def to_dict(self) -> dict[str, Any]:
        """Return what a record keeps, with paths that hold anywhere on the machine."""
        said = self.preparation.said()
        named = {name: str(pathlib.Path(said[name]).absolute()) for name in set(FILES) & set(self.named_files())}
        path = str(pathlib.Path(self.path).absolute())
        return {"path": path, "measurement": self.measurement, "zero_frequency": self.zero_frequency,
                "preparation": {**said, **named}}  # fmt: skip

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Self:
        """Make it of what a record keeps; raise ValueError, LookupError or TypeError where that is none."""
        preparation = Preparation.from_dict(kept["preparation"])
        return cls(str(kept["path"]), str(kept["measurement"]), str(kept["zero_frequency"]), preparation)


def inputs_of(reading: Reading, bundle: pathlib.Path | None = None, start: str | None = None) -> dict[str, Any]:
    """Return path and SHA-256 of every file that a reconstruction is made from, by what it is.

    Args:
        reading: Reading.
        bundle: path of the bundle, if there is one.
        start: path of the earlier reconstruction that passes start from, if there is one.
    """
    files = reading.named_files()
    if bundle is not None:
        files |= {"bundle": bundle / "model.keras", "bundle's record": bundle / "params.json"}
    if start is not None:
        files["start"] = pathlib.Path(start) / RECONSTRUCTION if pathlib.Path(start).is_dir() else pathlib.Path(start)
    return {name: {"path": str(path.absolute()), "sha256": read_standing(path.parent, path.name, checksum)}
            for name, path in files.items()}  # fmt: skip


def figures_of(reconstruction: Reconstruction, scan: Scan) -> dict[str, float | None]:
    """Return how well a reconstruction explains the patterns of its scan; see `residual` and `held_out_deviance`."""
    found_at = where_found(scan, reconstruction)
    left = residual(reconstruction, np.asarray(reconstruction.probe), found_at, of_noise=False)
    return {"r_factor": left.r_factor, "deviance_per_photon": left.deviance_per_photon,
            "held_out_deviance_per_photon": held_out_deviance(reconstruction, scan)}  # fmt: skip


def write_record(record: dict[str, Any], path: pathlib.Path) -> None:
    """Write a record, with the checksums of all files that are in its folder already, and that of its own content."""
    outputs = {file.name: checksum(file) for file in sorted(path.parent.iterdir()) if file != path}
    whole = {**record, "outputs": outputs}
    path.write_text(json.dumps({**whole, SEAL: seal_of(whole)}, indent=2) + "\n")


def seal_of(record: dict[str, Any]) -> str:
    """Return the SHA-256 of a record's content, as JSON in one order and without spaces, but for the seal itself."""
    content = {name: value for name, value in record.items() if name != SEAL}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclasses.dataclass(frozen=True)
class Receipt:
    """What a reconstruction's folder says of itself.

    Args:
        record: dict: the content of `report.json`.
        reading: Reading.
        inputs: dict from what an input is to its `(path, SHA-256)`.
        outputs: dict from a file's name to its SHA-256.
    """

    record: dict[str, Any]
    reading: Reading
    inputs: dict[str, tuple[str, str]]
    outputs: dict[str, str]

    def of_scan_at(self, path: pathlib.Path | str) -> Self:
        """Return it with its scan at another path."""
        inputs = {**self.inputs, "scan": (str(file_of(path)), self.inputs["scan"][1])}
        return dataclasses.replace(self, inputs=inputs, reading=dataclasses.replace(self.reading, path=str(path)))


def read_receipt(folder: pathlib.Path | str) -> Receipt:
    """Read the receipt of a folder that `ptycho reconstruct` or `ptycho infer` wrote.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is not what was written, or by an earlier version.
    """
    folder = pathlib.Path(folder)
    if not is_standing(folder, RECORD):
        raise FileNotFoundError(
            f"A result must be a folder with {RECORD}, as ptycho reconstruct writes it. Received: path={folder}, "
            "without. Check the path."
        )
    try:
        record = json.loads(read_standing(folder, RECORD, pathlib.Path.read_text))
        inputs = {str(what): (str(one["path"]), str(one["sha256"])) for what, one in record["inputs"].items()}
        outputs = {pathlib.PurePath(name).name: str(sha256) for name, sha256 in record["outputs"].items()}
        return Receipt(record, Reading.from_dict(record["reading"]), inputs, outputs)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{folder / RECORD} must be as ptycho reconstruct writes it. Received: {type(error).__name__}: "
            f"{error!s:.100}. It was changed, or is of an earlier version: reconstruct again."
        ) from error


def recorded_reading(folder: pathlib.Path | str, data: pathlib.Path | str) -> Reading | None:
    """Return how a scan was read for the result in a folder; None where it does not say so, or is of another scan."""
    try:
        receipt = read_receipt(folder)
        same = checksum(file_of(data)) == receipt.inputs["scan"][1]
    except (ValueError, OSError, LookupError):
        return None
    return receipt.reading if same else None
