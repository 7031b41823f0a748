"""Laws of regions: where detail is finer and where coarser is told, with what more photons bring there."""

import dataclasses
import json

import numpy as np
import pytest
from refusal import ptycho

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation import ring_correlation as rings
from ptychopinn.evaluation.forecast import AT_HALF
from ptychopinn.evaluation.regions import DIFFERS, regions
from ptychopinn.evaluation.resolution import of_waves, resolution
from ptychopinn.simulation import objects, probes, scans

SIDE = 192


def halves_that_agree_up_to(frequency):
    """Two images with noise of their own, whose waves fall by q^1.5 to a correlation of 0.5 at a frequency `(y, x)`."""
    random = np.random.default_rng(3)
    radius = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE))
    pair = []
    white = random.normal(size=(3, 2, SIDE, SIDE))
    for noise in white[1:]:
        image = np.zeros((SIDE, SIDE), complex)
        for value in np.unique(frequency):
            agreement = of_waves(AT_HALF * np.exp(-30 * (radius**1.5 - value**1.5)) / 2)
            made = [np.sqrt(agreement) * np.fft.fft2(shared) + np.sqrt(1 - agreement) * np.fft.fft2(own)
                    for shared, own in zip(white[0], noise)]  # fmt: skip
            real, imag = (np.fft.ifft2(part).real for part in made)
            image = np.where(frequency == value, real + 1j * imag, image)
        pair.append(Reconstruction(image, np.ones((SIDE, SIDE), np.float32), (0, 0)))
    return dataclasses.replace(pair[0], halves=tuple(pair))


def test_the_finest_and_the_coarsest_region_are_found_and_each_is_foretold_by_itself():
    frequency = np.where(np.arange(SIDE) < SIDE // 2, 0.3, 0.15) * np.ones((SIDE, 1))
    made = halves_that_agree_up_to(frequency)
    found = regions(resolution(made), made)
    for one, value in zip(found, (0.3, 0.15), strict=True):
        _, _, left, right = one.resolution.region
        assert right <= SIDE // 2 + 8 if value == 0.3 else left >= SIDE // 2 - 8
        assert one.resolution.frc50 == pytest.approx(value, rel=0.12)
        expected = [min((value**1.5 + np.log(dose) / 30) ** (2 / 3), rings.NYQUIST) for dose in (2, 4)]
        assert [each.frc50 for each in one.forecasts] == pytest.approx(expected, rel=0.15)


def test_where_detail_is_as_fine_everywhere_or_the_field_is_small_nothing_is_told():
    made = halves_that_agree_up_to(np.full((SIDE, SIDE), 0.25))
    judged = resolution(made)
    assert regions(judged, made) == ()
    assert regions(dataclasses.replace(judged, region=(40, 100, 40, 100)), made) == ()


def test_the_command_tells_regions_in_its_report_and_on_its_page(tmp_path):
    truth = objects.transmission(objects.lines(152, count=200))
    truth[:, 76:] = np.abs(truth[:, 76:]) ** 0.3 * np.exp(0.3j * np.angle(truth[:, 76:]))  # of less contrast
    positions = scans.jittered_raster(truth.shape, 32, 7, seed=1, margin=1)
    scan = scans.simulate(truth, probes.gaussian(32, curvature=1.5), positions, photons=1e4, seed=2)
    path, out = tmp_path / "scan.npz", tmp_path / "out"
    scans.write_ptychopinn(path, dataclasses.replace(scan, pixel_size_m=1e-8))
    done = ptycho("reconstruct", path, "--resolution", "--no-refine-probe", "--passes", 15, "--output-dir", out)
    assert done.exit_code == 0, done.output
    finest, coarsest = json.loads((out / "report.json").read_text())["regions"]
    assert finest["frc50"] > DIFFERS * coarsest["frc50"] and finest["region_px"][3] <= coarsest["region_px"][3]
    assert finest["frc50"] < finest["forecast"][0]["frc50"] < finest["forecast"][1]["frc50"]
    page = (out / "report.html").read_text()
    assert "By region, at FRC 0.5" in page and f"{1 / finest['forecast'][1]['frc50']:.3g} px, " in page
