"""ptycho stitch: join the parts that shards of an inference wrote."""

import dataclasses
import pathlib
import time

import click

from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn_cli.common import check_scans_there, check_there, check_writable, command
from ptychopinn_cli.pages import report_option
from ptychopinn_cli.request import Request
from ptychopinn_cli.save_format import refuse_unwritable, save_format_option
from ptychopinn_cli.shard import OF_EXECUTION
from ptychopinn_cli.written import write


@click.command(short_help="Join the parts of a sharded inference.")
@click.argument("parts", nargs=-1, required=True, type=click.Path(path_type=pathlib.Path))
@click.option("--data", type=click.Path(path_type=pathlib.Path), help="The scan, where it is not where it was.")
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="out", show_default=True,
              help="Folder of the reconstruction.")  # fmt: skip
@save_format_option
@report_option
@command
def stitch(parts, data, output_dir, save_format, report, talk):
    """Join PARTS, the folders that infer --shard 1/n to n/n wrote, to one reconstruction.

    The phases of tiles, each known up to a constant, are solved for jointly where they overlap. The result is the same
    to the last bit however many shards there were. Parts that are missing, doubled, changed, of another scan or made
    with other options are refused.

    Example: ptycho stitch part-* --output-dir out
    """
    check_there("A part", "folder", *parts)
    check_scans_there(data)
    check_writable(output_dir, *parts)
    from ptychopinn.files import writing

    with writing(output_dir):
        join(parts, Request(None, data, output_dir, report=report, save=save_format), talk)


def join(folders, request, talk):
    """Read the parts and their scan, and write what they make together."""
    from ptychopinn.reconstruction.parts import join_parts
    from ptychopinn.report.parts import read_parts

    began = time.perf_counter()
    parts, receipt = read_parts(folders)
    receipt = receipt if request.data is None else receipt.of_scan_at(request.data)
    scan = scan_of(receipt)
    refuse_unwritable(request.save, scan)
    opened = time.perf_counter()
    found = join_parts(parts, scan, params_of(receipt.record))
    found.record["seconds"]["stitch"] += time.perf_counter() - opened
    inputs = {what: {"path": path, "sha256": sha256} for what, (path, sha256) in receipt.inputs.items()}
    kept = {"reading": receipt.reading.to_dict(), "inputs": inputs, "backend": receipt.record["backend"],
            "seconds": {"open": opened - began}}  # fmt: skip
    request = dataclasses.replace(request, bundle=receipt.record["bundle"], data=receipt.reading.path)
    write(request, None, scan, found, kept, talk)


def scan_of(receipt):
    """Return the scan of a receipt, which must be where it says, and as it was."""
    from ptychopinn.files import checksum

    path, sha256 = receipt.inputs["scan"]
    check_scans_there(pathlib.Path(receipt.reading.path))
    if checksum(path) != sha256:
        raise ValueError(
            f"Parts are joined on the scan that they were made of. Received: {path}, which is another, or was changed. "
            "Give it by --data."
        )
    return receipt.reading.scan()


def params_of(record):
    """Return the parameters that a part was made with."""
    options = {name: value for name, value in record["options"].items() if name not in OF_EXECUTION}
    return ReconstructionParams.from_dict(options)
