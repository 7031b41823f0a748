"""ptycho train: find a model's weights from a scan, and write the bundle."""

import dataclasses
import pathlib

import click

from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn_cli import backend as backends
from ptychopinn_cli.common import check_writable, command
from ptychopinn_cli.options import collect, config_option, params_options, user_fields
from ptychopinn_cli.pages import command_facts, made_or_noted, page_of_bundle, report_option

STORED = (ModelParams, DataParams, LossParams, TrainingParams)
SECTIONS = ("model", "data", "loss", "training")


@click.command(short_help="Train a network on a scan, without labels.")
@click.argument("data", required=False, type=click.Path(path_type=pathlib.Path))
@click.option("--train-data-file", type=click.Path(path_type=pathlib.Path), hidden=True)
@click.option(
    "--test-data", "--test-data-file", "test_data", type=click.Path(path_type=pathlib.Path),
    help="Scan to validate on; a strip of the training scan if not given.",
)  # fmt: skip
@click.option("--output-dir", type=click.Path(path_type=pathlib.Path), default="run", show_default=True,
              help="Folder of the bundle.")  # fmt: skip
@click.option("--resume", type=click.Path(path_type=pathlib.Path), help="Folder of a run to go on with.")
@report_option
@config_option
@params_options(*STORED, ExecutionParams)
@command
@click.pass_context
def train(context, data, train_data_file, test_data, output_dir, resume, report, talk, backend, **options):
    """Train a network on DATA, without labels, and write a bundle, and a page that shows what it can do.

    Example: ptycho train scan.npz --output-dir run --epochs 30
    """
    execution = collect(ExecutionParams, options)
    if resume is None:
        stored = {name: collect(kind, options) for name, kind in zip(SECTIONS, STORED)}
        data = data or train_data_file
        if data is None:
            raise click.UsageError("Missing argument 'DATA': the scan to train on, or --resume RUN.")
        backends.use(backend, execution)
    else:
        refuse_changes(context)
        backends.use(backend, execution)
        output_dir = resume
        stored, data, test_data = read_run(resume, context, options)
    run(data, test_data, output_dir, stored, execution, resume is not None, report, talk)


def run(data, test_data, output_dir, stored, execution, resume, report, talk):
    """Train, and write the bundle; what the library needs is imported here, after the backend is chosen."""
    from ptychopinn.bundle import describe_data, save_bundle
    from ptychopinn.files import write_whole
    from ptychopinn.formats import read_scan
    from ptychopinn.report.page import PAGE, page_writer
    from ptychopinn.training import Settings, fit_to
    from ptychopinn.training import train as train_model
    from ptychopinn_cli.progress import TrainingBar

    how = {name: getattr(stored["data"], name) for name in ("measurement", "zero_frequency", "photons")}
    scan = read_scan(data, **how)
    validation = read_scan(test_data, **how) if test_data else None
    for sentence in scan.notes:
        talk.note(sentence)
    fitted = fit_to(scan, stored["model"], stored["data"], stored["training"].seed)
    settings = Settings(**{**stored, "model": fitted}, execution=execution)
    check_writable(output_dir)
    described = describe_data(data, scan)
    description = {name: getattr(settings, name).to_dict() for name in SECTIONS}
    description |= {"training_data": described, "test_data": str(test_data.resolve()) if test_data else None}
    members, batch = settings.model.positions, settings.training.batch_size
    talk.note(f"Training on {len(scan)} patterns of {scan.size} x {scan.size} pixels, {scan.mean_photons:.4g} photons "
              f"each, in groups of {members}.")  # fmt: skip
    try:
        trained = train_model(
            scan, settings, validation, output_dir, description, resume, [TrainingBar(members * batch, talk.quiet)]
        )
    except KeyboardInterrupt:
        raise click.ClickException(f"Interrupted. Go on with: ptycho train --resume {output_dir}") from None
    if not trained.history:
        raise diverged("the first epoch, no bundle was written")
    with backends.without_greeting():
        save_bundle(output_dir, trained.model, settings.data, settings.training, trained.history, described)
    (output_dir / PAGE).unlink(missing_ok=True)  # of an earlier training
    last = trained.history[-1]
    if trained.diverged:
        raise diverged(f"epoch {int(last['epoch']) + 1}. The bundle {output_dir} has the weights of the epoch before")
    spent = sum(row["seconds"] for row in trained.history)
    talk.result(f"{output_dir}: {int(last['epoch'])} epochs in {spent:.0f} s, loss {last['loss']:.4g}, "
                f"R-factor {last['r_factor']:.3f}")  # fmt: skip
    html = made_or_noted(lambda: page(output_dir, trained, settings, scan), PAGE, talk) if report else None
    for name, write in page_writer(html).items():
        write_whole(output_dir / name, write)


