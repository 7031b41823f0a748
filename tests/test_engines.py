"""Laws of engines: shards that Ray or Slurm has done make the bits of one process, also where a worker is killed."""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest
from conftest import simulated
from refusal import assert_said_plainly, ptycho
from same_results import assert_same

from ptychopinn.formats.writers.table import FORMATS
from ptychopinn.simulation import scans

FAST = ("--passes", 0, "--batch-size", 64, "--no-report")
SBATCH = f"""#!{sys.executable}
# Takes jobs as Slurm does, and runs them at once: an array's one after the other, in the folder of whoever asked.
import os, re, subprocess, sys
script, log = sys.argv[-1], os.environ["SBATCH_LOG"]
text = open(script).read()
open(log, "a").write(" ".join(sys.argv[1:]) + "\\n")
if "REFUSE" in os.environ:
    sys.exit("sbatch: error: invalid account")
array = re.search(r"--array=1-(\\d+)", text)
for task in range(1, int(array[1]) + 1) if array else [0]:
    subprocess.run(["bash", script], env={{**os.environ, "SLURM_ARRAY_TASK_ID": str(task)}}, check=True,
                   stdout=subprocess.DEVNULL)
print("4711;cluster" if array else "4712")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A scan of two blocks, and a bundle that suits it."""
    folder = tmp_path_factory.mktemp("engines")
    scan = simulated(138, 32, step=3)
    assert len(scan) > 1024
    scans.write_ptychopinn(folder / "a scan.npz", scan)
    return folder


@pytest.fixture(scope="module")
def plain(bundle, folder):
    """What one process makes of it, one of its own: TensorFlow, where it was imported, changes torch's last bits."""
    words = ("infer", bundle, folder / "a scan.npz", *FAST, "--output-dir", folder / "plain")
    subprocess.run([sys.executable, "-m", "ptychopinn_cli", *map(str, words)], check=True, capture_output=True)
    return folder / "plain"


def kill_one(killed, work="shard_done"):
    """Kill the first process that does a work of Ray, once it has begun it."""
    until = time.monotonic() + 300
    while not killed and time.monotonic() < until:
        for child in psutil.Process().children(recursive=True):
            try:
                if " ".join(child.cmdline()).startswith(f"ray::{work}"):
                    time.sleep(0.5)
                    os.kill(child.pid, signal.SIGKILL)
                    killed.append(child.pid)
                    return
            except (psutil.Error, ProcessLookupError):
                continue
        time.sleep(0.05)


def test_ray_makes_a_shard_again_whose_worker_was_killed_and_the_bits_of_one_process(bundle, folder, plain, out):
    pytest.importorskip("ray", reason="needs the extra ray")
    killed = []
    killer = threading.Thread(target=kill_one, args=(killed,), daemon=True)
    killer.start()
    words = ("--engine", "ray", "--shards", 2, "--output-dir", out)
    done = ptycho("infer", bundle, folder / "a scan.npz", *FAST, *words)
    assert done.exit_code == 0 and "Traceback" not in done.output, done.output
    killer.join()
    assert killed and not [one for one in psutil.Process().children(recursive=True) if "ray" in one.name()]
    assert_same(out, plain)


