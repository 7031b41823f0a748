"""Laws of the page: it needs nothing else, shows what was measured, and hides no text in its markup."""

import base64
import dataclasses
import io
import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from refusal import ptycho

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_patterns import residual
from ptychopinn.evaluation.against_truth import score
from ptychopinn.evaluation.evaluate import evaluate_one, evaluate_together
from ptychopinn.report.colours import Scale, of_phase
from ptychopinn.report.evaluation_page import page_of_comparison, page_of_evaluation
from ptychopinn.report.fit import fit
from ptychopinn.report.images import limit_size, paint, paint_complex
from ptychopinn.report.page import PAGE, render
from ptychopinn.report.run import Run, page_of_run
from ptychopinn.report.viewer import scale_bar
from ptychopinn.report.words import metres, number, round_length

NASTY = '<script>alert("1")</script>&amp;'
RECONSTRUCTION = {
    "reconstruction.npz", "report.json", PAGE, "amplitude.png", "phase.png", "probe.png", "comparison.png",
    "uncertainty.png",
}  # fmt: skip
HISTORY = [
    {"epoch": epoch, "loss": 1.0 / epoch, "r_factor": 0.3 / epoch, "val_loss": 1.1 / epoch, "val_r_factor": 0.4 / epoch,
     "learning_rate": 1e-3, "seconds": 2.0}
    for epoch in (1, 2, 3)
]  # fmt: skip