def diverged(where):
    """Return the error of a loss that became NaN."""
    return click.ClickException(
        f"The loss must be a number. Received: NaN in {where}. Try a lower --learning-rate, or --precision float32."
    )


def page(folder, trained, settings, scan):
    """Reconstruct the middle of the training scan; return the page of the training, as HTML."""
    import numpy as np

    from ptychopinn.bundle import Bundle, read_record
    from ptychopinn.inference import reconstruct
    from ptychopinn.product import Product
    from ptychopinn.report.fit import AT_MOST
    from ptychopinn.selection import part
    from ptychopinn.stitching import outward

    bundle = Bundle(trained.model, settings.data, settings.training, trained.history, read_record(folder))
    indices = np.sort(outward(scan.positions)[:AT_MOST])
    done = reconstruct(trained.model, part(scan, indices))
    product = Product(**vars(done.stitched), probe=bundle.probe, positions=scan.positions[indices],
                      pixel_size_m=scan.pixel_size_m, name=scan.name)  # fmt: skip
    which = "all patterns" if len(indices) == len(scan) else f"the {len(indices)} patterns in the middle"
    facts = {"Command": command_facts(folder=str(folder), backend=backends.chosen()),
             "Execution": settings.execution.to_dict()}  # fmt: skip
    last = trained.history[-1]
    headline = [(f"{last['loss']:.4g}", f"loss after {int(last['epoch'])} epochs"),
                (f"{sum(row['seconds'] for row in trained.history):.0f} s", "of training")]  # fmt: skip
    return page_of_bundle(
        bundle, product, scan, facts, headline=headline, indices=indices, title=f"Training on {scan.name}",
        subtitle=facts["Command"]["date"], note=f"It is made of {which} of the training scan.",
    )  # fmt: skip


def refuse_changes(context):
    """Raise a usage error if an option is given that a resumed run may not change."""
    of_the_run = ("resume", "epochs", "report", "backend", "quiet", "verbose")
    free = {*of_the_run, *(field.name for field in user_fields(ExecutionParams))}
    given = [name for name in context.params if name not in free and
             context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]  # fmt: skip
    if given:
        raise click.UsageError(
            f"--resume goes on with the run's own options; only --epochs and the execution may change. "
            f"Received: {', '.join(given)}. Leave them out."
        )


def read_run(folder, context, options):
    """Read a run's parameters and data from its checkpoint, and check that the data are the same."""
    from ptychopinn.checkpoint import read_state
    from ptychopinn.files import checksum
    from ptychopinn.training import CHECKPOINT

    state = read_state(folder / CHECKPOINT)
    if "training_data" not in state:
        raise ValueError(
            f"A run to resume must name its data. Received: {folder / CHECKPOINT}, written without a description. "
            "Resume it from Python."
        )
    stored = {name: kind.from_dict(state[name]) for name, kind in zip(SECTIONS, STORED)}
    if context.get_parameter_source("epochs") is click.core.ParameterSource.COMMANDLINE:
        stored["training"] = dataclasses.replace(stored["training"], epochs=options["epochs"])
    data = pathlib.Path(state["training_data"]["path"])
    if data.is_file() and checksum(data) != state["training_data"]["sha256"]:
        raise ValueError(
            f"A run resumes on the data it began with. Received: {data}, which has changed since. Train anew."
        )
    return stored, data, pathlib.Path(state["test_data"]) if state["test_data"] else None
