"""ptycho reconstruct: an image of a scan, with a trained bundle or without; `ptycho infer` is this, with one."""

import contextlib
import pathlib
import time

import click

from ptychopinn.params import ExecutionParams
from ptychopinn.preparation.params import Preparation
from ptychopinn.reconstruction.params import STARTS, ReconstructionParams, refuse_training_options
from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.auto import by_evidence, diagnosed, with_evidence
from ptychopinn_cli.bundles import BundlePath, bundle_for, for_scan
from ptychopinn_cli.common import check_scans_there, check_there, check_writable, command, keeping
from ptychopinn_cli.config import config_option
from ptychopinn_cli.engine import run_engine, team_of
from ptychopinn_cli.jobs import given
from ptychopinn_cli.options import collect, params_options, refuse_contradictions, user_fields
from ptychopinn_cli.outside import imported
from ptychopinn_cli.pages import report_option
from ptychopinn_cli.reading import output_and_reading
from ptychopinn_cli.reconstruction_report import said
from ptychopinn_cli.request import Request, earlier, read, reading_of
from ptychopinn_cli.shard import run_shard, shard_options, sharing_of
from ptychopinn_cli.written import write


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
@shard_options
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
    later = request.engine == "slurm"  # whose last job writes there
    with contextlib.nullcontext() if later else writing(request.output_dir):
        run(request, options, talk)


def requested(bundle, data, report, backend, options):
    """Check what was asked for, and choose the backend; what only restates a bundle is left in the options."""
    output_dir, save, auto = (options.pop(name) for name in ("output_dir", "save_format", "auto"))
    reading = {name: options.pop(name) for name in ("measurement", "zero_frequency")}
    said, asked = (
        given(click.get_current_context(), [field.name for field in user_fields(kind)])
        for kind in (Preparation, ReconstructionParams)
    )
    sharing = sharing_of(options)
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
    check_writable(output_dir, bundle)
    backends.use(backend, execution)
    return Request(
        bundle,
        data,
        output_dir,
        params,
        execution,
        reading,
        said,
        report,
        auto,
        asked,
        save=save,
        **sharing,
    )


def run(request, restated, talk):
    """Read, reconstruct and write; what the library needs is imported here, after the backend is chosen."""
    from ptychopinn.evaluation.receipt import inputs_of
    from ptychopinn.reconstruction.plan import Known
    from ptychopinn.reconstruction.reconstruct import reconstruct as reconstructed
    from ptychopinn.training.bundle import load_bundle
    from ptychopinn_cli.progress import counting

    began = time.perf_counter()
    bundle = None if request.bundle is None else load_bundle(request.bundle)
    if bundle is not None:
        refuse_contradictions(restated, bundle.model.params)
    request, scan = diagnosed(request, bundle, talk) if request.auto else (request, None)
    reading = reading_of(request, bundle)
    scan = read(reading, request.save, talk, scan)
    request, bundle = for_scan(request, bundle, scan, talk)
    inputs = inputs_of(reading, request.bundle, earlier(request))
    if request.shards is not None:
        kept = {"reading": reading.to_dict(), "inputs": inputs, "backend": backends.chosen(),
                "seconds": {"open": time.perf_counter() - began}}  # fmt: skip
        run_engine(request, scan, reading, kept, restated, talk)
        return
    if request.shard is not None:
        run_shard(request, scan, bundle, reading, inputs, talk)
        return
    opened, evidence = time.perf_counter(), None
    if request.auto:
        request, evidence = with_evidence(request, bundle, scan, inputs["scan"]["sha256"], talk)
    tried = time.perf_counter()
    known = Known(inputs["scan"]["sha256"], request.focus)
    with counting(talk.quiet) as progress, keeping(), team_of(request) as team:

        def make(scan, params):
            return reconstructed(scan, bundle, params, request.execution, known, progress, team)

        found = by_evidence(request, evidence, scan, make, talk)
    said(found.record, talk)
    spent = {"open": opened - began, **({"evidence": tried - opened} if request.auto else {})}
    kept = {"reading": reading.to_dict(), "inputs": inputs, "backend": backends.chosen(), "seconds": spent}
    write(request, bundle, scan, found, kept, talk, evidence)
