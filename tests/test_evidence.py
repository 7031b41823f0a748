"""Laws of evidence: photons held out choose the physics that made them, and nothing that a user said is overridden."""

import dataclasses
import json
import re

import numpy as np
import pytest
from refusal import ptycho

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.thinning import HOLDOUT
from ptychopinn.evaluation import all_at_once
from ptychopinn.evaluation.against_truth import score
from ptychopinn.evaluation.budget import A_MODE, OTHERS, Budget
from ptychopinn.evaluation.by_evidence import reconstruct_by
from ptychopinn.evaluation.evidence import FEWEST, Evidence, choose
from ptychopinn.evaluation.experiment_trials import Trials
from ptychopinn.evaluation.missed import SURE, WORTH, compared
from ptychopinn.evaluation.physics_sizes import own_moves
from ptychopinn.evaluation.tried import Tried
from ptychopinn.physics.experiment import Experiment
from ptychopinn.physics.numpy_physics import near_field
from ptychopinn.physics.optics import Optics
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.reconstruct import reconstruct
from ptychopinn.report.evidence import AGAIN, evidence_section, row
from ptychopinn.simulation import modes, objects, probes, scans

AS_TOLD = ("--positions", "keep", "--background", "none", "--modes", 1, "--flux", "even", "--opr", 0, "--blur", 0)
"""Options that leave nothing of the physics to choose."""


def simulated(background=0.0, photons=1e5):
    """Scan lines with 64 patterns of 32 x 32."""
    truth = objects.lines(96, count=120)
    positions = scans.jittered_raster(truth.shape, 32, 7.6, seed=1, margin=1)
    return scans.simulate(truth, probes.gaussian(32, curvature=1.5), positions, photons, seed=2, background=background)


def through_two_modes():
    """Scan lines with 144 patterns of 64 x 64 through two modes, of which the file holds one."""
    truth, probe = objects.lines(144, count=200), modes.incoherent(probes.gaussian(64, curvature=1.5), 2, 0.5)
    positions = scans.jittered_raster(truth.shape, 64, 6.5, seed=1, margin=1)
    return dataclasses.replace(scans.simulate(truth, probe, positions, 1e6, seed=2), probe_guess=probe[:1])


@pytest.fixture(scope="module")
def partly_coherent():
    """Evidence of a scan through two modes, of which its file holds one."""
    return choose(through_two_modes(), asked=("positions", "blur", "flux", "opr"))


def test_two_modes_are_chosen_where_two_made_the_patterns(partly_coherent):
    assert partly_coherent.chosen == {"modes": 2} and partly_coherent.params.modes == 2
    three, two = [one for one in partly_coherent.tried if one.name == "modes" and not one.instead][:2]
    assert (three.value, three.kept) == (3, False) and (two.value, two.kept) == (2, True)
    assert two.part > 1.5 * WORTH and two.gain > 1.5 * SURE * two.error and "taken" in two.words


@pytest.mark.parametrize(("patterns", "modes", "kept"), [(196, 3, True), (100, 3, False), (196, 2, False)])
def test_a_third_mode_must_explain_the_more_the_fewer_patterns_see_the_object(patterns, modes, kept):
    gains = np.random.default_rng(0).normal(0.007, 0.007, patterns)  # .07 of the .1 that noise leaves
    one = compared("modes", modes, found=1.1 - gains, without=np.full(patterns, 1.1), noise=1.0)
    assert one.part == pytest.approx(0.07, abs=0.01) and one.gain > SURE * one.error and one.kept == kept


def test_a_few_patterns_have_no_say_in_modes_and_all_have_in_the_rest():
    gains = np.random.default_rng(0).normal(0.05, 0.02, 196)
    gains[:6] = -2.0  # as of positions that only passes with another number of modes found
    told = {"found": 1.1 - gains, "without": np.full(196, 1.1), "noise": 1.0}
    mode, moved = (compared(name, 2, **told) for name in ("modes", "positions"))
    assert mode.kept and mode.gain == pytest.approx(0.05, rel=0.1) and mode.part == pytest.approx(0.5, rel=0.1)
    assert not moved.kept and moved.gain < 0