def test_ray_shares_passes_also_where_a_worker_is_killed(scan_file, tmp_path):
    pytest.importorskip("ray", reason="needs the extra ray")
    killed = []
    killer = threading.Thread(target=kill_one, args=(killed, "PassWorker"), daemon=True)
    killer.start()
    found = []
    for name, words in (("ray", ("--engine", "ray", "--workers", 2)), ("one", ())):
        done = ptycho("reconstruct", scan_file, "--passes", 12, "--no-report", *words, "--output-dir", tmp_path / name)
        assert done.exit_code == 0 and "Traceback" not in done.output, done.output
        found.append(np.load(tmp_path / name / "reconstruction.npz"))
    killer.join()
    assert killed and not [one for one in psutil.Process().children(recursive=True) if "ray" in one.name()]
    for name in ("object", "probe"):
        shared, alone = (one[name] for one in found)
        assert 0 < np.linalg.norm(shared - alone) < 1e-3 * np.linalg.norm(alone)  # whose sums are rounded otherwise


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A folder on PATH with an `sbatch` that runs what it is given; returns the file that it logs to."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sbatch").write_text(SBATCH)
    (tmp_path / "bin/sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("SBATCH_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


def test_slurm_does_an_array_of_shards_and_then_stitches(bundle, folder, plain, tmp_path, slurm, monkeypatch):
    monkeypatch.chdir(folder)  # paths are those of the folder in which it was asked
    out = tmp_path / "an out"
    words = ("--engine", "slurm", "--shards", 2, "--save-format", "tiff", "--output-dir", out)
    done = ptycho("infer", bundle, "a scan.npz", *FAST, "--no-refine-probe", "--start", "network", *words)
    assert done.exit_code == 0 and "4711" in done.output and "4712" in done.output, done.output
    shards, stitch = slurm.read_text().splitlines()
    assert "--dependency=afterok:4711 --kill-on-invalid-dep=yes" in stitch and "shards.sh" in shards
    assert (out / FORMATS["tiff"].file).exists()
    assert (tmp_path / "an out.shards/part-2/part.npz").exists() and not (out / "report.html").exists()
    one, other = (np.load(path / "reconstruction.npz")["object"] for path in (plain, out))
    np.testing.assert_array_equal(one, other)
    monkeypatch.setenv("REFUSE", "1")
    done = ptycho("infer", bundle, "a scan.npz", *FAST, *words)
    assert_said_plainly(done, "Slurm must take the job", "invalid account", "SBATCH_PARTITION")


def test_without_slurm_the_commands_that_do_the_same_are_said(bundle, folder, plain, out, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    scan = folder / "a scan.npz"
    words = ("--engine", "slurm", "--shards", 2, "--output-dir", out)
    done = ptycho("infer", bundle, scan, *FAST, "--probe", "scan", *words)
    assert_said_plainly(done, "no sbatch on PATH", "by hand", out=out)
    shard, stitch = (line.partition(": ptycho ")[2] for line in done.output.splitlines() if ": ptycho " in line)
    for number in (1, 2):
        by_hand = ptycho(*shlex.split(shard.replace("-i", f"-{number}").replace(" i/", f" {number}/")))
        assert by_hand.exit_code == 0, by_hand.output
    *before, parts, _, _, _ = words_of_stitch = shlex.split(stitch)
    assert parts.endswith("/part-*") and before == ["stitch"]
    parts = sorted((out.parent / f"{out.name}.shards").iterdir())
    assert ptycho("stitch", *parts, *words_of_stitch[2:]).exit_code == 0
    assert (out / "reconstruction.npz").exists()


@pytest.mark.parametrize("words, said", [
    (("--engine", "ray"), "Received: --engine ray"), (("--shards", 2), "Received: --shards 2"),
    (("--engine", "ray", "--shards", 2, "--shard", "1/2"), "Received: --shard 1/2, --engine ray, --shards 2"),
    (("--engine", "ray", "--shards", 2, "--auto"), "--auto, --engine ray"),
    (("--engine", "ray", "--shards", 2, "--passes", 3), "passes need all of it"),
    (("--engine", "slurm", "--shards", 3), "shared among 2 shards at most"),
    (("--engine", "ray", "--shards", 3), "shared among 2 shards at most"),
    (("--engine", "local", "--shards", 2), "is not one of"),
])  # fmt: skip
def test_what_an_engine_cannot_do_is_refused(bundle, folder, out, words, said):
    done = ptycho("infer", bundle, folder / "a scan.npz", *FAST, "--output-dir", out, *words)
    if "local" not in words:
        assert_said_plainly(done, said, out=out)
    assert done.exit_code and said in done.output


def test_without_ray_the_extra_is_named(bundle, folder, out, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    words = ("--engine", "ray", "--shards", 2, "--output-dir", out)
    refused = ptycho("infer", bundle, folder / "a scan.npz", *FAST, *words)
    assert_said_plainly(refused, "package ray", "pip install 'ptychopinn[ray]'", out=out)


@pytest.mark.parametrize("words, said", [
    (("--engine", "slurm", "--workers", 2), "Workers talk to each other in every pass"),
    (("--engine", "ray", "--workers", 1), "Received: --engine ray, --workers 1"),
    (("--engine", "ray", "--workers", 200), "Received: workers=200"),
])  # fmt: skip
def test_workers_for_whom_an_engine_has_no_place_are_refused(scan_file, out, words, said):
    pytest.importorskip("ray", reason="needs the extra ray")
    assert_said_plainly(ptycho("reconstruct", scan_file, "--output-dir", out, *words), said, out=out)
