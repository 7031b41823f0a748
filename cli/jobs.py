"""What a training is asked to do: anew, on from a checkpoint, or from a bundle."""

import dataclasses
import pathlib

import click

from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.preparation.params import Preparation
from ptychopinn_cli.options import refuse_contradictions, user_fields

STORED = (ModelParams, DataParams, LossParams, TrainingParams)
SECTIONS = ("model", "data", "loss", "training")


@dataclasses.dataclass(frozen=True)
class Job:
    """What a training is asked to do.

    Args:
        files: list of paths: the scans to train on.
        test_files: list of paths: the scans to validate on, one for each to train on, or none.
        output_dir: path of the bundle.
        stored: dict of the parameters that the bundle keeps, by the names of `SECTIONS`.
        execution: ExecutionParams.
        origin: dict with `path` and `sha256` (of the model) of the bundle that the training starts from, if any, and
            `rehearsed` where drawn scans stand for those that it was trained on.
        resume: bool. Whether to go on from the checkpoint in `output_dir`.
        training_data: list of dicts that describe what the run that goes on was trained on.
        generator: function that builds the network, where it is none of ours.
        preparation: Preparation: how the scans are prepared.
        devices: int. Devices that share every batch.
        leads: bool. Whether this process writes and talks, and not another that trains with it.
    """

    files: list
    test_files: list
    output_dir: pathlib.Path
    stored: dict
    execution: ExecutionParams
    origin: dict | None = None
    resume: bool = False
    training_data: tuple = ()
    generator: object = None
    preparation: Preparation = Preparation()
    devices: int = 1
    leads: bool = True


def files_of(paths):
    """Return the scan files that paths name, each a file or a folder of scans."""
    from ptychopinn.formats import scan_files

    return [file for path in paths for file in (scan_files(path) if path.is_dir() else [path])]


def given(context, names):
    """Return those options of a command that were given, on the command line or in a file."""
    default = click.core.ParameterSource.DEFAULT
    return {name: context.params[name] for name in names if context.get_parameter_source(name) is not default}


def model_of(folder, options):
    """Return the model's parameters of a bundle to start from, and where it is; options may only restate them."""
    from ptychopinn.training.record import MODEL, read_record

    record = read_record(folder)
    params = ModelParams.from_dict(record["model"])
    refuse_contradictions(options, params)
    return params, {"path": str(folder.resolve()), "sha256": record["checksums"][MODEL]}


def refuse_changes(context):
    """Raise a usage error if an option that a resumed run may not change is given, on the command line or in a file."""
    of_the_run = ("resume", "epochs", "generator", "devices", "report", "backend", "quiet", "verbose")
    free = {*of_the_run, *(field.name for field in user_fields(ExecutionParams))}
    changed = [name for name in given(context, context.params) if name not in free]
    if changed:
        raise click.UsageError(
            f"--resume goes on with the run's own options; only --epochs and the execution may change. "
            f"Received: {', '.join(changed)}. Leave them out, of --config too."
        )


def resumed(folder, execution, changes):
    """Return the job of a run that goes on from its checkpoint.

    Args:
        folder: path of the run.
        execution: ExecutionParams.
        changes: dict of fields of TrainingParams.
    """
    from ptychopinn.training.checkpoint import read_state
    from ptychopinn.training.record import CHECKPOINT

    state = read_state(folder / CHECKPOINT)
    try:
        stored = {name: kind.from_dict(state[name]) for name, kind in zip(SECTIONS, STORED)}
        files = [pathlib.Path(one["path"]) for one in state["training_data"] if one["sha256"]]
        tests, origin = [pathlib.Path(path) for path in state["test_data"]], state["from_bundle"]
        preparation = Preparation(**state["training_data"][0].get("preparation", {}))
    except (LookupError, TypeError) as error:
        raise ValueError(
            f"A run to resume must say its parameters and data. Received: {folder / CHECKPOINT}, which does not. "
            "Resume it from Python, or train anew."
        ) from error
    stored["training"] = dataclasses.replace(stored["training"], **changes)
    return Job(
        files, tests, folder, stored, execution, origin, resume=True, training_data=state["training_data"],
        preparation=preparation,
    )  # fmt: skip


def described(job, scans):
    """Return what a bundle remembers of a job's scans, drawn ones last; one that goes on must find the same."""
    from ptychopinn.training.record import describe_data

    how = {"preparation": job.preparation.to_dict()}
    found = [describe_data(path, scan) | how for path, scan in zip(job.files, scans)]
    for path, one, before in zip(job.files, found, job.training_data):
        if one["sha256"] != before["sha256"]:
            raise ValueError(
                f"A run resumes on the data it began with. Received: {path}, which has changed since. Train anew."
            )
    drawn = scans[len(job.files) :]
    return found + [{"path": "", "name": scan.name, "shape": list(scan.patterns.shape), "sha256": ""} for scan in drawn]


def rehearsed(job, scans, seed):
    """Return scans drawn in place of those of the bundle that a job starts from, if it rehearses."""
    from ptychopinn.training.bundle import load_bundle
    from ptychopinn.training.record import MODEL
    from ptychopinn.training.rehearsal import rehearsals

    if not (job.origin and job.origin.get("rehearsed")):
        return []
    bundle = load_bundle(job.origin["path"])
    if bundle.record["checksums"][MODEL] != job.origin["sha256"]:
        raise ValueError(
            f"A run resumes with the bundle that it began from. Received: {job.origin['path']}, which has changed "
            "since. Train anew."
        )
    return rehearsals(bundle.model, scans, seed)


def diverged(where):
    """Return the error of a training that diverged."""
    return click.ClickException(
        f"A training must end with finite weights and a possible loss. Received: one that diverged in {where}. "
        "Try a lower --learning-rate, or --precision float32."
    )


def advice_of(folder, resumable):
    """Say what can be done after a training was interrupted; a checkpoint that is there may be an older run's."""
    if resumable:
        return f"Go on with: ptycho train --resume {folder}"
    return f"There is no checkpoint of this training to go on from: {folder} keeps what it held. Train again."
