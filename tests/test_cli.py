"""The command line as a reconstruction: help with examples, PtychoPINN's words, one order of precedence."""

import dataclasses
import json
import pathlib
import re
import shlex

import pytest
from click.testing import CliRunner

from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams
from ptychopinn.simulation.scans import write_ptychopinn
from ptychopinn_cli.main import main
from ptychopinn_cli.options import user_fields

ROOT = pathlib.Path(__file__).parents[1]
SHOWN = "\n".join(page.read_text() for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))))
COMMANDS = [
    line.split("&&")[-1].strip()
    for line in SHOWN.splitlines()
    if re.match(r"    (pip .*&& |[A-Z_]+=\w+ )?ptycho ", line)
]
TRAIN = ["train", "scan.npz"]


def parse(arguments):
    """Parse a command line as `ptycho` would, without running it; return the values of the innermost command."""
    context = main.make_context("ptycho", list(arguments))
    name, command, rest = main.resolve_command(context, context.protected_args + context.args)
    with context:
        return command.make_context(name, rest, parent=context).params


@pytest.mark.parametrize("name", main.commands)
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(name):
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0 and f"Example: ptycho {name}" in " ".join(done.output.split())
    assert any(f"ptycho {name}" in line for line in COMMANDS)


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_of_the_readme_are_understood(line):
    words = [word for word in shlex.split(line) if not re.match(r"[A-Z_]+=", word)]
    assert words[0] == "ptycho" and parse(words[1:])


@pytest.mark.parametrize("kind", [ModelParams, DataParams, LossParams, TrainingParams, ExecutionParams])
def test_every_parameter_is_an_option_with_the_same_default(kind):
    values = parse(TRAIN)
    for field in user_fields(kind):
        assert values[field.name] == field.default, field.name


@pytest.mark.parametrize("words, name, value", [
    ("--gridsize 1", "group_side", 1), ("--neighbor_count 7", "neighbours", 7), ("--nepochs 3", "epochs", 3),
    ("--n_images 64", "n_subsample", 64), ("--nphotons 1e9", "photons", 1e9), ("--n_groups 12", "n_groups", 12),
    ("--architecture cnn", "generator", "cnn"), ("--model_type supervised", "model_type", "supervised"),
    ("--output_dir here", "output_dir", pathlib.Path("here")), ("--batch_size 2", "batch_size", 2),
    ("--no-jit", "jit", False), ("--jit", "jit", True), ("--probe-trainable", "probe_trainable", True),
    ("--no_probe_trainable", "probe_trainable", False),
])  # fmt: skip
def test_ptychopinn_s_words_and_underscores_are_understood(words, name, value):
    assert parse([*TRAIN, *words.split()])[name] == value


def test_inference_batch_size_is_an_alias():
    assert parse(["infer", "run", "scan.npz", "--inference-batch-size", "3"])["batch_size"] == 3


def test_defaults_yield_to_the_file_and_the_file_to_the_command_line(tmp_path):
    config = tmp_path / "options.yaml"
    config.write_text("epochs: 7\ngridsize: 1\nlearning-rate: 0.01\nseed: null\njit: false\n")
    values = parse([*TRAIN, "--config", str(config), "--epochs", "9"])
    assert (values["epochs"], values["group_side"], values["learning_rate"]) == (9, 1, 0.01)
    assert values["seed"] == TrainingParams().seed and values["jit"] is False


@pytest.mark.parametrize(
    "words", ["--epochs 0", "--epochs many", "--precision float8", "--learning-rate -1", "--grid 3"]
)
def test_options_are_checked(words):
    done = CliRunner().invoke(main, [*TRAIN, *words.split()])
    assert done.exit_code == 2 and "Traceback" not in done.output


@pytest.mark.parametrize(
    "name, backend", [("pytorch", "torch"), ("Torch", "torch"), ("jax", "jax"), ("tf", "tensorflow")]
)
def test_backends_have_aliases(name, backend):
    assert parse([*TRAIN, "--backend", name])["backend"] == backend
    assert main.make_context("ptycho", ["--backend", name, *TRAIN]).params["backend"] == backend


def test_backend_s_list_marks_the_one_in_use():
    done = CliRunner(env={"KERAS_BACKEND": "torch"}).invoke(main, ["backends"])
    assert re.search(r"^\* torch", done.output, re.M) and "jax" in done.output


def test_what_a_backend_cannot_do_is_refused_by_name(scan_file):
    for words, remedy in (("--remat", "torch or jax"), ("--accelerator tpu", "jax"), ("--accelerator mps", "torch")):
        done = CliRunner().invoke(main, ["train", str(scan_file), "--backend", "tensorflow", *words.split()])
        assert done.exit_code == 2 and "Received: --" in done.output and remedy in done.output


def test_inspect_describes_a_scan_and_a_bundle(scan_file, bundle):
    scan = CliRunner().invoke(main, ["inspect", str(scan_file)])
    assert "100 of 32 x 32 pixels" in scan.output and "counts" in scan.output
    run = CliRunner().invoke(main, ["inspect", str(bundle)])
    assert re.search(r"^group side +2$", run.output, re.M)


SCAN_FACTS = {
    "scan": str, "patterns": int, "size_px": int, "dtype": str, "measurement": str, "propagation": str,
    "fresnel_number": type(None), "zero_frequency": str, "background_photons": float,
    "photons_per_pattern": float, "positions_y_px": list, "positions_x_px": list, "spacing_px": float,
    "probe_modes": int, "probe_width_px": float, "object_px": list, "bad_pixels": int, "pixel_size_m": float,
    "energy_eV": type(None), "distance_m": type(None), "notes": list, "measures": dict, "findings": list,
    "command": str,
}  # fmt: skip
BUNDLE_FACTS = {
    "bundle": str, "format_version": int, "trained_on": list, "written_by": dict, "from_bundle": type(None),
    "model": dict, "loss": dict, "data": dict, "training": dict, "epochs": int, "last_epoch": type(None),
    "card": dict,
}  # fmt: skip


def test_inspect_gives_numbers_with_units_in_their_names(scan, tmp_path, bundle):
    write_ptychopinn(tmp_path / "scan.npz", dataclasses.replace(scan, pixel_size_m=2e-8))
    for path, kinds in ((tmp_path / "scan.npz", SCAN_FACTS), (bundle, BUNDLE_FACTS)):
        facts = json.loads(CliRunner().invoke(main, ["inspect", str(path), "--json"]).output)
        assert {name: type(value) for name, value in facts.items()} == kinds
        if kinds is SCAN_FACTS:
            assert facts["patterns"] == 100 and facts["size_px"] == 32 and facts["pixel_size_m"] == 2e-8
            assert facts["photons_per_pattern"] == scan.mean_photons and facts["object_px"] == [96, 96]
            assert facts["positions_x_px"] == [scan.positions[:, 1].min(), scan.positions[:, 1].max()]