class Reader(HTMLParser):
    """Tags with their attributes, and the text outside styles and scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words, self._inside = [], [], None
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self._inside = tag
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        if self._inside not in ("style", "script"):
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def reconstruction(scan):
    """A blurred reconstruction, with light where the scan went."""
    light = np.zeros(scan.object.shape, np.float32)
    for y, x in scan.positions.round().astype(int):
        light[y - 8 : y + 8, x - 8 : x + 8] += 1
    image = scan.object + 0.05 * np.random.default_rng(0).standard_normal(scan.object.shape)
    return Reconstruction(image.astype(np.complex64), light, (0, 0), probe=scan.probe, positions=scan.positions,
                   pixel_size_m=2e-8, name="blurred")  # fmt: skip


@pytest.fixture(scope="module")
def run(scan, reconstruction):
    truth = Reconstruction(scan.object, origin=(0, 0), positions=scan.positions, name="truth")
    return Run(
        title=f"Reconstruction of {NASTY}", subtitle="today", reconstruction=reconstruction, scan=scan, history=HISTORY,
        facts={"Command": {"command": f"ptycho infer {NASTY}"}, "Data": {"shape": [100, 32, 32], "sha256": "ab" * 32}},
        headline=[("12", "patterns a second")], first_probe=1j * scan.probe, score=score(reconstruction, truth),
    )  # fmt: skip


@pytest.fixture(scope="module")
def html(run):
    return render(page_of_run(run))


def decode(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_the_page_needs_nothing_else(html):
    reader = Reader(html)
    for tag, attributes in reader.tags:
        for name in {"src", "href", "action", "poster", "srcset"} & set(attributes):
            assert attributes[name].startswith(("data:", "#")), f"{tag} {name}={attributes[name][:60]}"
    assert "http:" not in html and "https:" not in html and "url(" not in html and "@import" not in html
    (policy,) = (meta["content"] for meta in reader.all("meta") if meta.get("http-equiv"))
    assert policy.startswith("default-src 'none';")
    assert len(html) < 5e6


def test_every_picture_is_whole_and_said_in_words(html):
    reader = Reader(html)
    pictures = reader.all("img")
    assert len(pictures) > 30
    for picture in pictures:
        kind, _, content = picture["src"].partition(";base64,")
        assert "alt" in picture
        if kind == "data:image/svg+xml":
            assert ElementTree.fromstring(base64.b64decode(content)).tag.endswith("svg")
        else:
            decode(picture["src"]).load()
    names = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(set(names)) == len(names)
    assert {link["href"].removeprefix("#") for link in reader.all("a")} == set(names)


def test_text_stays_text(html):
    reader = Reader(html)
    assert len(reader.all("script")) == 1 and NASTY not in html
    assert f"Reconstruction of {NASTY}" in "".join(reader.words)


def test_the_numbers_are_those_of_the_run(html, run, scan, reconstruction):
    text = Reader(html).text
    assert f"{residual(reconstruction, scan.probe, scan).r_factor:.4f} R-factor of the stitched object" in text
    assert "100 × 32 × 32 px patterns" in text and "12 patterns a second" in text
    figures = run.score.figures
    for key, name in (("mae", "mean absolute error"), ("nrmse", "NRMSE"), ("frc50", "FRC above 0.5 / (1/px)")):
        row = " ".join(number(figures[f"{key}_{kind}"]) for kind in ("complex", "amplitude", "phase"))
        assert f"{name} {row}" in text
    assert f" SSIM – {number(figures['ssim_amplitude'])}" in text
    assert "3 epochs in 6 s, to a loss of 0.3333." in text and "ab" * 32 in text
    step = np.median([np.sort(np.linalg.norm(scan.positions - one, axis=1))[1] for one in scan.positions])
    assert f"step {step:.1f} px" in text and "20 nm" in text


def test_a_scan_without_truth_history_or_pixel_size_has_a_page(run, reconstruction):
    bare = dataclasses.replace(
        run,
        reconstruction=dataclasses.replace(reconstruction, pixel_size_m=None),
        history=[],
        score=None,
        first_probe=None,
    )
    reader = Reader(render(page_of_run(bare)))
    assert [link["href"] for link in reader.all("a")] == ["#object", "#fit", "#scan", "#probe", "#run"]
    assert "20 px" in reader.text


def test_an_evaluation_s_page_has_its_figures(scan, reconstruction):
    truth = Reconstruction(scan.object, origin=(0, 0), positions=scan.positions, name="truth")
    found = evaluate_one(reconstruction, truth, scan)
    reader = Reader(render(page_of_evaluation(found, reconstruction, truth, scan, {})))
    assert [link["href"] for link in reader.all("a")] == ["#truth", "#fit", "#probe", "#run"]
    assert f"{number(found.figures['nrmse_complex'])} NRMSE" in reader.text
    assert f"{number(found.figures['r_factor'])} R-factor" in reader.text


def test_an_evaluation_without_truth_shows_the_object(scan, reconstruction):
    reader = Reader(
        render(page_of_evaluation(evaluate_one(reconstruction, None, scan), reconstruction, None, scan, {}))
    )
    assert [link["href"] for link in reader.all("a")] == ["#object", "#fit", "#probe", "#run"]


def test_a_comparison_s_page_has_a_row_and_a_pane_for_each(scan, reconstruction):
    other = dataclasses.replace(reconstruction, object=1j * scan.object, name="other")
    found = evaluate_together({"one": reconstruction, "other": other}, Reconstruction(scan.object, name="truth"))
    reader = Reader(render(page_of_comparison(found, "truth", None, {})))
    for one in found:
        assert f"{one.name} {number(one.figures['nrmse_complex'])}" in reader.text
    panes = [picture["alt"] for picture in reader.all("img") if "amplitude" in picture["alt"]]
    assert panes == [f"amplitude of the {name}" for name in ("one", "other", "truth")]


def test_colours_are_the_values():
    values = np.array([[0.0, 1.0, 0.5], [-3.0, 9.0, np.nan]])
    picture = np.asarray(decode(paint(values, Scale("gray", 0.0, 1.0))).convert("RGBA"))
    assert picture[..., 0].tolist()[0] == [0, 255, 128] and picture[1, :2, 0].tolist() == [0, 255]
    assert picture[..., 3].tolist() == [[255, 255, 255], [255, 255, 0]]


def test_hue_is_the_phase_and_brightness_the_modulus():
    values = np.array([[1, 1j, -1, 0.5, 7, np.nan]])
    red, *others = np.asarray(decode(paint_complex(values, 1.0)))[0].tolist()
    assert red == [255, 0, 0, 255]
    assert others == [[128, 255, 0, 255], [0, 255, 255, 255], [128, 0, 0, 255], [255, 0, 0, 255], [0, 0, 0, 0]]


def test_only_a_phase_that_wraps_is_shown_on_a_circle():
    ramp = np.linspace(-np.pi, np.pi, 1000)
    assert of_phase(ramp) == Scale("twilight", -np.pi, np.pi) and of_phase(ramp / 2).colours == "gray"


def test_large_images_are_averaged(scan):
    image = np.arange(60.0).reshape(6, 10) + 1j
    image[0, 0] = np.nan
    small = limit_size(image, largest=5)
    assert small.shape == (3, 5)
    assert small[1, 2] == image[2:4, 4:6].mean() and small[0, 0] == np.mean([1, 10, 11]) + 1j
    assert limit_size(scan.object) is scan.object


@pytest.mark.parametrize(
    "longest, expected", [(1, 1), (1.99, 1), (4.9, 2), (9, 5), (34, 20), (0.07, 0.05), (3e-7, 2e-7)]
)
def test_scale_bars_have_round_lengths(longest, expected):
    assert round_length(longest) == pytest.approx(expected)


def test_a_scale_bar_says_its_length():
    assert scale_bar(400, None) == (0.25, "100 px")
    width, words = scale_bar(400, 1.3e-8)
    assert words == "1 µm" and width * 400 * 1.3e-8 == pytest.approx(1e-6)
    assert [metres(value) for value in (1e-9, 9.5e-7, 1e-3, 2.0, 5e-11)] == ["1 nm", "950 nm", "1 mm", "2 m", "50 pm"]


def test_a_part_of_a_scan_keeps_patterns_positions_photons_and_probe(scan):
    some = scan.subset([40, 7, 8])
    np.testing.assert_array_equal(some.amplitudes(slice(None)), scan.amplitudes(np.array([7, 8, 40])))
    np.testing.assert_array_equal(some.amplitudes(np.array([2, 0])), scan.amplitudes(np.array([40, 7])))
    np.testing.assert_array_equal(some.positions, scan.positions[[7, 8, 40]])
    assert len(some) == 3 and some.mean_photons == scan.mean_photons and np.array_equal(some.probe, scan.probe)


def test_the_worst_pattern_is_found_and_shown(scan):
    """A pattern that was swapped for another place's fits worst, wherever it stands among those that are compared."""
    patterns = scan.patterns.copy()
    patterns[61] = np.roll(patterns[61], 5, axis=0)
    spoilt = dataclasses.replace(scan, patterns=patterns)
    truth = Reconstruction(scan.object, origin=(0, 0), probe=scan.probe, positions=scan.positions)
    found = fit(truth, spoilt, indices=np.arange(1, 100, 2), at_most=50)
    assert found.compared[found.worst[0]] == 61 and len(found.compared) == 50
    np.testing.assert_allclose(found.measured[0], patterns[61], rtol=1e-5)
    assert found.predicted[0].sum() == pytest.approx(patterns[61].sum(), rel=0.1)
    np.testing.assert_array_equal(found.positions, scan.positions[1::2])


