"""Laws of `ptycho watch`: a scan is watched to its end, and written as `ptycho reconstruct` writes it."""

import json
import socket
import threading
import time

import numpy as np
from refusal import assert_said_plainly, ptycho
from test_arrivals import written

from ptychopinn.formats import read_reconstruction
from ptychopinn_cli.common import Talk
from ptychopinn_cli.watch import Line

QUICK = ("--passes", 1, "--no-report")


def test_a_scan_is_watched_to_its_end_and_reconstructed(scan, tmp_path, out):
    """Files appear while it is watched; the result is that of `reconstruct`, and of a watch that comes too late."""
    folder, made = tmp_path / "parts", tmp_path / "made"
    folder.mkdir()
    parts = sorted(written(made, scan).iterdir(), key=lambda path: len(path.name))

    def appear():
        for part in parts:
            time.sleep(0.1)
            part.rename(folder / part.name)

    threading.Thread(target=appear, daemon=True).start()
    watched = ptycho("watch", folder, "--count", 100, *QUICK, "--output-dir", out)
    assert watched.exit_code == 0, watched.output
    again = ptycho("watch", folder, "--idle", 1, *QUICK, "--output-dir", tmp_path / "again")
    plain = ptycho("reconstruct", folder / "*", *QUICK, "--output-dir", tmp_path / "plain")
    assert again.exit_code == plain.exit_code == 0, again.output + plain.output
    results = [read_reconstruction(path).object for path in (out, tmp_path / "again", tmp_path / "plain")]
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])
    assert ptycho("verify", out).exit_code == 0


def test_a_bundle_corrects_the_image_and_makes_the_start_at_the_end(scan_file, bundle, out):
    done = ptycho("watch", scan_file, "--idle", 1, "--bundle", "shipped", *QUICK, "--output-dir", out)
    assert done.exit_code == 0 and json.loads((out / "report.json").read_text())["start"] == "network", done.output
    refused = ptycho("watch", scan_file, "--idle", 1, "--bundle", bundle, "--output-dir", out / "other")
    assert_said_plainly(refused, "estimates", "input=", out=out / "other")


def test_the_last_line_says_how_it_was_at_last(capsys):
    line = Line(Talk(quiet=False, verbose=False))
    for words in ("8 patterns", "16 patterns", "24 patterns"):
        line.say("The scan runs.", words)
    line.end()
    assert capsys.readouterr().err.splitlines() == ["8 patterns", "24 patterns"]


def test_a_page_has_the_port_that_is_asked_for_and_no_other_s(tmp_path, out):
    (tmp_path / "parts").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        taken.listen()
        refused = ptycho("watch", tmp_path / "parts", "--idle", 0.1, "--port", port, "--output-dir", out)
    assert_said_plainly(refused, f"port={port}", "--port", out=out)
    done = ptycho("watch", tmp_path / "parts", "--idle", 0.1, "--port", port, "--output-dir", out)
    assert f"http://127.0.0.1:{port}/" in done.output


def test_a_scan_without_patterns_is_refused(tmp_path, out):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/notes.npz").write_text("no patterns")
    nothing = ptycho("watch", tmp_path / "parts", "--idle", 0.5, "--output-dir", out)
    assert_said_plainly(nothing, "patterns with positions", "none when it ended", "notes.npz", out=out)
    assert_said_plainly(ptycho("watch", tmp_path / "nowhere/scan.h5", "--output-dir", out), "nowhere", out=out)
