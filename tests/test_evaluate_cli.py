"""Laws of `ptycho evaluate` and `ptycho compare`: figures, curves and pictures from files of any program."""

import csv
import json
import re
import shutil
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn_cli.compare import names_of

EVALUATION = {"evaluation.json", "evaluation.csv", "curves.csv", "curves.png", "comparison.png", "report.html"}
COMPARISON = {"compare.json", "compare.csv", "curves.csv", "curves.png", "comparison.png", "report.html"}


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def recons(scan, tmp_path):
    """Three reconstructions of the scan's object, of falling quality, one of them without an origin."""
    draw = np.random.default_rng(3)
    grain = draw.standard_normal((88, 86)) + 1j * draw.standard_normal((88, 86))
    paths = []
    for name, level in (("good", 0.01), ("fair", 0.05), ("poor", 0.2)):
        obj = (scan.object[4:92, 6:92] + level * grain).astype(np.complex64)
        known = {"probe": scan.probe, "origin": [4, 6]} if name != "poor" else {}
        np.savez(tmp_path / f"{name}.npz", object=2j * obj, **known)
        paths.append(tmp_path / f"{name}.npz")
    return paths


def test_an_evaluation_says_and_writes_its_figures(recons, scan_file, out):
    result = ptycho("evaluate", recons[0], scan_file, "--output-dir", out)
    assert result.exit_code == 0, result.output
    assert "NRMSE" in result.stdout and "R-factor" in result.stdout
    assert {file.name for file in out.iterdir()} == EVALUATION
    facts = json.loads((out / "evaluation.json").read_text())
    (row,) = rows_of(out / "evaluation.csv")
    assert {key: float(value) if value else None for key, value in list(row.items())[1:]} == facts["figures"]
    assert 0 < facts["figures"]["nrmse_complex"] < 0.05 and facts["figures"]["r_factor"] < 0.2
    np.testing.assert_allclose(np.hypot(*facts["factor"]), 0.5, atol=0.01)
    curves = rows_of(out / "curves.csv")
    top, bottom, left, right = facts["region_px"]
    assert len(curves) == min(bottom - top, right - left) // 2 and float(curves[1]["frc"]) > 0.9
    assert all(np.ptp(matplotlib.image.imread(out / name)) > 0 for name in ("curves.png", "comparison.png"))


def test_json_on_the_screen_is_that_of_the_file(recons, scan_file, out):
    result = ptycho("evaluate", recons[2], scan_file, "--output-dir", out, "--json", "--low-pass", 1, "--quiet")
    assert json.loads(result.stdout) == json.loads((out / "evaluation.json").read_text())


def test_two_reconstructions_are_evaluated_without_a_scan(recons, out):
    assert ptycho("evaluate", recons[1], recons[0], "--output-dir", out).exit_code == 0
    figures = json.loads((out / "evaluation.json").read_text())["figures"]
    assert "r_factor" not in figures and figures["ssim_amplitude"] > 0.5


@pytest.mark.parametrize("command, wrong, said", [
    ("evaluate", ("--orient", "fliplr"), "turned by fliplr, as asked"),
    ("evaluate", ("--zero-frequency", "corner"), "at the corner, as asked"),
    ("compare", ("--measurement", "amplitude"), "amplitude, as asked"),
])  # fmt: skip
def test_a_scan_is_evaluated_as_it_is_said_to_be_read(recons, scan_file, out, command, wrong, said):
    """Read as it is not, its patterns are explained worse."""
    truth = [scan_file] if command == "evaluate" else ["--truth", recons[1], "--scan", scan_file]
    factors = []
    for words in ((), wrong):
        done = ptycho(command, recons[0], *truth, "--output-dir", out, "--no-report", "--json", *words)
        assert done.exit_code == 0, done.output
        facts = json.loads(done.stdout)
        (one,) = facts.get("reconstructions", [facts])
        factors.append(one["figures"]["r_factor"])
        assert (said in done.stderr) == bool(words)
    assert factors[1] > 1.3 * factors[0]
    refused = ptycho(command, recons[0], recons[1], "--output-dir", out / "no", *wrong)
    assert_said_plainly(refused, "Only a scan can be prepared", "no scan", "--scan", out=out / "no")