def test_the_cost_of_the_fit_is_bounded_and_the_page_says_so(run, monkeypatch):
    few = fit(run.reconstruction, run.scan, at_most=30)
    assert len(few.residual.by_pattern) == 30 and few.compared[[0, -1]].tolist() == [0, 99]
    monkeypatch.setattr("ptychopinn.report.run.fit", lambda *_: few)
    assert "30 of 100 patterns, evenly drawn" in Reader(render(page_of_run(run))).text


def test_infer_writes_a_page_that_says_what_the_report_says(bundle, scan_file, out):
    assert ptycho("infer", bundle, scan_file, "--output-dir", out).exit_code == 0
    record, text = json.loads((out / "report.json").read_text()), Reader((out / "report.html").read_text()).text
    for name in ("patterns", "size_px", "backend", "error_against_file_object", "patterns_per_second"):
        assert f"{name.replace('_', ' ')} {number(record[name])}" in text, name
    assert record["seconds"].pop("page") > 0
    for name, seconds in record["seconds"].items():
        assert f"{name} {number(seconds)}" in text
    assert f"{record['error_against_file_object']:.4f} complex error" in text and "ptycho " in text


def test_a_page_of_another_scan_does_not_stay_behind(bundle, scan_file, out):
    out.mkdir()
    (out / "report.html").write_text("an earlier scan")
    ptycho("infer", bundle, scan_file, "--output-dir", out, "--no-report")
    assert (out / "report.json").exists() and not (out / "report.html").exists()


@pytest.mark.parametrize("broken, lost", [("report.run.page_of_run", PAGE), ("report.pictures.of_probe", "probe.png")])
def test_a_drawing_that_cannot_be_made_loses_nothing_else(bundle, scan_file, out, monkeypatch, broken, lost):
    """Nor does one of an earlier reconstruction stay beside the new arrays."""
    out.mkdir(exist_ok=True)
    (out / lost).write_text("of an earlier one")

    def fail(*_):
        raise IndexError("of no pixel")

    monkeypatch.setattr(f"ptychopinn.{broken}", fail)
    done = ptycho("infer", bundle, scan_file, "--output-dir", out, "--refine", 0)
    assert done.exit_code == 0 and f"Note: no {lost}. of no pixel" in done.stderr and done.stderr.count("Note:") == 1
    assert files_of(out) == RECONSTRUCTION - {lost}


