"""ptycho reconstruct: an image of a scan, with a trained bundle or without; `ptycho infer` is this, with one."""

import dataclasses
import pathlib
import time

import click

from ptychopinn.params import DataParams, ExecutionParams
from ptychopinn.reconstruction.params import STARTS, ReconstructionParams, refuse_training_options
from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.common import check_there, check_writable, command, keeping, say_assumed
from ptychopinn_cli.config import config_option
from ptychopinn_cli.options import collect, params_options, refuse_contradictions
from ptychopinn_cli.outside import imported
from ptychopinn_cli.pages import command_facts, failed, made_or_noted, page_of, report_option
from ptychopinn_cli.save_format import refuse_unwritable, save_format_option, say_told

NOTHING_KEPT = "No pass over the scan predicted the photons that were held out better: the start is kept."


def output_and_reading(function):
    """Add where the result goes, and how the file is read."""
    for option in (
        click.option("--zero-frequency", type=click.Choice(["auto", "centre", "corner"]),
                     help="Where the file keeps the zero frequency; if not given, as in training, or where light is."),
        click.option("--measurement", type=click.Choice(["auto", "counts", "amplitude"]),
                     help="What the file holds; as in training, or told from the values, if not given."),
        save_format_option,
        click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="out", show_default=True,
                     help="Folder of the reconstruction."),
    ):  # fmt: skip
        function = option(function)
    return function


@dataclasses.dataclass(frozen=True)
class Request:
    """What is to be reconstructed, with what, and where the result goes."""

    bundle: pathlib.Path | None
    data: pathlib.Path
    output_dir: pathlib.Path
    params: ReconstructionParams = ReconstructionParams()
    execution: ExecutionParams = ExecutionParams()
    reading: dict = dataclasses.field(default_factory=dict)
    """How the file is read, where that is not as in training."""
    report: bool = True
    save: tuple = ()
    """Formats to write besides `reconstruction.npz`."""


@click.command(short_help="Reconstruct a scan, without training.")
@click.argument("data", type=click.Path(path_type=pathlib.Path))
@click.option("--bundle", type=click.Path(path_type=pathlib.Path), help="Trained bundle whose networks make the start.")
@output_and_reading
@params_options(ReconstructionParams)
@report_option
@config_option
@params_options(ExecutionParams)
@command
def reconstruct(data, bundle, report, talk, backend, **options):
    """Reconstruct the scan DATA: object and probe, pictures, report, and a page that shows them.

    Passes over all patterns bring object and probe to agree with every one of them. No training is needed.

    Example: ptycho reconstruct scan.npz --output-dir out
    """
    perform(bundle, data, report, talk, backend, options)


def perform(bundle, data, report, talk, backend, options):
    """Check what was asked for, choose the backend, and do it."""
    output_dir, save = options.pop("output_dir"), options.pop("save_format")
    reading = {name: options.pop(name) for name in ("measurement", "zero_frequency")}
    params, execution = collect(ReconstructionParams, options), collect(ExecutionParams, options)
    try:
        refuse_training_options(execution)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    check_there("A bundle", "folder", bundle)
    check_there("A scan", "file", data)
    if params.start not in (None, *STARTS):
        check_there(f"A start other than {' or '.join(STARTS)}", "file or a folder", pathlib.Path(params.start))
    check_writable(output_dir)
    backends.use(backend, execution)
    from ptychopinn.files import writing

    imported(options.get("generator"))  # which registers the layers of a bundle's network
    with writing(output_dir):
        run(Request(bundle, data, output_dir, params, execution, reading, report, save), options, talk)