def test_patterns_alone_judge_a_reconstruction_that_says_where_it_lies(recons, scan_file, out):
    """And what an earlier evaluation drew goes away."""
    ptycho("evaluate", recons[0], scan_file, "--output-dir", out)
    with np.load(scan_file) as file:
        np.savez(scan_file, **{key: file[key] for key in file.files if key != "objectGuess"})
    result = ptycho("evaluate", recons[0], scan_file, "--output-dir", out)
    assert result.stdout.startswith("R-factor 0.") and result.exit_code == 0
    assert {file.name for file in out.iterdir()} == {"evaluation.json", "evaluation.csv", "report.html"}
    result = ptycho("evaluate", recons[2], scan_file, "--output-dir", out / "none")
    assert_said_plainly(result, "must hold an object", "neither", "Give a known object", out=out / "none")


def test_a_comparison_ranks_and_draws_on_shared_pixels(recons, scan_file, out):
    result = ptycho("compare", *recons, "--truth", scan_file, "--output-dir", out, "--names", "a, b,c")
    assert result.exit_code == 0, result.output
    assert {file.name for file in out.iterdir()} == COMPARISON
    facts = json.loads((out / "compare.json").read_text())
    rows = rows_of(out / "compare.csv")
    assert [row["name"] for row in rows] == ["a", "b", "c"] == [one["name"] for one in facts["reconstructions"]]
    errors, fits = ([float(row[key] or "nan") for row in rows] for key in ("nrmse_complex", "r_factor"))
    assert errors == sorted(errors) and fits[0] < fits[1] and np.isnan(fits[2])
    assert len({tuple(one["region_px"]) for one in facts["reconstructions"]}) == 1
    assert {row["name"] for row in rows_of(out / "curves.csv")} == {"a", "b", "c"}


def test_reconstructions_of_unlike_extent_share_their_region(recons, scan, out):
    np.savez(recons[1], object=scan.object[20:80, 30:90], origin=[20, 30])
    assert ptycho("compare", *recons, "--output-dir", out).exit_code == 0
    fair, poor = json.loads((out / "compare.json").read_text())["reconstructions"]
    assert fair["region_px"] == poor["region_px"]
    np.testing.assert_allclose(fair["region_px"], (16, 76, 24, 84), atol=1)


def test_what_a_result_says_of_itself_stands_beside_those_that_say_nothing(scan, tmp_path, out):
    shape, known = scan.object.shape, {"object": scan.object, "origin": [0, 0], "ramp": [0, 0], "probe": scan.probe}
    maps = {"uncertainty": np.full(shape, 0.02, np.float32), "local_resolution": np.full(shape, 3.5, np.float32)}
    paths = [tmp_path / "sure.npz", tmp_path / "silent.npz"]
    for path, said in zip(paths, (maps, {})):
        np.savez(path, **known, **said)
    result = ptycho("compare", *paths, "--output-dir", out, "--truth", paths[1])
    assert result.exit_code == 0, result.output
    sure, silent = (one["figures"] for one in json.loads((out / "compare.json").read_text())["reconstructions"])
    assert sure["error_bar"] == pytest.approx(0.02) and sure["local_resolution_px"] == 3.5
    assert "error_bar" not in silent and "local_resolution_px" not in silent


def test_without_a_truth_the_first_is_the_reference(recons, scan_file, out):
    result = ptycho("compare", *recons, "--scan", scan_file, "--output-dir", out)
    assert result.exit_code == 0, result.output
    facts = json.loads((out / "compare.json").read_text())
    assert facts["reference"] == "good" and facts["truth"] is None
    reference, fair, poor = facts["reconstructions"]
    assert set(reference["figures"]) == {"r_factor", "deviance_per_photon", "deviance_over_noise"}
    assert fair["figures"]["nrmse_complex"] < poor["figures"]["nrmse_complex"]


def test_names_are_those_of_files_or_folders_and_differ(tmp_path):
    paths = [tmp_path / "out" / "reconstruction.npz", tmp_path / "lsqml.npz", tmp_path / "run"]
    assert names_of(paths, None) == ["out", "lsqml", "run"]
    assert len(set(names_of([tmp_path / "a" / "x.npz", tmp_path / "b" / "x.npz"], None))) == 2


REFUSED = {
    "one alone": (lambda recons: recons[:1], "two reconstructions", "good.npz alone", "Add another"),
    "names too few": (lambda recons: (*recons, "--names", "a,b"), "3 different names", "a,b", "Give one"),
    "names twice": (lambda recons: (*recons, "--names", "a,b,a"), "different names", "Give one"),
    "one file twice": (lambda recons: 2 * recons[:1], "different files", "good.npz", "Leave out"),
    "no place for the scan's box": (lambda recons: (*recons, "--region", "scan"), "positions", "--scan"),
}


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED)
def test_impossible_comparisons_are_refused(recons, out, row):
    arguments, *words = row
    assert_said_plainly(ptycho("compare", *arguments(recons), "--output-dir", out), *words, out=out)