@pytest.mark.parametrize("little, left", [(0.02, 1), (0.001, 3)])
def test_modes_that_next_to_no_light_is_in_are_left_before_they_are_doubted(monkeypatch, little, left):
    monkeypatch.setattr(all_at_once, "LITTLE_LIGHT", little)
    truth = objects.transmission(objects.dead_leaves(96, 0))
    positions = scans.jittered_raster(truth.shape, 32, 5, seed=1, margin=1)
    scan, noted = scans.simulate(truth, probes.gaussian(32, curvature=1.5), positions, 1e6, seed=2), []
    trials = Trials(scan, scan.probe, ReconstructionParams(), Budget(len(scan), len(scan), allowed=2.0))
    belief = all_at_once.begun_with_all(trials, {"modes": 3}, noted.append)
    assert belief.params.modes == len(belief.estimate.probe) == left
    assert [one.value for one in noted] == list(range(3, left, -1))
    assert all(re.search(r"found \(1\.\d% of the light is in it\), left", one.words) for one in noted)


def test_passes_that_begin_again_with_what_was_found_come_nearer():
    scan = through_a_probe_that_varies()
    trials = Trials(scan, scan.probe, ReconstructionParams(opr=2), Budget(len(scan), len(scan), allowed=2.0))
    once = trials.begin(trials.params)
    again, on = trials.begin_again(once, trials.params), trials.go_on(once, trials.params)
    assert again.judged.mean() < min(once.judged.mean(), on.judged.mean())
    plain = dataclasses.replace(trials.params, opr=0)
    assert trials.begin_again(once, plain).params == plain


def test_nothing_is_chosen_where_all_is_told():
    found = choose(simulated())
    assert (
        not found.untried and not found.limits and found.chosen == {} and found.words == "the experiment as it is told"
    )
    assert {one.name for one in found.tried} == {"positions", "background", "blur", "modes", "flux", "opr"}


def through_a_probe_that_varies(flux=None):
    """Scan lines through a probe whose astigmatism varies, where the light may be unsteady."""
    truth, probe = objects.lines(144, count=200), probes.gaussian(64, curvature=1.5)
    positions = scans.jittered_raster(truth.shape, 64, 9, seed=1, margin=1)
    y, x = (np.mgrid[:64, :64] - 32) / 10
    weights = np.sin(np.arange(len(positions)) / 5)[:, None].astype(complex)
    variation = (0.35j * (y**2 - x**2) * probe)[None]
    light = None if flux is None else flux[: len(positions)]
    varied = Experiment(truth, probe, variation=variation, weights=weights, flux=light)
    return scans.simulate_experiment(varied, positions, 1e6, seed=2)


def test_a_probe_that_varies_is_not_taken_for_positions_that_are_wrong():
    found = choose(through_a_probe_that_varies(), asked=("background", "blur", "modes", "flux"))
    assert found.chosen == {"opr": 2}
    assert {one.name: one.kept for one in found.tried} == {"positions": False, "opr": True}


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_unsteady_light_is_told_beside_a_probe_that_varies(spread):
    flux = np.exp(spread * np.random.default_rng(8).normal(size=1000))
    found = choose(through_a_probe_that_varies(flux), asked=("positions", "background", "blur", "modes"))
    assert found.chosen == {"opr": 2, **({"flux": "find"} if spread else {})}
    light = found.tried[-1]
    assert light.name == "flux" and light.kept == bool(spread) and "its light differs by" in light.found
    assert ("held by the probe that varies" in light.words) == bool(spread)


def reconstructed(deviance, **record):
    """What passes made of a scan, by what they miss of photons held out."""
    told = {"start": "flat", "probe": "scan", "interrupted": False, "refinement_passes": 1, **record}
    return Reconstruction(np.ones((8, 8)), record={**told, "refinement_deviances": [9.0, deviance]})


