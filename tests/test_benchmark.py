"""The benchmark measures what it says, and its peer is the same network."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / "benchmarks" / "compare_backends.py"
PEER = "plain PyTorch"


def test_benchmark_measures_this_backend_and_its_peer_is_the_same_network(tmp_path):
    backend, output = os.environ["KERAS_BACKEND"], tmp_path / "figures.json"
    peer = "--peer" if backend == "torch" else "--no-peer"
    done = subprocess.run(
        [sys.executable, SCRIPT, "--quick", "--batch-size", "2", "--backends", backend, peer, "--output", output],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(output.read_text())
    rows = report["rows"]
    for name in ("training", "prediction", "stitching", "refinement", "reconstruct", "first_step_s", "resident_MiB"):
        figure = rows[backend][name]
        assert 0 < figure["min"] <= figure["median"] <= figure["max"], name
    for words in (backend, report["device"], report["versions"]["keras"], report["versions"][backend]):
        assert words in done.stdout
    if peer == "--peer":
        for name in ("parameters", "first_loss"):
            assert rows[PEER][name]["median"] == pytest.approx(rows[backend][name]["median"], rel=1e-4), name
        for name in ("training_share", "prediction_share"):
            assert 0 < rows[backend][name]["median"] < 100, name
    assert 0 < rows[backend]["refinement_share"]["median"] < 100


def test_a_study_writes_its_rows(tmp_path):
    output = tmp_path / "rows.jsonl"
    done = subprocess.run(
        [sys.executable, SCRIPT.with_name("study.py"), "uncertainty", "--quick", "--epochs", "1", "--set", "unroll=1",
         "--set", "n_filters_scale=0.1", "--backend", os.environ["KERAS_BACKEND"], "--output", output],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["row"] for row in rows] == ["1e+03 photons", "1e+05 photons", "1e+09 photons"]
    for row in rows:
        assert -1 < row["rank"] < 1 and 0.1 < row["ratio"] < 10 and row["row"] in done.stdout
    assert rows[0]["nrmse_complex"] > rows[2]["nrmse_complex"]


def test_what_a_reconstruction_says_of_itself_is_compared_with_what_is_true(tmp_path):
    output = tmp_path / "trust.json"
    done = subprocess.run(
        [sys.executable, SCRIPT.with_name("trust.py"), "--quick", "--output", output, "--backend",
         os.environ["KERAS_BACKEND"]],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ((name, row),) = json.loads(output.read_text()).items()
    assert (
        name in done.stdout and 0.5 < row["frc50_ratio"] < 1.5 and 0.3 < row["error_ratio"] < 3 and row["error"] < 0.1
    )


def test_growth_has_seconds_and_memory_of_every_command(tmp_path):
    output = tmp_path / "growth.md"
    words = ("--patterns", "16,64", "--size", "32", "--backend", os.environ["KERAS_BACKEND"], "--output", output)
    done = subprocess.run(
        [sys.executable, SCRIPT.with_name("growth.py"), *words],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert output.read_text() == done.stdout
    header, _, *rows = (line.split("|")[1:-1] for line in done.stdout.splitlines()[2:])
    assert [cell.strip() for cell in header] == ["command", "16 patterns", "64 patterns"] and len(rows) == 6
    for name, *figures in rows:
        assert all(float(figure.replace(",", "")) > (50 if "MiB" in name else 0.1) for figure in figures), name


def test_imports_are_counted_by_room_and_a_circle_is_told(tmp_path):
    package = tmp_path / "house"
    (package / "cellar").mkdir(parents=True)
    (package / "attic.py").write_text("from house.cellar import wine\nimport house.cellar.wine\n")
    (package / "cellar" / "wine.py").write_text("import json\n")
    for words in ("2 rooms, 1 arrows, no circle", "2 rooms, 2 arrows, a circle: "):
        done = subprocess.run([sys.executable, SCRIPT.with_name("imports.py"), package, "--output", tmp_path / "a.png"],
                              capture_output=True, text=True)  # fmt: skip
        assert words in done.stdout
        (package / "cellar" / "wine.py").write_text("def drink():\n    from house import attic\n")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_time_to_quality_has_figures_without_the_peer(tmp_path):
    output = tmp_path / "table.md"
    done = subprocess.run(
        [sys.executable, SCRIPT.with_name("time_to_quality.py"), "--quick", "--backend", os.environ["KERAS_BACKEND"],
         "--output", output],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert output.read_text() in done.stdout
    header, _, row = ([cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()[-3:])
    shown = dict(zip(header, row))
    assert shown.pop("row") == "lines-1e5-32" and "pty-chi's best" not in shown
    figures = {name: float(figure) for name, figure in shown.items()}
    assert set(figures) == {"our error", "s to our end", "of these once", "passes kept"}
    assert 0 < figures["our error"] < 0.1 and figures["passes kept"] == 2