@pytest.mark.parametrize("options", [(), ("--no-report",)])
def test_folders_named_like_drawings_are_in_nobody_s_way(bundle, scan_file, out, options):
    for name in (PAGE, "phase.png"):
        (out / name).mkdir(parents=True)
    done = ptycho("infer", bundle, scan_file, "--output-dir", out, "--refine", 0, *options)
    assert done.exit_code == 0 and done.stderr.count("Note: no ") == 2 - len(options), done.output
    assert "Is a directory" in done.stderr and files_of(out) == RECONSTRUCTION
    assert all((out / name).is_dir() for name in (PAGE, "phase.png"))


def test_a_training_outlives_a_folder_in_the_place_of_its_page(scan_file, out):
    (out / PAGE).mkdir(parents=True)
    done = ptycho("train", scan_file, "--output-dir", out, "--epochs", 1, "--n-filters-scale", 0.1, "--n-groups", 8)
    assert done.exit_code == 0 and f"Note: no {PAGE}. " in done.stderr and (out / "model.keras").exists(), done.output


def files_of(folder):
    """Return the names of what a folder holds, besides its lock."""
    return {path.name for path in folder.iterdir()} - {".ptychopinn-lock"}


def test_training_writes_a_page_of_the_middle_of_its_scan(scan_file, out, monkeypatch):
    monkeypatch.setattr("ptychopinn.report.fit.AT_MOST", 40)
    done = ptycho("train", scan_file, "--output-dir", out, "--epochs", 1, "--n-filters-scale", 0.1, "--quiet")
    assert done.exit_code == 0, done.output
    text = Reader((out / "report.html").read_text()).text
    assert "the 40 patterns in the middle of the training scan" in text and "40 × 32 × 32 px patterns" in text
    assert "epochs 1" in text and "learning rate" in " ".join(Reader((out / "report.html").read_text()).text.split())


def test_a_page_shows_what_the_passes_found(run, scan, reconstruction):
    record = {"refinement_deviances": [0.4, 0.2, 0.3], "refinement_passes": 1, "interrupted": True,
              "positions_moved_rms_px": 0.5, "flux_least_most": [0.9, 1.1]}  # fmt: skip
    moved = scan.positions + np.random.default_rng(1).normal(0, 0.5, scan.positions.shape)
    found = dataclasses.replace(
        reconstruction, record=record, positions=moved, flux=np.linspace(0.9, 1.1, len(scan)), probe=scan.probe
    )
    page = Reader(render(page_of_run(dataclasses.replace(run, reconstruction=found))))
    for words in ("2 passes over the scan", "best after pass 1", "interrupted", "positions moved rms px"):
        assert words in page.text
    drawn = {"deviance of what judges by pass", "shifts of the positions", "flux by pattern"}
    assert drawn <= {picture["alt"] for picture in page.all("img")}


def test_a_page_shows_what_else_of_the_experiment_was_found(run, scan, reconstruction):
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(len(scan), 2)) + 1j * rng.normal(size=(len(scan), 2))
    found = dataclasses.replace(
        reconstruction, slices=np.stack([reconstruction.object, np.ones_like(reconstruction.object)]),
        probe_variation=np.stack([0.1 * scan.probe, 0.2 * scan.probe]), probe_weights=weights,
        background=np.full((32, 32), 1.5),
    )  # fmt: skip
    page = Reader(render(page_of_run(dataclasses.replace(run, reconstruction=found))))
    for words in ("2 slices", "Dimension 2: 4 % of the mean probe's photons", "1536 in all, 1.5 in a pixel"):
        assert words in page.text
    drawn = {"phase of the slice 2", "weights of the probe's variation by pattern", "background of the detector"}
    assert drawn <= {picture["alt"] for picture in page.all("img")}


def test_a_page_says_nothing_of_what_was_not_looked_for(html):
    titles = Reader(html).text
    assert not any(words in titles for words in ("Slices", "Variation of the probe", "Background"))