@pytest.mark.parametrize("second, kept", [(0.5, True), (0.9, False)])
def test_what_goes_astray_is_made_again_from_the_probe_of_trials_and_the_better_one_is_kept(second, kept):
    scan, params = through_two_modes(), ReconstructionParams(modes=2)
    probe = np.asarray(modes.incoherent(scan.probe_guess, 2, 0.5))
    evidence, said, made = Evidence(params, {"modes": 2}, probe=probe, deviance=0.7), [], []

    def make(scan, params):
        made.append((scan.probe_guess, params.focus))
        return reconstructed(second if len(made) == 2 else 0.8)

    found = reconstruct_by(evidence, scan, make, said.append)
    assert len(said) == 1 and [focus for _, focus in made] == [None, "keep"] and made[1][0] is probe
    assert found.record["refinement_deviances"][1] == min(second, 0.8) and bool(found.record.get("again")) == kept


@pytest.mark.parametrize(
    "chosen, record", [({}, {}), ({"modes": 2}, {"start": "network"}), ({"modes": 2}, {"interrupted": True})]
)
def test_nothing_is_made_again_where_trials_know_no_better(chosen, record):
    scan, evidence = through_two_modes(), Evidence(ReconstructionParams(), chosen, probe=np.ones(3), deviance=0.7)
    found = reconstruct_by(evidence, scan, lambda *_: reconstructed(0.8, **record), pytest.fail)
    assert "again" not in found.record
    fine = dataclasses.replace(evidence, chosen={"modes": 2}, deviance=0.81)
    assert "again" not in reconstruct_by(fine, scan, lambda *_: reconstructed(0.8), pytest.fail).record


def test_what_is_true_together_is_found_together():
    """Two modes, positions 1 px off and a background: tried one after another, the first explains the others."""
    scan = through_two_modes()
    shape, random = scan.object.shape, np.random.default_rng(5)
    probe = modes.incoherent(scan.probe_guess, 2, 0.5)
    told = scans.jittered_raster(shape, 64, 6, seed=1, margin=4)
    true = told + np.clip(random.normal(size=told.shape), -2.5, 2.5)
    taken = scans.simulate_experiment(Experiment(scan.object, probe, background=0.5), true, 1e6, seed=2)
    found = choose(dataclasses.replace(taken, positions=told, probe_guess=probe[:1]))
    assert found.chosen == {"background": "even", "positions": "refine", "modes": 2}
    assert any(one.name == "opr" and not one.kept for one in found.tried)


@pytest.mark.parametrize("again", [True, False])
def test_the_page_says_that_passes_were_made_again(again):
    evidence = Evidence(ReconstructionParams(modes=2), {"modes": 2}, patterns=80)
    note = evidence_section(evidence, again).note
    assert (AGAIN in note) == again and "80 patterns" in note


def test_what_trials_foretell_for_photons_held_out_is_what_as_many_of_them_miss():
    """Trials hold out more photons than passes to an image do, whose noise is then larger."""
    scan = simulated()
    trials = Trials(scan, scan.probe, ReconstructionParams(), Budget(len(scan), len(scan), allowed=2.0))
    belief = trials.begin(trials.params)
    here = belief.judged.mean() / scan.mean_photons
    noise, of_passes = trials.noise(belief), trials.noise(belief, HOLDOUT)
    assert of_passes > 1.5 * noise
    assert trials.deviance_of_passes(belief) == pytest.approx(here - noise + of_passes)
    found = reconstruct(scan, params=ReconstructionParams(focus="keep"))
    kept = found.record["refinement_deviances"][found.record["refinement_passes"]]
    assert trials.deviance_of_passes(belief) == pytest.approx(kept, rel=0.1)


def test_a_trial_that_brought_nothing_is_not_made_again():
    scan = simulated()
    trials = Trials(scan, scan.probe, ReconstructionParams(), Budget(len(scan), len(scan), allowed=2.0))
    belief = trials.begin(trials.params)
    while not belief.settled:
        belief = trials.go_on(belief, trials.params)
    spent = trials.budget.spent
    assert trials.go_on(belief, trials.params) is belief and trials.budget.spent == spent
    blurred = dataclasses.replace(trials.params, blur=0.6)
    assert trials.go_on(belief, blurred) is not belief and trials.budget.spent > spent


