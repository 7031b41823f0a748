"""Laws of the forecast by few patterns: it says what the whole scan then resolves, and needs photons and a backend."""

import dataclasses
import json

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn.engine.order import middle_of
from ptychopinn.evaluation import ring_correlation as rings
from ptychopinn.evaluation.enough import PATTERNS, dose_of_whole, enough
from ptychopinn.evaluation.resolution import Resolution, resolution
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.reconstruct import reconstruct
from ptychopinn.simulation import objects, probes, scans


def simulated(photons=1e5, step=6.0, side=144, **how):
    """Scan lines with patterns of 32 x 32."""
    truth = objects.lines(side, count=200)
    positions = scans.jittered_raster(truth.shape, 32, step, seed=1, margin=1)
    return scans.simulate(truth, probes.gaussian(32, curvature=1.5), positions, photons=photons, seed=2, **how)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The file of a scan whose pixel is known."""
    file = tmp_path_factory.mktemp("enough") / "scan.npz"
    scans.write_ptychopinn(file, dataclasses.replace(simulated(), pixel_size_m=1e-8))
    return file


def test_few_patterns_foretell_what_the_whole_scan_resolves():
    scan = simulated()
    assert len(scan) > 3 * PATTERNS
    told = enough(scan)
    whole = resolution(reconstruct(scan, params=ReconstructionParams(resolution=True)))
    now, twice, four_times = told.forecasts
    assert (now.dose, twice.dose, four_times.dose) == (1, 2, 4) and told.patterns == PATTERNS
    assert now.frc50 == pytest.approx(whole.frc50, rel=0.1)
    assert now.frc50 < twice.frc50 < four_times.frc50 and 1 == now.error > twice.error > four_times.error > 0.3


def test_patterns_beside_the_few_count_as_light():
    for step, light in ((6.0, (1, 1.35)), (2.5, (1.7, 4.0))):
        scan = simulated(step=step, side=104)
        part = middle_of(scan, PATTERNS)
        assert dose_of_whole(part, part, (20, 44, 20, 44)) == 1
        assert light[0] < dose_of_whole(scan, part, (16, 48, 16, 48)) < light[1], step


def test_what_agrees_on_nothing_is_said_to_foretell_nothing(monkeypatch):
    flat = Resolution(0.0, 0.0, 0.0, dict.fromkeys(("frequency", "halves"), rings.frequencies((64, 64))),
                      (8, 40, 8, 40), np.zeros((64, 64)), None, ())  # fmt: skip
    monkeypatch.setattr("ptychopinn.evaluation.enough.resolution", lambda found: flat)
    told = enough(simulated(step=10.0))
    assert told.forecasts == () and told.error is None and "too little" in told.words[0]
    assert told.record == {"patterns": PATTERNS, "error": None, "doses": []}


def test_inspect_foretells_on_screen_in_json_and_on_the_page(path, tmp_path):
    page = tmp_path / "page.html"
    done = ptycho("inspect", path, "--no-trials", "--forecast", "--report", page)
    facts = json.loads(ptycho("inspect", path, "--no-trials", "--forecast", "--json").stdout)["forecast"]
    now, twice, four_times = facts["doses"]
    assert now["frc50_px"] == pytest.approx(1 / now["frc50"], rel=1e-3)
    assert now["frc50_nm"] == pytest.approx(10 * now["frc50_px"], rel=1e-3)
    period = f"{now['frc50_px']:.3g} px, {now['frc50_nm']:.3g} nm (FRC 0.5), error {facts['error']:.2g}"
    assert f"the scan as it is: {period}" in done.output and f"{four_times['error']:.2f} times the error" in done.output
    html = page.read_text()
    assert 'id="forecast"' in html and f"{twice['frc50_px']:.3g} px, {twice['frc50_nm']:.3g} nm" in html
    assert "forecast" not in json.loads(ptycho("inspect", path, "--no-trials", "--json").stdout)


def test_amplitudes_a_bundle_and_an_idle_backend_are_refused(path):
    amplitudes = dataclasses.replace(simulated(), measurement="amplitude")
    with pytest.raises(ValueError, match="needs counts. Received: forecast of .*, of amplitudes"):
        enough(amplitudes)
    refused = ptycho("inspect", path, "--no-trials", "--backend", "torch")
    assert_said_plainly(refused, "without --forecast", "--backend torch", "Leave it out")
    assert_said_plainly(ptycho("inspect", "shipped", "--forecast"), "no scan to prepare", "forecast", "Leave them out")
