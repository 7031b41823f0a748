"""ptycho train: find a model's weights from scans, and write the bundle."""

import contextlib
import dataclasses
import pathlib

import click

from ptychopinn.params import ExecutionParams
from ptychopinn.preparation.params import Preparation
from ptychopinn_cli import choose_backend as backends
from ptychopinn_cli.bundles import BundlePath
from ptychopinn_cli.common import check_scans_there, check_there, check_writable, command, losses_in_words, say_assumed
from ptychopinn_cli.config import config_option
from ptychopinn_cli.jobs import (
    SECTIONS,
    STORED,
    Job,
    advice_of,
    described,
    diverged,
    files_of,
    given,
    model_of,
    refuse_changes,
    rehearsed,
    resumed,
)
from ptychopinn_cli.options import Number, collect, params_options, refuse_contradictions
from ptychopinn_cli.outside import imported
from ptychopinn_cli.pages import made_or_noted, report_option
from ptychopinn_cli.replicas import together
from ptychopinn_cli.signals import Stopped
from ptychopinn_cli.training_page import training_page


@click.command(short_help="Train a network on scans, without labels.")
@click.argument("data", nargs=-1, type=click.Path(path_type=pathlib.Path))
@click.option("--train-data-file", type=click.Path(path_type=pathlib.Path), hidden=True)
@click.option(
    "--test-data", "--test-data-file", "test_data", type=click.Path(path_type=pathlib.Path),
    help="Scan to validate on, or a folder with one for each DATA; a strip of each DATA if not given.",
)  # fmt: skip
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="run", show_default=True,
              help="Folder of the bundle.")  # fmt: skip
@click.option("--resume", type=click.Path(path_type=pathlib.Path), help="Folder of a run to go on with.")
@click.option("--from-bundle", type=BundlePath(path_type=pathlib.Path),
              help="Bundle whose networks the training starts from, to adapt them to DATA.")  # fmt: skip
@click.option("--rehearse", is_flag=True, help="Train also on drawn scans, in place of those that the bundle was "
              "trained on: its networks do not forget them.")  # fmt: skip
@click.option("--devices", type=Number(int, low=1, high=4096, unit="devices"), default=1, show_default=True,
              help="Devices of this machine, each with a part of every batch.")  # fmt: skip
@report_option
@config_option
@params_options(*STORED, Preparation, ExecutionParams)
@command
@click.pass_context
def train(
    context, data, train_data_file, test_data, output_dir, resume, from_bundle, rehearse, devices, report, talk,
    backend, **options,
):  # fmt: skip
    """Train a network on DATA, without labels, and write a bundle, and a page that shows what it can do.

    DATA are scans, or folders of scans, that are trained on together, each with its own probe.

    Example: ptycho train scan.npz --output-dir run --epochs 30
    """
    execution, preparation = collect(ExecutionParams, options), collect(Preparation, options)
    data = data or ((train_data_file,) if train_data_file else ())
    check_scans_there(*data, test_data)
    check_there("A bundle", "folder", from_bundle)
    check_there("A run to resume", "folder", resume)
    check_writable(resume or output_dir)
    if resume is not None:
        refuse_changes(context)
    elif rehearse and from_bundle is None:
        raise click.UsageError("--rehearse needs --from-bundle RUN: whose networks shall not forget.")
    elif not data:
        raise click.UsageError("Missing argument 'DATA': the scan to train on, or --resume RUN.")
    else:
        stored = {name: collect(kind, options) for name, kind in zip(SECTIONS, STORED)}
    files, tests = files_of(data), files_of([test_data] if test_data else [])
    backends.use(backend, execution, devices)
    from ptychopinn.files import writing

    generator = imported(context.params["generator"])
    with together(devices) as leads, writing(resume or output_dir) if leads else contextlib.nullcontext():
        if not leads:
            talk.quiet = True
        if resume is not None:
            job = resumed(resume, execution, given(context, ("epochs",)))
            refuse_contradictions(given(context, ("generator",)), job.stored["model"])
        else:
            origin = None
            if from_bundle is not None:
                stored["model"], origin = model_of(from_bundle, given(context, context.params))
                origin |= {"rehearsed": True} if rehearse else {}
            job = Job(files, tests, output_dir, stored, execution, origin, preparation=preparation)
        run(dataclasses.replace(job, generator=generator, devices=devices, leads=leads), report, talk)