def test_moves_that_are_an_affine_map_of_all_positions_are_no_positions_that_were_wrong():
    random = np.random.default_rng(0)
    positions, own = random.uniform(0, 100, (200, 2)), random.normal(size=(200, 2))
    affine = positions @ [[0.02, 0.01], [-0.01, 0.03]] + (3, -2)
    assert own_moves(affine, positions) < 1e-9
    assert 0.9 < own_moves(affine + own, positions) < 1.1


def test_a_detector_that_blurs_is_told_by_about_as_much_as_it_does():
    truth, probe = objects.lines(144, count=200), probes.gaussian(64, curvature=1.5)
    positions = scans.jittered_raster(truth.shape, 64, 9, seed=1, margin=1)
    blurred = scans.simulate_experiment(Experiment(truth, probe, optics=Optics(blur=0.8)), positions, 1e6, seed=2)
    found = choose(blurred, asked=("positions", "background", "modes", "flux", "opr"))
    assert found.chosen == {"blur": 0.9} and found.params.blur == 0.9
    assert [one.value for one in found.tried if one.kept] == [0.6, 0.9]


def test_modes_are_told_from_the_blur_that_they_may_be_taken_for():
    found = choose(through_two_modes(), asked=("positions", "background", "flux", "opr"))
    assert found.chosen == {"modes": 2}
    blurs = [one for one in found.tried if one.name == "blur"]
    assert [one.value for one in blurs] == [0.6, 0.9]
    assert all(one.instead == "--modes 2" and not one.kept for one in blurs)


def test_the_focus_that_evidence_finds_is_not_looked_for_again(tmp_path, monkeypatch):
    truth, path = objects.lines(80, count=80, seed=3), tmp_path / "scan.npz"
    positions = scans.jittered_raster(truth.shape, 32, 6, seed=3, margin=1)
    scan = scans.simulate(truth, probes.gaussian(32, width=0.16, curvature=1.0), positions, 1e5, seed=4)
    away = near_field(scan.probe_guess, 60.0).astype(np.complex64)
    scans.write_ptychopinn(path, dataclasses.replace(scan, probe_guess=away))
    monkeypatch.delattr("ptychopinn.reconstruction.reconstruct.focused")
    done = ptycho(
        "reconstruct", path, "--auto", *AS_TOLD, "--passes", 4, "--no-report", "--output-dir", tmp_path / "out"
    )
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert abs(report["probe_propagated_px2"] + 60) < 8 and report["error_against_file_object"] < 0.1


def test_a_background_is_chosen_and_light_is_not_taken_for_one(partly_coherent):
    assert "background" in choose(simulated(background=1.0), asked=("positions", "blur", "modes", "flux", "opr")).chosen
    assert not any(one.kept for one in partly_coherent.tried if one.name == "background")


def test_an_even_background_is_the_same_in_all_pixels_and_found():
    scan = simulated(background=3.0)
    blind, found = (reconstruct(scan, params=with_background(how, refine_probe=False)) for how in ("none", "even"))
    assert np.ptp(found.background) < 1e-5 * found.background.max() and 2.5 < found.background.mean() < 3.3
    assert error(found, scan) < 0.75 * error(blind, scan)


@pytest.mark.parametrize("how", ["even", "find"])
def test_an_object_that_few_photons_made_does_not_take_the_background_as_its_detail(how):
    scan = simulated(background=0.5, photons=1e4)
    blind, found = (reconstruct(scan, params=with_background(one)) for one in ("none", how))
    told = reconstruct(dataclasses.replace(scan, background=0.5), params=with_background("none"))
    assert 0.35 < found.background.mean() < 0.65
    assert error(found, scan) < 0.6 * error(blind, scan) and error(found, scan) < 1.1 * error(told, scan)


