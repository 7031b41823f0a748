"""Laws of what arrives while a scan runs: nothing half written is believed, and it is the scan that is read at last."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest

from ptychopinn.formats import read_scan
from ptychopinn.formats.scans import recorded
from ptychopinn.live.arrivals import Arrivals
from ptychopinn.live.feeds import feed_of
from ptychopinn.preparation.params import Preparation


def arrays_of(scan, first=0, last=None):
    """Return some patterns of a scan as PtychoPINN's keys have them."""
    some = slice(first, last)
    y, x = scan.positions[some].T
    return {"diff3d": np.asarray(scan.patterns)[some], "xcoords": x, "ycoords": y, "probeGuess": scan.probe}


def written(folder, scan, step=20):
    """Write a scan as a folder of files, each of a few patterns."""
    folder.mkdir()
    for first in range(0, len(scan), step):
        np.savez(folder / f"part{first}.npz", **arrays_of(scan, first, first + step))
    return folder


def settled(arrivals, fewest=1):
    """Return the scan that two looks agree on."""
    arrivals.look(fewest)
    arrivals.look(fewest)
    return arrivals.look(fewest)


def assert_same(found, scan, count):
    assert len(found) == count
    assert np.array_equal(found.amplitudes(slice(None)), scan.amplitudes(slice(0, count)))
    moved = found.positions - scan.positions[:count]
    assert np.allclose(moved, moved[0], atol=1e-9)


@pytest.fixture
def folder(scan, tmp_path):
    return written(tmp_path / "parts", scan)


@pytest.mark.parametrize("step", [1, 20])
def test_a_folder_of_parts_is_one_scan(scan, tmp_path, step):
    """In the order of the numbers in the names, with no file left open."""
    open_before = len(os.listdir("/proc/self/fd"))
    read = read_scan(written(tmp_path / "parts", scan, step) / "*")
    assert np.array_equal(read.patterns[:], scan.patterns) and np.array_equal(read.positions, scan.positions)
    assert len(os.listdir("/proc/self/fd")) <= open_before + 1
    assert any("files" in note for note in read.notes)


def test_a_part_that_is_damaged_is_left_out_and_named(folder):
    (folder / "part20.npz").write_bytes((folder / "part20.npz").read_bytes()[:5000])
    read = read_scan(folder / "*")
    assert len(read) == 80 and any(note.startswith("Left out: part20.npz") for note in read.notes)


def test_a_part_that_is_lost_is_refused_where_order_alone_pairs(scan, tmp_path):
    """Positions of another file would go to the wrong patterns."""
    (tmp_path / "frames").mkdir()
    for first in range(0, 100, 20):
        with h5py.File(tmp_path / "frames" / f"part{first}.h5", "w") as file:
            file["entry/data/data"] = np.asarray(scan.patterns)[first : first + 20]
            file["entry/instrument/monochromator/distance"] = 2000.0
    assert np.array_equal(recorded(tmp_path / "frames/*").patterns[:], scan.patterns)
    (tmp_path / "frames/part20.h5").write_bytes((tmp_path / "frames/part20.h5").read_bytes()[:3000])
    with pytest.raises(ValueError, match="part20.h5"):
        recorded(tmp_path / "frames/*")


def test_what_arrives_in_a_folder_is_the_scan(scan, folder):
    assert_same(settled(Arrivals(feed_of(folder), Preparation())), scan, 100)


