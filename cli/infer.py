"""ptycho infer: reconstruct a scan with a bundle."""

import pathlib
import time

import click

from ptychopinn.params import ExecutionParams, ModelParams
from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.common import check_writable, command
from ptychopinn_cli.options import collect, config_option, params_options, refuse_contradictions
from ptychopinn_cli.outside import imported
from ptychopinn_cli.pages import command_facts, made_or_noted, page_of_bundle, report_option

READING = ("measurement", "zero_frequency")
"""How a file is read, as in training unless it is said anew."""

PROBES = ("scan", "bundle")
TOLERANCE = 1e-3
"""By how much probes may agree less than they did in training, and still be the same."""


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
@click.option("--probe", type=click.Choice(PROBES),
              help="Probe to use: that of DATA, or the one that training left in BUNDLE. If not given, the bundle's "
                   "where DATA was trained on, or has the probe of the one scan that was.")  # fmt: skip
@click.option("--refine", "passes", type=click.IntRange(min=0), metavar="PASSES",
              help="Passes of data consistency over the whole scan after the network, at most: photons held out from "
                   "counts tell when to stop. If not given, 8 for counts and 0 for amplitudes.")  # fmt: skip
@click.option("--refine-probe/--no-refine-probe", default=True, show_default=True,
              help="Whether these passes move the probe too.")  # fmt: skip
@report_option
@config_option
@params_options(ModelParams, restate=True)
@params_options(ExecutionParams)
@command
def infer(bundle, data, output_dir, batch_size, measurement, zero_frequency, probe, passes, refine_probe, report, talk,
          backend, **options):  # fmt: skip
    """Reconstruct the scan DATA with BUNDLE: object, pictures, report, and a page that shows them.

    Example: ptycho infer run scan.npz --output-dir out --batch-size 16
    """
    execution = collect(ExecutionParams, options)
    backends.use(backend, execution)
    imported(options["generator"])  # which registers the layers of a bundle's network
    wanted = {"measurement": measurement, "zero_frequency": zero_frequency, "probe": probe, "passes": passes,
              "refine_probe": refine_probe}  # fmt: skip
    run(bundle, data, output_dir, batch_size, wanted, options, report, talk)


def run(bundle, data, output_dir, batch_size, wanted, restated, report, talk):
    """Reconstruct and write; what the library needs is imported here, after the backend is chosen."""
    from ptychopinn.data.reconstruction import Reconstruction
    from ptychopinn.evaluation.alignment import align
    from ptychopinn.formats import read_scan
    from ptychopinn.reconstruction.prediction import reconstruct
    from ptychopinn.report.page import PAGE
    from ptychopinn.report.reconstruction import write_reconstruction
    from ptychopinn.training.bundle import load_bundle, versions
    from ptychopinn_cli.progress import counting

    began = time.perf_counter()
    loaded = load_bundle(bundle)
    refuse_contradictions(restated, loaded.model.params)
    scan = read_scan(data, **{name: wanted.get(name) or getattr(loaded.data, name) for name in READING})
    for sentence in scan.notes:
        talk.note(sentence)
    loaded.model.check_size(scan)
    source, probe = choose_probe(wanted.get("probe"), loaded, scan, data)
    talk.note(f"The probe is that of the {source}.")
    check_writable(output_dir)
    opened = time.perf_counter()
    with counting("reconstructing", len(scan), talk.quiet) as progress:
        done = reconstruct(loaded.model, scan, batch_size, progress, probe)
    at_once = batch_size * loaded.model.params.positions
    stitched, probe, refined = refined_by(wanted, done.stitched, scan, probe, at_once, talk)
    aligned = None if scan.object is None else align(stitched, scan.object, scan.positions)
    seconds = {"open": opened - began, **done.seconds, **refined.pop("seconds")}
    record = {
        "bundle": str(bundle), "data": str(data), "patterns": done.patterns, "size_px": scan.size, "probe": source,
        "batch_size": batch_size, "origin_px": stitched.origin, "ramp_rad_per_px": stitched.ramp, **refined,
        "pixel_size_m": scan.pixel_size_m, "backend": backends.chosen(), "versions": versions(),
        "seconds": {name: round(spent, 4) for name, spent in seconds.items()},
        "patterns_per_second": round(done.patterns / (sum(seconds.values()) - seconds["open"]), 2),
        "error_against_file_object": None if aligned is None else round(aligned.error, 5),
    }  # fmt: skip
    reconstruction = Reconstruction(**vars(stitched), probe=probe, positions=scan.positions,
                      pixel_size_m=scan.pixel_size_m, name=scan.name)  # fmt: skip
    html = made_or_noted(lambda: page(loaded, reconstruction, scan, record, talk), PAGE, talk) if report else None
    write_reconstruction(output_dir, reconstruction, record, aligned, html)
    height, width = reconstruction.object.shape
    talk.result(f"{output_dir}: object of {height} x {width} pixels from {done.patterns} patterns, "
                f"{record['patterns_per_second']:.0f} patterns/s")  # fmt: skip
    if aligned is not None:
        talk.result(f"complex error against the file's object {aligned.error:.4f}")


