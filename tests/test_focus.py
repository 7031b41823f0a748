"""Laws of focusing: a guess of a probe is propagated to where the scan was taken, and left where it is in focus."""

import dataclasses
import json

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn.engine.engine import Engine
from ptychopinn.physics.numpy_physics import near_field
from ptychopinn.physics.optics import FAR
from ptychopinn.physics.probes import agreement
from ptychopinn.reconstruction.focus import focused
from ptychopinn.reconstruction.params import ReconstructionParams
from ptychopinn.reconstruction.reconstruct import reconstruct
from ptychopinn.simulation import objects, probes, scans

TRUTH = objects.lines(80, count=80, seed=3)
PROBE = probes.gaussian(32, width=0.16, curvature=1.0)


def simulated(photons):
    """Scan lines with 64 patterns of so many photons."""
    positions = scans.jittered_raster(TRUTH.shape, 32, 6, seed=3, margin=1)
    return scans.simulate(TRUTH, PROBE, positions, photons=photons, seed=4)


def out_of_focus(scan, distance):
    """Return the scan with its probe propagated."""
    return dataclasses.replace(scan, probe_guess=near_field(scan.probe_guess, distance).astype(np.complex64))


@pytest.mark.parametrize("distance", [-60.0, 30.0])
@pytest.mark.parametrize("photons", [3e3, 1e6])
def test_a_probe_out_of_focus_is_brought_back(photons, distance):
    scan = out_of_focus(simulated(photons), distance)
    found, far = focused(scan.probe, scan, FAR)
    assert abs(far + distance) < 8
    assert agreement(found, PROBE[None] if PROBE.ndim == 2 else PROBE) > 0.98
    np.testing.assert_allclose(np.sum(np.abs(found) ** 2), np.sum(np.abs(scan.probe) ** 2), rtol=1e-3)


def test_a_probe_in_focus_stays():
    scan = simulated(1e5)
    found, far = focused(scan.probe, scan, FAR)
    assert far == 0 and found is scan.probe


@pytest.mark.parametrize("start", ["flat", "network"])
def test_what_interrupts_before_there_is_anything_to_keep_ends_it(start, monkeypatch):
    """The passes that find a focus, or an estimate for the network, must not take a Ctrl-C for their own."""
    made = []

    def turn(engine, turn, order):
        made.append(turn)
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "turn", turn)
    with pytest.raises(KeyboardInterrupt):
        reconstruct(simulated(1e5), params=ReconstructionParams(start=start))
    assert len(made) == 1


def test_amplitudes_tell_the_focus_too():
    scan = out_of_focus(simulated(1e6), 30.0)
    amplitudes = 0.01 * np.sqrt(np.asarray(scan.patterns, np.float32))
    _, far = focused(scan.probe, dataclasses.replace(scan, patterns=amplitudes, measurement="amplitude"), FAR)
    assert abs(far + 30) < 12  # they judge themselves


def test_the_command_focuses_unless_told_not_to_and_refuses_where_nothing_would_move(tmp_path):
    path = tmp_path / "scan.npz"
    scans.write_ptychopinn(path, out_of_focus(simulated(1e5), 60.0))

    def reports(*options):
        out = tmp_path / "out"
        done = ptycho("reconstruct", path, "--passes", 6, "--no-report", "--output-dir", out, *options)
        assert done.exit_code == 0, done.output
        return done.output, json.loads((out / "report.json").read_text())

    said, focused_on = reports()
    kept_said, kept = reports("--focus", "keep")
    assert "out of focus" in said and abs(focused_on["probe_propagated_px2"] + 60) < 8
    assert "out of focus" not in kept_said and "probe_propagated_px2" not in kept
    assert focused_on["error_against_file_object"] < 0.5 * kept["error_against_file_object"]
    result = ptycho("reconstruct", path, "--focus", "find", "--no-refine-probe", "--output-dir", tmp_path / "no")
    assert_said_plainly(result, "focus=find", "refine_probe=False", "Leave it out", out=tmp_path / "no")
