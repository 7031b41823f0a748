"""ptycho infer: reconstruct a scan with a bundle."""

import pathlib
import time

import click

from ptychopinn.params import ExecutionParams, ModelParams
from ptychopinn_cli import backend as backends
from ptychopinn_cli.common import check_writable, command
from ptychopinn_cli.options import collect, config_option, params_options, user_fields


@click.command(short_help="Reconstruct a scan with a trained bundle.")
@click.argument("bundle", type=click.Path(path_type=pathlib.Path))
@click.argument("data", type=click.Path(path_type=pathlib.Path))
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="out", show_default=True,
              help="Folder of the reconstruction.")  # fmt: skip
@click.option("--batch-size", "--inference-batch-size", "batch_size", type=click.IntRange(min=1), default=16,
              show_default=True, help="Groups at a time.")  # fmt: skip
@click.option("--measurement", type=click.Choice(["auto", "counts", "amplitude"]),
              help="What the file holds; as in training if not given.")  # fmt: skip
@click.option("--zero-frequency", type=click.Choice(["auto", "centre", "corner"]),
              help="Where the file keeps the zero frequency; as in training if not given.")  # fmt: skip
@config_option
@params_options(ModelParams, restate=True)
@params_options(ExecutionParams)
@command
def infer(bundle, data, output_dir, batch_size, measurement, zero_frequency, talk, backend, **options):
    """Reconstruct the scan DATA with BUNDLE: object, pictures, report.

    Example: ptycho infer run scan.npz --output-dir out --batch-size 16
    """
    execution = collect(ExecutionParams, options)
    backends.use(backend, execution)
    run(bundle, data, output_dir, batch_size, measurement, zero_frequency, options, execution, talk)


def run(bundle, data, output_dir, batch_size, measurement, zero_frequency, restated, execution, talk):
    """Reconstruct and write; what the library needs is imported here, after the backend is chosen."""
    from ptychopinn.bundle import load_bundle, versions
    from ptychopinn.evaluation.alignment import align
    from ptychopinn.formats import read_scan
    from ptychopinn.inference import reconstruct
    from ptychopinn.report import write_reconstruction
    from ptychopinn_cli.progress import counting

    began = time.perf_counter()
    loaded = load_bundle(bundle)
    model = loaded.model
    refuse_contradictions(restated, model.params)
    scan = read_scan(data, measurement or loaded.data.measurement, zero_frequency or loaded.data.zero_frequency)
    for sentence in scan.notes:
        talk.note(sentence)
    check_writable(output_dir)
    opened = time.perf_counter()
    with counting("reconstructing", len(scan), talk.quiet) as progress:
        done = reconstruct(model, scan, batch_size, progress)
    aligned = None if scan.object is None else align(done.stitched, scan.object, scan.positions)
    seconds = {"open": opened - began, **done.seconds}
    record = {
        "bundle": str(bundle), "data": str(data), "patterns": done.patterns, "size_px": scan.size,
        "batch_size": batch_size, "origin_px": done.stitched.origin, "ramp_rad_per_px": done.stitched.ramp,
        "pixel_size_m": scan.pixel_size_m, "backend": backends.chosen(), "versions": versions(),
        "seconds": {name: round(spent, 4) for name, spent in seconds.items()},
        "patterns_per_second": round(done.patterns / sum(done.seconds.values()), 2),
        "error_against_file_object": None if aligned is None else round(aligned.error, 5),
    }  # fmt: skip
    write_reconstruction(output_dir, done, loaded.probe, record, scan.pixel_size_m, aligned)
    height, width = done.stitched.object.shape
    talk.result(f"{output_dir}: object of {height} x {width} pixels from {done.patterns} patterns, "
                f"{record['patterns_per_second']:.0f} patterns/s")  # fmt: skip
    if aligned is not None:
        talk.result(f"complex error against the file's object {aligned.error:.4f}")


def refuse_contradictions(restated, params):
    """Raise a usage error if an option contradicts what the bundle was trained with."""
    for field in user_fields(ModelParams):
        said, held = restated.get(field.name), getattr(params, field.name)
        if said is not None and said != held:
            raise click.UsageError(
                f"The bundle was trained with {field.name}={held}. Received: {field.name}={said}. Leave the option out."
            )