def run(request, restated, talk):
    """Read, reconstruct and write; what the library needs is imported here, after the backend is chosen."""
    from ptychopinn.data.checks import check_size
    from ptychopinn.files import checksum
    from ptychopinn.reconstruction.reconstruct import reconstruct as reconstructed
    from ptychopinn.report.page import PAGE
    from ptychopinn.report.reconstruction import write_reconstruction
    from ptychopinn.training.bundle import load_bundle
    from ptychopinn_cli.progress import counting

    began = time.perf_counter()
    bundle = None if request.bundle is None else load_bundle(request.bundle)
    if bundle is not None:
        refuse_contradictions(restated, bundle.model.params)
    scan = read(request, bundle, talk)
    if bundle is not None:
        check_size(scan, bundle.model.params.size)
    sha256 = checksum(request.data)
    opened = time.perf_counter()
    with counting(talk.quiet) as progress, keeping():
        found = reconstructed(scan, bundle, request.params, request.execution, sha256, progress)
    said(found.record, talk)
    say_told(request.save, found, talk)
    score = score_of(found, scan, talk)
    record = {**report_of(request, found, score, opened - began), "sha256": sha256}
    html = None
    if request.report:
        drawn = time.perf_counter()
        html = made_or_noted(lambda: page(bundle, found, scan, record, score), PAGE, talk)
        record["seconds"]["page"] = round(time.perf_counter() - drawn, 4)
    write_reconstruction(request.output_dir, found, record, failed(talk), score, html, request.save)
    height, width = found.object.shape
    talk.result(f"{request.output_dir}: object of {height} x {width} pixels from {len(scan)} patterns, "
                f"{record['patterns_per_second']:.0f} patterns/s")  # fmt: skip
    if score is not None:
        talk.result(f"complex error against the file's object {score.figures['nrmse_complex']:.4f}")


def read(request, bundle, talk):
    """Read the scan as in training, unless it is said anew, and say what was assumed."""
    from ptychopinn.formats import read_scan

    before = DataParams() if bundle is None else bundle.data
    reading = {name: said or getattr(before, name) for name, said in request.reading.items()}
    scan = read_scan(request.data, **reading)
    say_assumed([scan], talk)
    refuse_unwritable(request.save, scan)
    return scan


def said(record, talk):
    """Say what was decided."""
    talk.note(f"The probe is that of the {record['probe']}.")
    if record["refinement_passes_allowed"]:
        kept, made = record["refinement_passes"], record["refinement_passes_made"]
        talk.note(f"Made {made} passes over the scan; the best is pass {kept}." if kept else NOTHING_KEPT)
    if record["interrupted"]:
        talk.note("Interrupted: what was best until then is written. Interrupt again to end at once.")


def score_of(reconstruction, scan, talk):
    """Score a reconstruction against the object of the file; `None` where there is none, or none to compare with."""
    from ptychopinn.evaluation.against_truth import score
    from ptychopinn.evaluation.reference import known_object

    if scan.object is None:
        return None

    return made_or_noted(lambda: score(reconstruction, known_object(scan)), "comparison with the file's object", talk)


def report_of(request, reconstruction, score, opening_s):
    """Return what `report.json` says of a reconstruction, the seconds of opening bundle and scan among it."""
    from ptychopinn.training.record import versions

    decided = dict(reconstruction.record)
    parts = {"open": opening_s, **decided.pop("seconds")}
    deviances = [round(deviance, 8) for deviance in decided.pop("refinement_deviances", [])]
    return {
        **({"bundle": str(request.bundle)} if request.bundle else {}), "data": str(request.data), **decided,
        **({"refinement_deviances": deviances} if deviances else {}),
        "origin_px": reconstruction.origin, "ramp_rad_per_px": reconstruction.ramp,
        "pixel_size_m": reconstruction.pixel_size_m, "backend": backends.chosen(), "versions": versions(),
        "seconds": {name: round(spent, 4) for name, spent in parts.items()},
        "patterns_per_second": round(decided["patterns"] / (sum(parts.values()) - parts["open"]), 2),
        "error_against_file_object": None if score is None else round(score.figures["nrmse_complex"], 5),
    }  # fmt: skip


def page(bundle, reconstruction, scan, record, score):
    """Return the page of a reconstruction, as HTML; `record` is the content of its `report.json`."""
    tables = {"seconds": "Seconds", "versions": "Versions"}
    facts = {
        "Command": command_facts(),
        "Data": {"path": record["data"], "name": scan.name, "shape": list(scan.patterns.shape)},
        "Reconstruction": {name: value for name, value in record.items() if name not in tables},
        **{title: record[name] for name, title in tables.items()},
    }
    headline = [(f"{record['patterns_per_second']:.0f}", "patterns a second")]
    if score is not None:
        headline.insert(0, (f"{record['error_against_file_object']:.4f}", "complex error against the file's object"))
    return page_of(
        bundle, reconstruction, scan, facts, headline=headline, score=score, title=f"Reconstruction of {scan.name}",
        subtitle=facts["Command"]["date"] + (f", with the bundle {record['bundle']}" if "bundle" in record else ""),
    )  # fmt: skip
