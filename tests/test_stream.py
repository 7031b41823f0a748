"""Laws of what comes through a socket: it is kept, nothing is believed that cannot be, and a restart has it all."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time

import h5py
import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

from ptychopinn.formats import read_reconstruction, read_scan
from ptychopinn.live.arrivals import Arrivals
from ptychopinn.live.messages import parsed
from ptychopinn.preparation.params import Preparation

zmq = pytest.importorskip("zmq", reason="needs the extra live: pyzmq")
QUICK = ("--passes", 1, "--no-report")
PATIENCE_S = 20.0


@pytest.fixture
def sender(scan):
    from senders import Sender

    with contextlib.closing(Sender(scan)) as sender:
        yield sender


@contextlib.contextmanager
def receiving(sender, folder, kind="pull"):
    from ptychopinn.live.stream import Stream

    folder.mkdir(exist_ok=True)
    with contextlib.closing(Stream(sender.address, kind, folder)) as stream:
        yield stream


def awaited(tell):
    """Return what a function tells, as soon as it is true."""
    until = time.monotonic() + PATIENCE_S
    while not (found := tell()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


def assert_is(path, scan, numbers):
    """Check that a file that was received holds the patterns of these numbers, in their order."""
    read = read_scan(path)
    assert np.array_equal(read.patterns[:], np.asarray(scan.patterns)[numbers])
    assert np.allclose(np.diff(read.positions, axis=0), np.diff(scan.positions[numbers], axis=0))
    return read


def test_what_comes_is_kept_and_read_in_the_order_of_its_numbers(sender, scan, out):
    """Messages of several patterns and of one, out of order; positions with them, before and after them."""
    with receiving(sender, out) as stream:
        sender.header(pixel_size_m=2e-8, energy_eV=8000)
        sender.image(50, 80, placed=False)
        sender.places(50, 100)
        sender.image(0, 50)
        for number in range(99, 79, -1):
            sender.image(number, number + 1)
        sender.end()
        awaited(lambda: stream.over)
        found = stream.look()
        assert stream.said == () and found.patterns.shape == (100, 32, 32)
        assert sorted(found.position_indexes.tolist()) == list(range(100))  # in the order in which pairs were complete
    read = assert_is(out / "received.h5", scan, np.arange(100))
    assert read.pixel_size_m == 2e-8 and np.allclose(read.probe, scan.probe, atol=1e-4)


def test_positions_that_come_late_are_waited_for(sender, scan, out):
    with receiving(sender, out) as stream:
        arrivals = Arrivals(stream, Preparation())
        sender.header()
        sender.image(0, 80, placed=False)
        sender.places(20, 60)
        for last in (60, 80):
            awaited(lambda count=last - 20: len(looked(arrivals)) == count)
            assert np.array_equal(looked(arrivals).amplitudes(slice(None)), scan.amplitudes(slice(20, last)))
            sender.places(last, last + 20)
        assert awaited(lambda: arrivals.look(1) is not None and arrivals.counts == (80, 80))


def looked(arrivals):
    with contextlib.suppress(ValueError):
        return arrivals.look(1) or ()
    return ()


def spoilt(sender):
    """Yield messages that cannot be believed, and words of what is said of them."""
    good = {"htype": "image", "series": 7, "frame": 0, "shape": [1, 32, 32], "type": "uint16", "positions": [[1, 2]]}
    blob = sender.patterns[:1].tobytes()
    yield from {
        "no JSON": (b"\x00\xff", blob), "no JSON object": (b"[1]", blob), "htype=": ({**good, "htype": "dimage"}, blob),
        "series=None": ({**good, "series": None}, blob), "of series 8": ({**good, "series": 8}, blob),
        "2047 bytes": (good, blob[:-1]), "two parts": (good,), "type='float16'": ({**good, "type": "float16"}, blob),
        "(16, 64)": ({**good, "shape": [1, 16, 64]}, blob), "and int16": ({**good, "type": "int16"}, blob),
        "frame=-1": ({**good, "frame": -1}, blob), "beyond the 100": ({**good, "frame": 100}, blob),
        "frame=0.5": ({**good, "frame": 0.5}, blob), "a position for each": ({**good, "positions": [[1, 2]] * 2}, blob),
        "finite pairs": ({**good, "positions": [[1, "a"]]}, blob),
        "pairs": ({**good, "positions": [[10**400, 1]]}, blob),
        "is no JSON": (json.dumps({**good, "positions": [[float("nan"), 1]]}).encode(), blob),
        "compression=": ({**good, "compression": "bslz4"}, blob), "no list": ({**good, "shape": [1, 32, True]}, blob),
        "first part": (b"[" * 100_000, blob),
        "beyond all measure": ({"htype": "header", "series": 7, "shape": [32, 32], "type": "uint16",
                                 "pixel_size_m": 10**400},),
        "those of this series": ({"htype": "header", "series": 7, "shape": [32, 32], "type": "int32"},),
    }.items()  # fmt: skip


def test_what_cannot_be_believed_is_left_out_and_said(sender, scan, out):
    with receiving(sender, out) as stream:
        sender.image(0, 20)
        awaited(lambda: stream.said)
        assert "header of its scan" in stream.said[-1]
        with pytest.raises(ValueError, match="header"):
            stream.look()
        sender.header()
        for count, (said, parts) in enumerate(spoilt(sender), 2):
            sender.raw(*parts)
            awaited(lambda words=f"{count} messages": words in stream.said[0])
            assert said in stream.said[-1]
        sender.header()  # again, for those who came late: it changes nothing
        sender.image(0, 60)
        moved = sender.positions[40:70] + np.repeat([[1], [0]], [20, 10], axis=0)
        sender.image(40, 70, placed=True, positions=moved.tolist())
        sender.image(80, 100)
        sender.end()
        awaited(lambda: stream.over)
    read = assert_is(out / "received.h5", scan, np.r_[0:70, 80:100])
    assert {note for note in read.notes if "came" in note or "believed" in note} == {
        "Of 100 patterns that were announced, 90 came.",
        "20 came again under a number that was there: the first of each is kept.",
        f"{count} messages could not be believed, and are left out.",
    }


def test_patterns_at_one_number_keep_the_position_that_came_with_the_first(sender, scan, out):
    with receiving(sender, out) as stream:
        sender.header()
        sender.image(0, 100)
        sender.places(0, 100)
        sender.end()
        awaited(lambda: stream.over)
        assert stream.said[0].startswith("100 came again")
    assert_is(out / "received.h5", scan, np.arange(100))


def test_why_nothing_comes_is_said(sender, out):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = type("Nobody", (), {"address": f"tcp://127.0.0.1:{free.getsockname()[1]}"})
        with receiving(nobody, out) as stream, pytest.raises(ValueError, match="nothing answers"):
            stream.look()
    with receiving(sender, out, "sub") as stream:
        awaited(lambda: "--socket pull" in pytest.raises(ValueError, stream.look).value.args[0])


RECEIVER = """
import sys, pathlib, time
from ptychopinn.live.stream import Stream
stream = Stream(sys.argv[1], "pull", pathlib.Path(sys.argv[2]))
print(stream.resumed, flush=True)
while stream._received.count < int(sys.argv[3]):
    time.sleep(0.01)