def test_a_reconstruction_elsewhere_is_refused_and_old_results_stay(recons, scan, scan_file, out):
    assert ptycho("evaluate", recons[0], scan_file, "--output-dir", out).exit_code == 0
    before = (out / "evaluation.json").read_bytes()
    np.savez(recons[0], object=scan.object, origin=[700, 0])
    result = ptycho("evaluate", recons[0], scan_file, "--output-dir", out)
    assert_said_plainly(result, "16 x 16 pixels", "no overlap between the two", "same scan")
    assert (out / "evaluation.json").read_bytes() == before


def test_a_probe_of_another_size_is_refused(recons, scan, scan_file, out):
    np.savez(recons[0], object=scan.object, origin=[0, 0], probe=np.ones((16, 16)) + 0j)
    result = ptycho("evaluate", recons[0], scan_file, "--output-dir", out)
    assert_said_plainly(result, "probe", "32 pixels", "(1, 16, 16)", "is it of another scan", out=out)


@pytest.mark.parametrize("value", [0, 1, np.nan], ids=["zeros", "ones", "NaN"])
def test_an_object_that_is_no_truth_is_noted_and_the_patterns_judge(value, recons, scan_file, out):
    """Files hold such objects where nobody knew one."""
    with np.load(scan_file) as file:
        np.savez(scan_file, **{**file, "objectGuess": np.full_like(file["objectGuess"], value)})
    result = ptycho("evaluate", recons[0], scan_file, "--output-dir", out)
    assert result.exit_code == 0, result.output
    assert "The object objectGuess is left out: " in result.stderr
    figures = json.loads((out / "evaluation.json").read_text())["figures"]
    assert set(figures) == {"r_factor", "deviance_per_photon", "deviance_over_noise"}
    result = ptycho("compare", *recons, "--truth", scan_file, "--output-dir", out / "many")
    assert_said_plainly(result, "must hold an object", "Received", "--scan", out=out / "many")
    assert "The object objectGuess is left out: " in result.stderr


def test_a_flat_reconstruction_is_refused_in_a_line(recons, scan_file, out):
    np.savez(recons[0], object=np.zeros((88, 86), complex), origin=[4, 6])
    assert_said_plainly(ptycho("evaluate", recons[0], scan_file, "--output-dir", out), "must vary", "no pixel", out=out)


def test_a_picture_that_cannot_be_drawn_is_noted_and_loses_nothing(recons, scan_file, out, monkeypatch):
    """And none of an earlier evaluation stays beside the new figures."""
    ptycho("evaluate", recons[1], scan_file, "--output-dir", out)

    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr("ptychopinn.report.score_pictures.panels", fail)
    result = ptycho("evaluate", recons[0], scan_file, "--output-dir", out)
    assert result.exit_code == 0 and "Note: no comparison.png." in result.stderr
    assert {file.name for file in out.iterdir()} == EVALUATION - {"comparison.png"}
    assert json.loads((out / "evaluation.json").read_text())["reconstruction"] == str(recons[0])


def test_names_that_would_act_are_harmless_wherever_they_go(recons, scan_file, out):
    """Escape sequences, bytes that are no UTF-8, formulas, and text that runs backwards."""
    names = ["\x1b[31mred\x07", "\udcff\udc80", "$\\frac{$", "\u202eback"]
    files = [recons[0].with_name(f"{name}.npz") for name in names]
    for file in files:
        shutil.copyfile(recons[0], file)
    results = [ptycho("compare", *files, "--truth", scan_file, "--output-dir", out)]
    results += [ptycho("evaluate", files[1], scan_file, "--output-dir", out / "one")]
    results += [ptycho("evaluate", files[0], scan_file.with_name("\udcff\x1b.npz"))]
    assert [result.exit_code for result in results] == [0, 0, 1]
    written = [path.read_text("utf-8") for path in out.rglob("*") if path.suffix in (".html", ".json", ".csv")]
    assert len(written) == 8
    for text in [*written, *(result.output for result in results)]:
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202e]", text), text[:200]
    assert not any("Note" in result.output for result in results)
    assert r"\x1b[31mred\x07" in (out / "report.html").read_text("utf-8")


def test_no_backend_is_needed(recons, scan_file, out):
    code = (
        "import sys; from ptychopinn_cli.main import main;"
        f"main(['evaluate', {str(recons[0])!r}, {str(scan_file)!r}, '--output-dir', {str(out)!r}], "
        "standalone_mode=False); sys.exit(any(name in sys.modules for name in ('keras', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