def test_a_file_half_written_waits_until_it_is_whole(scan, tmp_path):
    folder = written(tmp_path / "parts", scan, 50)
    whole = (folder / "part50.npz").read_bytes()
    (folder / "part50.npz").write_bytes(whole[: len(whole) // 2])
    arrivals = Arrivals(feed_of(folder), Preparation())
    assert_same(settled(arrivals), scan, 50)
    np.savez(folder / "part50.npz", **arrays_of(scan, 50, 60))
    assert len(arrivals.look(1)) == 50  # it might still grow, and does
    (folder / "part50.npz").write_bytes(whole)
    assert_same(settled(arrivals), scan, 100)


def test_positions_that_come_late_are_waited_for(scan, tmp_path):
    """Patterns lie in a file; positions are written line by line to another, the last of them not to its end."""
    np.savez(tmp_path / "frames.npz", frames=np.asarray(scan.patterns), probe=scan.probe)
    lines = [f"{x:.6f},{y:.6f}\n" for y, x in scan.positions]
    text = tmp_path / "positions.csv"
    arrivals = Arrivals(feed_of(tmp_path / "frames.npz"), Preparation(positions_from=str(text)))
    with pytest.raises(ValueError, match="positions"):
        arrivals.look(1)
    text.write_text("".join(lines[:70]) + lines[70][:-4])
    arrivals.look(1)
    text.write_text("".join(lines[:80]))
    believed = arrivals.look(1)
    assert len(believed) == 70 and arrivals.as_read.pair == "first"
    text.write_text("".join(lines))
    last = settled(arrivals)
    assert len(last) == 100 and arrivals.as_read.pair is None
    assert np.allclose(last.positions - last.positions[0], scan.positions - scan.positions[0], atol=1e-5)


WRITER = """
import sys, h5py, numpy as np
scan = np.load(sys.argv[1])
file = h5py.File(sys.argv[2], "w", libver="latest")
patterns = file.create_dataset("diff3d", (0, 32, 32), "u2", maxshape=(None, 32, 32), chunks=(1, 32, 32))
axes = {name: file.create_dataset(name, (0,), "f8", maxshape=(None,), chunks=(64,)) for name in ("ycoords", "xcoords")}
file["probeGuess"] = scan["probeGuess"]
file.swmr_mode = True
for line in sys.stdin:
    count = int(line)
    patterns.resize(count, axis=0)
    patterns[:] = scan["diff3d"][:count]
    for name, axis in axes.items():
        axis.resize(count - 10, axis=0)
        axis[:] = scan[name][: count - 10]
    file.flush()
    print(count, flush=True)
"""


def test_a_file_that_grows_is_followed(scan, tmp_path):
    """HDF5 in SWMR mode, of another process: patterns come before their positions; then that process is killed."""
    np.savez(tmp_path / "scan.npz", **arrays_of(scan))
    path = tmp_path / "scan.h5"
    arrivals = Arrivals(feed_of(path), Preparation())
    assert arrivals.look(1) is None
    command = [sys.executable, "-c", WRITER, str(tmp_path / "scan.npz"), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        for count in (40, 100):
            print(count, file=writer.stdin, flush=True)
            assert writer.stdout.readline() == f"{count}\n"
            assert_same(settled(arrivals), scan, count - 10)
        writer.kill()
    assert arrivals.counts == (100, 90)
    assert_same(read_scan(path, preparation=arrivals.as_read), scan, 90)
    arrivals.feed.close()


def test_a_scan_is_prepared_as_its_first_patterns_tell(scan, folder):
    """Units, axes and window are those of the scan that is read in the end, however far it has come."""
    wanted = Preparation(rotate_scan=30.0, orient="fliplr", pad=64, swap_xy=True, sign="negate-y")
    found, read = settled(Arrivals(feed_of(folder), wanted), 100), read_scan(folder / "*", preparation=wanted)
    assert np.array_equal(found.patterns[:], read.patterns[:])
    assert np.allclose(np.diff(found.positions, axis=0), np.diff(read.positions, axis=0), atol=1e-9)


def test_scans_leave_no_file_open(scan, folder, tmp_path):
    np.savez(tmp_path / "scan.npz", **arrays_of(scan))
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        for name, array in arrays_of(scan).items():
            file[name] = array
    counts = []
    for _ in range(4):
        for path in (folder, tmp_path / "scan.npz", tmp_path / "scan.h5"):
            arrivals = Arrivals(feed_of(path), Preparation())
            assert len(settled(arrivals)) == 100
            arrivals.feed.close()
        del arrivals
        counts.append(len(os.listdir("/proc/self/fd")))
    assert counts[-1] <= counts[0]
