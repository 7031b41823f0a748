"""Laws of interruption: one line, at once, the exit code of shells, nothing left behind; in the program itself."""

import pathlib
import random
import re
import signal
import subprocess
import sys
import time

import pytest

from ptychopinn_cli.signals import GRACE_S, SIGNALS

PTYCHO = (sys.executable, "-m", "ptychopinn_cli")
DEAF = """
import time
from ptychopinn_cli.signals import Stop
Stop().listen()
while True:
    try:
        print("listening", flush=True)
        time.sleep(60)
    except BaseException:
        pass
"""


def begin(*arguments, **settings):
    return subprocess.Popen(list(map(str, arguments)), stderr=subprocess.PIPE, text=True, **settings)


def catches(process, number):
    """Tell whether a running process has a handler for a signal of its own."""
    (mask,) = re.findall(r"SigCgt:\s*([0-9a-f]+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())
    return bool(int(mask, 16) >> (number - 1) & 1)


def interrupted(process, number):
    """Send a signal; return what the process said and how long it took to end."""
    sent = time.perf_counter()
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    return said, time.perf_counter() - sent


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what a process catches is read from /proc")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_an_import_ends_in_one_line(scan_file, out, number):
    """At a random moment of the second after the program listens, all imports: of click, then of the backend."""
    process = begin(*PTYCHO, "train", scan_file, "--output-dir", out)
    while not catches(process, signal.SIGTERM):
        time.sleep(0.01)
    time.sleep(random.Random(number).uniform(0, 1))
    said, seconds = interrupted(process, number)
    assert said == f"Error: Interrupted by {number.name}.\n"
    assert process.returncode == 128 + number and seconds < 2 * GRACE_S + 1
    assert not out.exists()


def test_a_training_says_how_to_go_on_and_leaves_nothing_half_written(scan_file, out):
    process = begin(*PTYCHO, "train", scan_file, "--output-dir", out, "--epochs", 500, "--n-filters-scale", 0.1)
    while not process.stderr.readline().startswith("epoch 1/"):
        assert process.poll() is None
    said, _ = interrupted(process, signal.SIGTERM)
    assert said.splitlines()[-1] == f"Error: Interrupted by SIGTERM. Go on with: ptycho train --resume {out}"
    assert said.count("Error") == 1 and process.returncode == 143
    assert {path.name for path in out.iterdir()} <= {"checkpoint.npz", "losses.csv"}


def test_code_that_catches_everything_cannot_hold_a_signal_up():
    process = begin(sys.executable, "-c", DEAF, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "listening\n"
    said, seconds = interrupted(process, signal.SIGHUP)
    assert said == "Error: Interrupted by SIGHUP.\n" and process.returncode == 129
    assert GRACE_S <= seconds < GRACE_S + 5


def test_what_nohup_ignores_stays_ignored():
    code = "import signal; from ptychopinn_cli.signals import Stop; Stop().listen(); print(signal.getsignal(1))"
    ignore = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    done = subprocess.run([sys.executable, "-c", code], preexec_fn=ignore, capture_output=True, text=True)
    assert done.stdout == f"{signal.SIG_IGN}\n"


KEEPING = """
import time
from ptychopinn_cli.signals import Stop
stop = Stop()
stop.listen()
with stop.keeping():
    try:
        print("working", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("kept", flush=True)
time.sleep({after})
print("written", flush=True)
"""


def test_work_that_keeps_what_it_has_heeds_the_first_interrupt_alone():
    process = begin(sys.executable, "-c", KEEPING.format(after=2 * GRACE_S), stdout=subprocess.PIPE)
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("kept\nwritten\n", "") and process.returncode == 0


def test_a_second_interrupt_ends_such_work():
    process = begin(sys.executable, "-c", KEEPING.format(after=60), stdout=subprocess.PIPE)
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "kept\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("", "") and process.returncode == 130


def test_an_interrupt_ends_a_scan_that_is_watched_and_passes_follow(scan_file, out):
    process = begin(
        *PTYCHO, "watch", scan_file, "--passes", 1, "--no-report", "--output-dir", out, stdout=subprocess.PIPE
    )
    while not process.stderr.readline().startswith("patterns "):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    result, said = process.communicate(timeout=120)
    assert process.returncode == 0 and "from 100 patterns" in result, said