def run(job, report, talk):
    """Train, and write the bundle; what the library needs is imported here, after the backend is chosen.

    Args:
        job: Job.
        report: bool. Whether to write the page.
        talk: Talk.
    """
    from ptychopinn.files import write_whole
    from ptychopinn.report.page import PAGE
    from ptychopinn.training.bundle import save_bundle

    scans, validation = read_all(job.files, job, talk), read_all(job.test_files, job)
    folder, seed = job.output_dir, job.stored["training"].seed
    if validation:
        validation += rehearsed(job, scans, seed + len(scans))
    scans += rehearsed(job, scans, seed)
    trained, settings, training_data = train_model(job, scans, validation, talk)
    if not job.leads:
        return
    if not trained.history:
        raise diverged(f"the first epoch: {folder} keeps what it held")
    if trained.diverged:
        folder = pathlib.Path(f"{folder.resolve()}-diverged")
    training_data = [one | {"probe_agreement": kept_of_probe(trained.model, index, scan)}
                 for index, (one, scan) in enumerate(zip(training_data, scans))]  # fmt: skip
    save_bundle(folder, trained.model, settings.data, settings.training, trained.history, training_data, job.origin)
    last = trained.history[-1]
    if trained.diverged:
        raise diverged(
            f"epoch {int(last['epoch']) + 1}: {job.output_dir} keeps its bundle, if it held one, and beside it "
            f"{folder.name} has the weights of the epoch before"
        )
    spent = sum(row["seconds"] for row in trained.history)
    talk.result(f"{folder}: {int(last['epoch'])} epochs in {spent:.0f} s, {losses_in_words(last)}")
    if report:

        def write_page():
            html = training_page(folder, trained, settings, scans[0])
            write_whole(folder / PAGE, lambda path: path.write_bytes(html.encode()))

        made_or_noted(write_page, PAGE, talk)


def train_model(job, scans, validation, talk):
    """Train as a job says: `(Trained, Settings, list of dicts that describe the data)`."""
    import keras

    from ptychopinn.training.bundle import load_bundle
    from ptychopinn.training.train import Settings, fit_to, train
    from ptychopinn_cli.progress import TrainingBar, patterns_at_once

    fitted = fit_to(scans, job.stored["model"], job.stored["data"], job.stored["training"].seed)
    backends.greet()
    start = load_bundle(job.origin["path"]).model if job.origin and not job.resume else None
    settings = Settings(
        **{**job.stored, "model": fitted}, execution=job.execution, generator=job.generator, start=start,
        devices=job.devices,
    )  # fmt: skip
    training_data = described(job, scans)
    description = {name: getattr(settings, name).to_dict() for name in SECTIONS}
    description |= {"training_data": training_data, "test_data": [str(path.resolve()) for path in job.test_files],
                    "from_bundle": job.origin}  # fmt: skip
    for scan in scans:
        which = f" of {scan.name}" if len(scans) > 1 else ""
        talk.note(f"Training on {len(scan)} patterns{which} of {scan.size} x {scan.size} pixels, "
                  f"{scan.mean_photons:.4g} photons each, in groups of {fitted.positions}.")  # fmt: skip
    epochs = []
    ended = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch))
    watching = [ended, TrainingBar(patterns_at_once(settings, scans), talk.quiet)]
    try:
        trained = train(scans, settings, validation or None, job.output_dir, description, job.resume, watching)
    except Stopped as stop:
        resumable = job.resume or (epochs and settings.training.checkpoint)
        raise Stopped(stop.number, advice_of(job.output_dir, resumable)) from None
    return trained, settings, training_data


def read_all(files, job, talk=None):
    """Read the scans of files as a job says, and say what was assumed."""
    from ptychopinn.formats import read_scan

    how = {name: getattr(job.stored["data"], name) for name in ("measurement", "zero_frequency", "photons")}
    scans = [read_scan(file, **how, preparation=job.preparation).lit() for file in files]
    if talk:
        say_assumed(scans, talk)
    return scans


def kept_of_probe(model, index, scan):
    """Return how well the probe that training left agrees with the one that it began with, from 0 to 1."""
    from ptychopinn.physics.probes import agreement

    return round(agreement(model.diffraction.probe_for(scan.mean_photons, index), scan.probe), 6)