def test_a_background_is_not_found_where_there_is_none():
    scan = simulated(photons=1e4)
    without, found = (reconstruct(scan, params=with_background(how)) for how in ("none", "even"))
    assert found.background.mean() < 0.01 and error(found, scan) < 1.01 * error(without, scan)


def with_background(how, **more):
    """Return options of 20 passes with a background, from the probe where it is."""
    return ReconstructionParams(passes=20, focus="keep", background=how, **more)


def error(found, scan):
    """Return the complex error of a reconstruction."""
    return score(found, Reconstruction(scan.object, origin=(0, 0))).figures["nrmse_complex"]


def test_what_there_is_no_room_for_is_not_tried_and_said():
    found = choose(simulated(), allowed=0.01)
    assert not found.tried and not found.chosen
    assert sorted(found.untried) == ["--background even", "--blur 0.6", "--flux find", "--modes 2", "--modes 3",
                                     "--opr 2", "--positions refine"]  # fmt: skip
    assert all(one in found.limits for one in found.untried)
    assert found.record["untried"] == list(found.untried)


def test_a_budget_counts_passes_in_plain_runs():
    plain, dear = ReconstructionParams(), ReconstructionParams(modes=3, positions="refine", flux="find")
    budget = Budget(patterns=8000, part=4000, allowed=2.0)
    budget.spend(40, plain, part=4000)
    assert budget.runs == 0.5
    budget.spend(20, dear, part=4000)
    assert budget.runs == pytest.approx(0.5 + 10 * (1 + 2 * A_MODE + OTHERS["positions"] + OTHERS["flux"]) / 40)
    left = int((2.0 - budget.runs) * 80)  # a pass goes through half the scan
    assert budget.allows((left, plain)) and not budget.allows((left, plain), (1, plain))


def test_what_was_asked_for_is_not_tried_and_stays():
    asked = ReconstructionParams(modes=1, positions="refine", refine_probe=False)
    found = choose(simulated(), asked, asked=("modes", "positions", "background", "blur", "flux"))
    assert found.params == asked and not found.tried  # no variation either, of a probe that stands still


def test_what_has_no_photons_to_hold_out_is_left_as_it_is():
    scan = simulated()
    amplitudes = dataclasses.replace(scan, measurement="amplitude", patterns=np.sqrt(scan.patterns[:]))
    assert "no photons to hold out" in choose(amplitudes).why and not choose(amplitudes).chosen
    assert "too few" in choose(scan.subset(np.arange(FEWEST - 1))).why


def test_auto_says_what_was_tried_and_keeps_what_was_said(tmp_path):
    path, out = tmp_path / "scan.npz", tmp_path / "out"
    scans.write_ptychopinn(path, through_two_modes())
    said = ("--positions", "keep", "--background", "none", "--opr", 0, "--blur", 0)
    done = ptycho("reconstruct", path, "--auto", *said, "--passes", 4, "--output-dir", out)
    assert done.exit_code == 0, done.output
    assert "speak for --modes 2" in done.output and re.search("--flux find: .*, left", done.output)
    assert "--positions" not in done.output and "--opr" not in done.output
    report = json.loads((out / "report.json").read_text())
    assert report["evidence"]["chosen"] == {"modes": 2} and report["seconds"]["evidence"] > 0
    assert {one["name"] for one in report["evidence"]["tried"]} == {"modes", "flux"}
    assert len(report["mode_powers"]) == 2
    page = (out / "report.html").read_text()
    assert 'id="evidence"' in page and "What was tried" in page


def test_page_and_terminal_say_the_same_of_what_was_tried():
    worse, better = (Tried("blur", 0.6, gain, 0.3, gain / 0.4, kept=False) for gain in (-3.0, 0.1))
    assert row(worse)[1] == "nothing" and "nothing (predicts no better)" in worse.words
    assert row(better)[1:3] == ("25.0%", "0.3") and "25% of what noise leaves (0.3 standard errors)" in better.words
