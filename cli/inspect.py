"""ptycho inspect: say what a scan or a bundle holds."""

import json
import pathlib

import click

from ptychopinn.preparation.params import Preparation
from ptychopinn.printable import printable
from ptychopinn_cli.common import check_scans_there, command, losses_in_words
from ptychopinn_cli.jobs import given
from ptychopinn_cli.options import collect, params_options, user_fields


@click.command(short_help="Say what a scan file or a bundle holds.")
@click.argument("path", type=click.Path(path_type=pathlib.Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON: numbers, with their units in their names.")
@params_options(Preparation)
@command
@click.pass_context
def inspect(context, path, as_json, talk, **options):
    """Say what PATH, a scan file or a bundle, holds.

    Example: ptycho inspect scan.npz
    """
    preparation = collect(Preparation, options)
    check_scans_there(path)
    if path.is_dir() and (path / "params.json").exists():
        refuse_preparation(context)
        facts, in_words = facts_of_bundle(path), bundle_in_words
    else:
        facts, in_words = facts_of_scan(path, preparation), scan_in_words
    if as_json:
        talk.result(json.dumps(facts, indent=2))
        return
    lines = in_words(facts)
    width = max(map(len, lines))
    for name, value in lines.items():
        talk.result(f"{name:{width}}  {value}")


def refuse_preparation(context):
    """Raise a usage error where options that prepare a scan are given for a bundle."""
    said = given(context, [field.name for field in user_fields(Preparation)])
    if said:
        raise click.UsageError(
            f"A bundle holds no scan to prepare. Received: {', '.join(said)}. Leave them out, or give a scan file."
        )


def facts_of_scan(path, preparation):
    """Return the facts of a scan file, for JSON: what is not known is None."""
    from ptychopinn.data.grouping import spacing
    from ptychopinn.formats import read_scan
    from ptychopinn.physics.probes import footprint

    scan = read_scan(path, preparation=preparation).lit()
    low, high = scan.positions.min(axis=0).tolist(), scan.positions.max(axis=0).tolist()
    return {
        "scan": scan.name,
        "patterns": len(scan),
        "size_px": scan.size,
        "dtype": str(scan.patterns.dtype),
        "measurement": scan.measurement,
        "propagation": "far" if scan.fresnel_number is None else "near",
        "fresnel_number": scan.fresnel_number,
        "zero_frequency": zero_frequency_of(scan),
        "photons_per_pattern": scan.mean_photons,
        "background_photons": scan.background,
        "positions_y_px": [low[0], high[0]],
        "positions_x_px": [low[1], high[1]],
        "spacing_px": spacing(scan.positions) if len(scan) > 1 else None,
        "probe_modes": len(scan.probe),
        "probe_width_px": float(footprint(scan.probe).sum() ** 0.5),
        "object_px": None if scan.object is None else list(scan.object.shape),
        "bad_pixels": 0 if scan.mask is None else int((~scan.mask).sum()),
        "pixel_size_m": scan.pixel_size_m,
        "energy_eV": scan.energy_eV,
        "distance_m": scan.distance_m,
        "notes": list(scan.notes),
    }


def zero_frequency_of(scan):
    """Say where a scan's patterns have the zero frequency; a near field has none."""
    if scan.fresnel_number is not None:
        return None
    return "corner" if scan.corner else "centre"


def scan_in_words(facts):
    """Return the facts of a scan as lines of text, by their names."""
    (top, bottom), (left, right), side = facts["positions_y_px"], facts["positions_x_px"], facts["size_px"]
    lines = {
        "scan": facts["scan"],
        "patterns": f"{facts['patterns']} of {side} x {side} pixels, {facts['dtype']}",
        "measurement": f"{facts['measurement']}, {facts['photons_per_pattern']:.4g} photons per pattern",
        "positions": f"y {top:.1f} ... {bottom:.1f}, x {left:.1f} ... {right:.1f} pixels",
    }
    if facts["spacing_px"] is not None:
        lines["spacing"] = f"{facts['spacing_px']:.1f} pixels to the nearest neighbour (median)"
    lines["probe"] = f"{facts['probe_modes']} mode(s), {facts['probe_width_px']:.0f} pixels wide"
    lines["object"] = "none" if facts["object_px"] is None else "{} x {} pixels".format(*facts["object_px"])
    lines["bad pixels"] = facts["bad_pixels"]
    known = {"Fresnel number": "fresnel_number", "pixel size / m": "pixel_size_m", "energy / eV": "energy_eV",
             "distance / m": "distance_m"}  # fmt: skip
    lines |= {name: facts[key] for name, key in known.items() if facts[key] is not None}
    return lines | {f"note {i}": sentence for i, sentence in enumerate(facts["notes"], start=1)}


def facts_of_bundle(path):
    """Return the facts of a bundle, for JSON, without opening its model."""
    import os

    from ptychopinn_cli import choose_backend as backends

    os.environ.setdefault("KERAS_BACKEND", next(iter(backends.installed()), "torch"))
    from ptychopinn.training.record import HISTORY, read_history, read_record

    record, history = read_record(path), read_history(path / HISTORY)
    return {
        "bundle": printable(path),
        "format_version": record["format_version"],
        "trained_on": record["training_data"],
        "written_by": record["written_by"],
        "from_bundle": record["from_bundle"],
        "model": record["model"],
        "loss": record["loss"],
        "data": record["data"],
        "training": record["training"],
        "epochs": len(history),
        "last_epoch": history[-1] if history else None,
    }


def bundle_in_words(facts):
    """Return the facts of a bundle as lines of text, by their names."""
    origin = facts["from_bundle"]
    lines = {
        "bundle": facts["bundle"],
        "format": facts["format_version"],
        "trained on": "; ".join(map(data_in_words, facts["trained_on"])),
        "written by": f"{facts['written_by']['backend']}, {facts['written_by']['versions']}",
    }
    if origin:
        lines["from bundle"] = f"{origin['path']}, SHA-256 {origin['sha256'][:12]}"
    lines |= {name.replace("_", " "): value for name, value in facts["model"].items()}
    if facts["last_epoch"]:
        lines["training"] = f"{facts['epochs']} epochs, {losses_in_words(facts['last_epoch'])}"
    return lines


def data_in_words(one):
    """Return what a bundle says of a scan trained on."""
    return f"{one['name']}, shape {tuple(one['shape'])}, SHA-256 {one['sha256'][:12]}"
