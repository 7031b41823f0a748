"""Laws of workers: several processes make of a scan what one does, also where one of them dies."""

import os
import signal

import numpy as np
import psutil
import pytest
from conftest import simulated
from refusal import assert_said_plainly, ptycho


def workers():
    """Return the processes that Python spawned from this one, but for the tracker of shared memory."""
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_killed_worker_is_replaced_and_two_make_what_one_does():
    from ptychopinn import ReconstructionParams, reconstruct

    scan = simulated(176, 32, step=10)  # so large that tiles of two are apart
    seen, killed = [], []

    def kill(part, done, total):
        seen.append(len(workers()))
        if done == 3 * len(scan):
            killed.append(workers()[0])
            os.kill(killed[0].pid, signal.SIGKILL)

    found = []
    for watch, several in ((lambda *_: None, None), (kill, 2)):
        params = ReconstructionParams(
            passes=23, focus="keep", positions="refine", flux="find", background="find", batch_size=16, workers=several
        )
        found.append(reconstruct(scan, params=params, progress=watch))
    assert set(seen) == {2} and killed and not workers()
    one, two = found
    np.testing.assert_allclose(*(each.record["refinement_deviances"] for each in found), rtol=1e-4)
    known = one.weight > 0.1 * one.weight.max()
    assert np.linalg.norm((two.object - one.object)[known]) < 1e-3 * np.linalg.norm(one.object[known])
    np.testing.assert_allclose(two.probe, one.probe, atol=1e-3 * np.abs(one.probe).max())
    np.testing.assert_allclose(two.flux, one.flux, rtol=1e-3)
    np.testing.assert_allclose(two.positions, one.positions, atol=1e-3)
    np.testing.assert_allclose(two.background, one.background, atol=1e-3 * one.background.max() + 1e-4)


def test_workers_that_die_one_after_the_other_are_given_up_in_one_line(scan_file, out, monkeypatch):
    monkeypatch.setattr("ptychopinn.engine.processes.MOST_DEATHS", 1)
    monkeypatch.setattr("ptychopinn.engine.processes.serve", os.abort)
    done = ptycho("reconstruct", scan_file, "--workers", 2, "--passes", 1, "--focus", "keep", "--output-dir", out)
    assert_said_plainly(done, "A worker must live until it has answered", "Is memory at an end?", out=out)
    assert not workers()


def test_workers_without_passes_or_room_are_refused(scan_file, out):
    from ptychopinn.engine.shared import SHARED_MEMORY, check_shared

    done = ptycho("reconstruct", scan_file, "--workers", 2, "--passes", 0, "--output-dir", out)
    assert_said_plainly(done, "workers acts with passes", "Received: workers=2", out=out)
    if SHARED_MEMORY.is_dir():
        with pytest.raises(MemoryError, match="must share .* MiB in /dev/shm. Received: .* MiB free. Enlarge it"):
            check_shared(1 << 60)


def test_batches_are_shared_evenly(scan):
    from ptychopinn.engine.photons import Photons
    from ptychopinn.engine.share import Task
    from ptychopinn.engine.state import Moves
    from ptychopinn.engine.team import share_of
    from ptychopinn.physics.optics import FAR

    photons = Photons(scan, scan.probe, 64, workers=3)
    whole = Task(photons.chunks, photons.shape, photons.room, (96, 96), Moves(), FAR)
    shares = [share_of(whole, number, 3) for number in range(3)]
    for number, chunk in enumerate(photons.chunks):
        own = [np.concatenate(share.chunks[number]) for share in shares]
        np.testing.assert_array_equal(np.concatenate(own), np.concatenate(chunk))
        assert max(map(len, own)) - min(map(len, own)) <= photons.batch_size // 2 + 1


def test_a_tile_holds_its_windows_and_stays_where_they_move_a_little():
    from ptychopinn.engine.tile import ALIGNED, tile_of

    positions = np.array([[200.4, 90.0], [260.0, 140.2]])
    tile = tile_of(positions, 32, (300, 500))
    assert tile == tile_of(positions + 1.5, 32, (300, 500)) == (128, 64, 300 - 128, 128)
    assert (tile.top, tile.left) == (2 * ALIGNED, ALIGNED) and tile_of(positions[:0], 32, (300, 500)).of(positions).size
    assert tile.of(np.zeros((2, 1, 300, 500))).shape == (2, 1, 172, 128)
