"""ptycho reconstruct: an image of a scan, with a trained bundle or without; `ptycho infer` is this, with one."""

import dataclasses
import pathlib
import time

import click

from ptychopinn.params import DataParams, ExecutionParams
from ptychopinn.preparation.params import Preparation
from ptychopinn.reconstruction.params import STARTS, ReconstructionParams, refuse_training_options
from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.bundles import BundlePath, bundle_for
from ptychopinn_cli.common import check_scans_there, check_there, check_writable, command, keeping, say_assumed
from ptychopinn_cli.config import config_option
from ptychopinn_cli.jobs import given
from ptychopinn_cli.options import collect, params_options, refuse_contradictions, user_fields
from ptychopinn_cli.outside import imported
from ptychopinn_cli.pages import failed, made_or_noted, report_option
from ptychopinn_cli.reading import output_and_reading
from ptychopinn_cli.reconstruction_report import page, receipt_of, report_of, resolution_of, said, score_of, trust_of
from ptychopinn_cli.save_format import refuse_unwritable, say_told


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
    """Whether what is found wrong in the scan is corrected."""
    save: tuple = ()
    """Formats to write besides `reconstruction.npz`."""


@click.command(short_help="Reconstruct a scan, without training.")
@click.argument("data", type=click.Path(path_type=pathlib.Path))
@click.option(
    "--bundle",
    type=BundlePath(path_type=pathlib.Path),
    help="Trained bundle whose networks make the start, or are the prior; that which ships if not given.",
)
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
    """Do what was asked for."""
    request = requested(bundle, data, report, backend, options)
    from ptychopinn.files import writing

    imported(options.get("generator"))  # which registers the layers of a bundle's network
    with writing(request.output_dir):
        run(request, options, talk)


def requested(bundle, data, report, backend, options):
    """Check what was asked for, and choose the backend; what only restates a bundle is left in the options."""
    output_dir, save, auto = (options.pop(name) for name in ("output_dir", "save_format", "auto"))
    reading = {name: options.pop(name) for name in ("measurement", "zero_frequency")}
    said = given(click.get_current_context(), [field.name for field in user_fields(Preparation)])
    collect(Preparation, options)
    params, execution = collect(ReconstructionParams, options), collect(ExecutionParams, options)
    bundle = bundle_for(bundle, params)
    try:
        refuse_training_options(execution)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    check_there("A bundle", "folder", bundle)
    check_scans_there(data)
    if params.start not in (None, *STARTS):
        check_there(f"A start other than {' or '.join(STARTS)}", "file or a folder", pathlib.Path(params.start))
    check_writable(output_dir)
    backends.use(backend, execution)
    return Request(bundle, data, output_dir, params, execution, reading, said, report, auto, save)


def run(request, restated, talk):
    """Read, reconstruct and write; what the library needs is imported here, after the backend is chosen."""
    from ptychopinn.evaluation.receipt import inputs_of
    from ptychopinn.reconstruction.reconstruct import reconstruct as reconstructed
    from ptychopinn.report.page import PAGE
    from ptychopinn.report.reconstruction import write_reconstruction
    from ptychopinn.training.bundle import load_bundle
    from ptychopinn_cli.progress import counting

    began = time.perf_counter()
    bundle = None if request.bundle is None else load_bundle(request.bundle)
    if bundle is not None:
        refuse_contradictions(restated, bundle.model.params)
    request, scan = corrected(request, bundle, talk) if request.auto else (request, None)
    reading = reading_of(request, bundle)
    scan = read(reading, request.save, talk, scan)
    inputs = inputs_of(reading, request.bundle, earlier(request))
    opened = time.perf_counter()
    with counting(talk.quiet) as progress, keeping():
        found = reconstructed(scan, bundle, request.params, request.execution, inputs["scan"]["sha256"], progress)
    said(found.record, talk)
    found, resolution = resolution_of(found, talk)
    say_told(request.save, found, talk)
    score = score_of(found, scan, talk)
    record = report_of(request, found, score, opened - began)
    record |= {**receipt_of(found, scan, record["seconds"], talk), "reading": reading.to_dict(), "inputs": inputs}
    judged = {"resolution": resolution, "trust": trust_of(found, scan, resolution, talk)}
    record |= {"trust": [finding.record for finding in judged["trust"]]}
    record |= {} if resolution is None else {"resolution": resolution.record}
    html = None
    if request.report:
        drawn = time.perf_counter()
        html = made_or_noted(lambda: page(bundle, found, scan, record, score, judged), PAGE, talk)
        record["seconds"]["page"] = round(time.perf_counter() - drawn, 4)
    write_reconstruction(request.output_dir, found, record, failed(talk), score, html, request.save)
    height, width = found.object.shape
    talk.result(f"{request.output_dir}: object of {height} x {width} pixels from {len(scan)} patterns, "
                f"{record['patterns_per_second']:.0f} patterns/s")  # fmt: skip
    if resolution is not None:
        talk.result(f"resolution {resolution.words}")
    if score is not None:
        talk.result(f"complex error against the file's object {score.figures['nrmse_complex']:.4f}")


def corrected(request, bundle, talk):
    """Return the request with what corrects the scan, which is said, and the scan, where it need not be read again."""
    from ptychopinn.doctor.examine import examine

    diagnosis = examine(request.data, preparation_of(request, bundle), **numbers_read_as(request, bundle))
    for one in diagnosis.findings:
        talk.note(one.words)
    besides = {name: value for name, value in diagnosis.reconstruction.items() if name not in request.params.said()}
    params = dataclasses.replace(request.params, **besides)
    preparation = diagnosis.preparation.to_dict()
    return dataclasses.replace(request, params=params, preparation=preparation), diagnosis.corrected_scan


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