print(stream._received.count, flush=True)
time.sleep(100)
"""


def test_a_restart_has_what_came_before_a_kill(sender, scan, out):
    """Twice: the second run goes on with the copy of what the first one wrote, and is killed as well."""
    out.mkdir()
    for first, last in ((0, 30), (30, 70)):
        command = [sys.executable, "-c", RECEIVER, sender.address, str(out), str(last)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as receiver:
            assert receiver.stdout.readline() == f"{first}\n"
            if not first:
                sender.header()
            sender.image(first, last)
            assert receiver.stdout.readline() == f"{last}\n"
            receiver.kill()
    assert_is(out / "received.h5", scan, np.arange(70))
    with receiving(sender, out) as stream:
        assert (stream.resumed, stream.series, stream.over) == (70, "7", False)
        sender.image(60, 100)
        sender.end()
        awaited(lambda: stream.over)
        assert stream.said == ("10 came again under a number that was there: the first of each is kept.",)
    assert_is(out / "received.h5", scan, np.arange(100))


def test_rows_that_were_cut_short_are_as_if_they_had_not_come(sender, scan, out):
    with receiving(sender, out) as stream:
        sender.header()
        sender.image(0, 40)
        awaited(lambda: stream._received.count == 40)
    with h5py.File(out / "received.h5", "r+") as file:
        for name in ("patterns", "frames", "positions"):
            file["received"][name].resize(50, axis=0)
        file["received/frames"][40:] = -1
    assert_is(out / "received.h5", scan, np.arange(40))
    with receiving(sender, out) as stream:
        sender.image(40, 100)
        awaited(lambda: stream._received.count == 100)
    assert_is(out / "received.h5", scan, np.arange(100))


@pytest.mark.parametrize("kind, words", [("xpub", ()), ("push", ("--socket", "pull"))])
def test_a_scan_is_watched_through_a_socket_to_its_end(scan, tmp_path, out, kind, words, monkeypatch):
    """The result is that of `reconstruct` of what was kept, and of a watch that comes after the end."""
    from senders import Sender

    sender = Sender(scan, kind)

    def send():
        if kind == "xpub":
            sender.listened()
        sender.header()
        for first in range(0, 100, 10):
            time.sleep(0.05)
            sender.image(first, first + 10)
        sender.end()

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    done = ptycho("watch", sender.address, *words, *QUICK, "--output-dir", out)
    thread.join()
    sender.close()
    assert done.exit_code == 0, done.output
    monkeypatch.setattr("ptychopinn.live.watch.SETTLED_S", 0.0)  # a machine on which each look takes longer
    again = ptycho("watch", sender.address, *QUICK, "--output-dir", out)
    assert again.exit_code == 0 and "is over" in again.output, again.output
    plain = ptycho("reconstruct", out / "received.h5", *QUICK, "--output-dir", tmp_path / "plain")
    assert plain.exit_code == 0, plain.output
    results = [read_reconstruction(path).object for path in (out, tmp_path / "plain")]
    assert np.array_equal(*results) and ptycho("verify", out).exit_code == 0


def test_what_cannot_be_watched_is_refused(scan_file, tmp_path, out):
    for address in ("tcp://", "tcp://127.0.0.1", "tcp://a b:3", "tcp:/127.0.0.1:3"):
        refused = ptycho("watch", address, "--output-dir", out)
        assert_said_plainly(refused, "tcp://HOST:PORT", f"Received: {address}", out=out)
    assert_said_plainly(ptycho("watch", scan_file, "--socket", "sub", "--output-dir", out), "--socket sub", out=out)
    other = tmp_path / "other"
    other.mkdir()
    (other / "received.h5").write_text("notes")
    refused = ptycho("watch", "tcp://127.0.0.1:9", "--output-dir", other)
    assert_said_plainly(refused, "received.h5", "something else")
    assert (other / "received.h5").read_text() == "notes"


def test_without_pyzmq_the_extra_is_named(monkeypatch, out):
    monkeypatch.setitem(sys.modules, "zmq", None)
    refused = ptycho("watch", "tcp://127.0.0.1:9", "--output-dir", out)
    assert_said_plainly(refused, "zmq", "pip install 'ptychopinn[live]'", out=out)


def test_a_mask_is_of_the_patterns_size(sender):
    said = {"htype": "header", "series": 7, "shape": [32, 32], "type": "uint16"}
    mask = {"shape": [32, 16], "type": "bool"}
    with pytest.raises(ValueError, match="mask"):
        parsed([json.dumps({**said, "mask": mask}).encode(), bytes(512)])
    mask["shape"] = [32, 32]
    good = parsed([json.dumps({**said, "mask": mask}).encode(), bytes(1023) + b"\x01"])
    assert good.arrays["mask"].sum() == 1


def test_patterns_are_taken_while_more_come(sender, scan, out):
    """Each look finds more than the one before, and believes what that one found."""
    with receiving(sender, out) as stream:
        arrivals = Arrivals(stream, Preparation())
        sender.header()
        for last in range(20, 101, 20):
            sender.image(last - 20, last)
            awaited(lambda count=last: stream._received.count == count)
            taken = looked(arrivals)
            assert len(taken) == last - 20
        assert np.array_equal(taken.amplitudes(slice(None)), scan.amplitudes(slice(0, 80)))