def refined_by(wanted, stitched, scan, probe, at_once, talk):
    """Refine a stitched object by the passes that are wanted: `(Stitched, probe, dict of what a report says of it)`."""
    from ptychopinn.reconstruction.refinement import PASSES, refine
    from ptychopinn_cli.progress import counting

    passes = wanted.get("passes")
    if passes is None:
        passes = PASSES if scan.measurement == "counts" else 0
    if not passes:
        return stitched, probe, {"refinement_passes": 0, "probe_refined": False, "seconds": {}}
    began = time.perf_counter()
    with counting("refining", (passes + 1) * len(scan), talk.quiet) as progress:
        moves = wanted.get("refine_probe", True)
        done = refine(stitched, scan, probe, passes, moves, at_once, progress=progress)
    kept = len(done.deviances) - 1
    talk.note(f"Refined by {kept} of {passes} passes over the scan.")
    said = {"refinement_passes": kept, "probe_refined": moves and kept > 0,
            "refinement_deviances": [round(deviance, 8) for deviance in done.deviances]}  # fmt: skip
    return done.stitched, done.probe, {**said, "seconds": {"refine": time.perf_counter() - began}}


def choose_probe(wanted, bundle, scan, path):
    """Return whose probe a scan is reconstructed with, `"scan"` or `"bundle"`, and that probe.

    Of the bundle's probes it is that of the scan with the file's SHA-256, or the only one. The only one is taken by
    itself if the file's probe agrees with it as well as the probe that the training began with.
    """
    from ptychopinn.files import checksum
    from ptychopinn.physics.probes import agreement

    if wanted == "scan":
        return wanted, scan.probe
    trained_on = bundle.record["training_data"]
    sha256 = checksum(path)
    known = next((index for index, one in enumerate(trained_on) if one["sha256"] == sha256), None)
    if known is None and len(trained_on) > 1:
        if wanted == "bundle":
            raise click.UsageError(
                f"--probe bundle needs a scan that was trained on, or a bundle of one scan. Received: {scan.name}, "
                f"which is none of the {len(trained_on)} trained on. Use --probe scan."
            )
        return "scan", scan.probe
    probe = bundle.model.diffraction.probe_for(scan.mean_photons, known or 0)
    if known is None and wanted is None:
        began = trained_on[0].get("probe_agreement", 1.0)
        if agreement(probe, scan.probe) < began - TOLERANCE:
            return "scan", scan.probe
    return "bundle", probe


def page(bundle, reconstruction, scan, record, talk):
    """Return the page of a reconstruction, as HTML; `record` is the content of its `report.json`."""
    from ptychopinn.data.reconstruction import Reconstruction
    from ptychopinn.evaluation.against_truth import score
    from ptychopinn.training.bundle import describe_data

    scored = None
    if record["error_against_file_object"] is not None:
        truth = Reconstruction(scan.object, origin=(0, 0), positions=scan.positions, name=f"the object of {scan.name}")
        scored = made_or_noted(lambda: score(reconstruction, truth), "comparison with the file's object", talk)
    tables = {"seconds": "Seconds", "versions": "Versions"}
    facts = {
        "Command": command_facts(),
        "Data": describe_data(record["data"], scan),
        "Reconstruction": {name: value for name, value in record.items() if name not in tables},
        **{title: record[name] for name, title in tables.items()},
    }
    subtitle = f"{facts['Command']['date']}, with the bundle {record['bundle']}"
    headline = [(f"{record['patterns_per_second']:.0f}", "patterns a second")]
    if record["error_against_file_object"] is not None:
        headline.insert(0, (f"{record['error_against_file_object']:.4f}", "complex error against the file's object"))
    return page_of_bundle(
        bundle, reconstruction, scan, facts, headline=headline, score=scored,
        title=f"Reconstruction of {scan.name}", subtitle=subtitle,
    )  # fmt: skip
