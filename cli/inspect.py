"""ptycho inspect: say what a scan or a bundle holds."""

import json
import pathlib

import click

from ptychopinn_cli.common import check_there, command, losses_in_words


@click.command(short_help="Say what a scan file or a bundle holds.")
@click.argument("path", type=click.Path(path_type=pathlib.Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command
def inspect(path, as_json, talk):
    """Say what PATH, a scan file or a bundle, holds.

    Example: ptycho inspect scan.npz
    """
    check_there("A scan", "file or a folder", path)
    facts = describe_bundle(path) if path.is_dir() else describe_scan(path)
    if as_json:
        talk.result(json.dumps(facts, indent=2))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        talk.result(f"{name:{width}}  {value}")


def describe_scan(path):
    """Return the facts of a scan file."""
    from ptychopinn.data.grouping import spacing
    from ptychopinn.formats import read_scan
    from ptychopinn.physics.probes import footprint

    scan = read_scan(path)
    low, high = scan.positions.min(axis=0), scan.positions.max(axis=0)
    facts = {
        "scan": scan.name,
        "patterns": f"{len(scan)} of {scan.size} x {scan.size} pixels, {scan.patterns.dtype}",
        "measurement": f"{scan.measurement}, {scan.mean_photons:.4g} photons per pattern",
        "positions": f"y {low[0]:.1f} ... {high[0]:.1f}, x {low[1]:.1f} ... {high[1]:.1f} pixels",
    }
    if len(scan) > 1:
        facts["spacing"] = f"{spacing(scan.positions):.1f} pixels to the nearest neighbour (median)"
    facts["probe"] = f"{len(scan.probe)} mode(s), {footprint(scan.probe).sum() ** 0.5:.0f} pixels wide"
    facts["object"] = "none" if scan.object is None else f"{scan.object.shape[0]} x {scan.object.shape[1]} pixels"
    facts["bad pixels"] = 0 if scan.mask is None else int((~scan.mask).sum())
    known = {"pixel size / m": scan.pixel_size_m, "energy / eV": scan.energy_eV, "distance / m": scan.distance_m}
    facts |= {name: value for name, value in known.items() if value is not None}
    return facts | {f"note {i}": sentence for i, sentence in enumerate(scan.notes, start=1)}


def describe_bundle(path):
    """Return the facts of a bundle, without opening its model."""
    import os

    from ptychopinn_cli import choose_backend as backends

    os.environ.setdefault("KERAS_BACKEND", next(iter(backends.installed()), "torch"))
    from ptychopinn.training.record import HISTORY, read_history, read_record

    record, history = read_record(path), read_history(path / HISTORY)
    model = record["model"]
    facts = {
        "bundle": str(path),
        "format": record["format_version"],
        "trained on": "; ".join(map(in_words, record["training_data"])),
        "written by": f"{record['written_by']['backend']}, {record['written_by']['versions']}",
    }
    if record["from_bundle"]:
        facts["from bundle"] = f"{record['from_bundle']['path']}, SHA-256 {record['from_bundle']['sha256'][:12]}"
    facts |= {name.replace("_", " "): value for name, value in model.items()}
    if history:
        facts["training"] = f"{len(history)} epochs, {losses_in_words(history[-1])}"
    return facts


def in_words(one):
    """Return what a bundle says of a scan trained on."""
    return f"{one['name']}, shape {tuple(one['shape'])}, SHA-256 {one['sha256'][:12]}"
