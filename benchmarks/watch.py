"""How fast `ptycho watch` follows a scan: patterns a second, and seconds from a pattern to the picture that shows it.

    python benchmarks/watch.py --rate 300 --seconds 60
    python benchmarks/watch.py --rate 300 --seconds 60 --form folder
    python benchmarks/watch.py --scans 20 --seconds 5

A process of its own writes a simulated scan as a beamline does, at a rate, and notes when each pattern was there: an
HDF5 file that grows in SWMR mode, NPZ files that appear in a folder, or messages of a ZeroMQ socket. This process reads
the page's events, as a browser does. Several scans, one after the other, are watched from one process, whose memory and
open files are counted.
"""

import argparse
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import numpy as np
import psutil

TOGETHER = 15
"""Patterns that are written together."""


def main():
    """Measure what the options say, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rate", type=float, default=300, help="patterns a second")
    parser.add_argument("--seconds", type=float, default=30, help="of a scan")
    parser.add_argument("--size", type=int, default=64, help="side of a pattern, pixels")
    parser.add_argument("--photons", type=float, default=1e5, help="of a pattern")
    parser.add_argument("--form", choices=("swmr", "folder", "socket"), default="swmr")
    parser.add_argument("--scans", type=int, default=1, help="one after the other, from one process")
    parser.add_argument("--produce", nargs=2, metavar=("SCAN", "TARGET"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.produce:
        produce(*asked.produce, asked)
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        count = simulate(folder / "scan.npz", asked)
        measure = followed if asked.scans == 1 else long_day
        for name, value in measure(folder, count, asked).items():
            print(f"{name:40}{value}")


def simulate(path, asked):
    """Simulate a scan of as many patterns as are asked for, uncompressed, and return their number."""
    from ptychopinn.simulation import objects, probes, scans

    count, step = round(asked.rate * asked.seconds), asked.size / 8
    side = asked.size + round(step * np.ceil(np.sqrt(count)))
    truth = objects.lines(side, count=side)
    positions = scans.jittered_raster(truth.shape, asked.size, step, seed=1, margin=1)[:count]
    scan = scans.simulate(truth, probes.gaussian(asked.size, curvature=1.5), positions, asked.photons, seed=2)
    np.savez(path, diff3d=np.asarray(scan.patterns).astype(np.uint16), probeGuess=scan.probe,
             ycoords=positions[:, 0], xcoords=positions[:, 1])  # fmt: skip
    return len(positions)


def produce(source, target, asked):
    """Write a scan as it is measured, and print when each bunch of patterns was there: how many were, and the time."""
    scan = dict(np.load(source))
    write = {"swmr": growing, "folder": files, "socket": sent}[asked.form](target, scan)
    began, count = time.time(), len(scan["diff3d"])
    for first in range(0, count, TOGETHER):
        last = min(first + TOGETHER, count)
        time.sleep(max(0.0, began + last / asked.rate - time.time()))
        write(first, last)
        print(json.dumps([last, time.time()]), flush=True)


def growing(target, scan):
    """Return a function that appends patterns to an HDF5 file which others read meanwhile."""
    import h5py

    file = h5py.File(target, "w", libver="latest")
    size = scan["diff3d"].shape[1:]
    arrays = {"diff3d": file.create_dataset("diff3d", (0, *size), np.uint16, maxshape=(None, *size), chunks=(1, *size))}
    for name in ("xcoords", "ycoords"):
        arrays[name] = file.create_dataset(name, (0,), float, maxshape=(None,), chunks=(1024,))
    file["probeGuess"] = scan["probeGuess"]
    file.swmr_mode = True

    def write(first, last):
        for name, array in arrays.items():
            array.resize(last, axis=0)
            array[first:last] = scan[name][first:last]
            array.flush()

    return write


def files(target, scan):
    """Return a function that writes patterns to a file of their own."""
    target = pathlib.Path(target)

    def write(first, last):
        some = {name: scan[name][first:last] for name in ("diff3d", "xcoords", "ycoords")}
        np.savez(target / f"part{first:07d}.npz", **some, probeGuess=scan["probeGuess"])

    return write


def sent(target, scan):
    """Return a function that sends patterns and their positions through a socket, after the header of their scan."""
    import zmq

    sender = zmq.Context.instance().socket(zmq.PUSH)
    sender.bind(target)
    count, *shape = scan["diff3d"].shape
    probe = scan["probeGuess"].astype("<c8")
    header = {"htype": "header", "series": 1, "shape": shape, "type": "uint16", "units": "px", "frames": count,
              "probe": {"shape": probe.shape, "type": "complex64"}}  # fmt: skip
    sender.send_multipart([json.dumps(header).encode(), probe.tobytes()])
    positions = np.stack([scan["ycoords"], scan["xcoords"]], axis=1)

    def write(first, last):
        said = {"htype": "image", "series": 1, "frame": first, "shape": [last - first, *shape], "type": "uint16",
                "positions": positions[first:last].tolist()}  # fmt: skip
        sender.send_multipart([json.dumps(said).encode(), scan["diff3d"][first:last].tobytes()])

    return write


def followed(folder, count, asked):
    """Watch one scan by the command, and return how fast it was followed."""
    target = place(folder, asked, 0)
    words = ["--socket", "pull"] if asked.form == "socket" else []
    command = ["watch", target, *words, "--count", count, "--passes", 1, "--no-report", "--output-dir", folder / "out"]
    command = [sys.executable, "-m", "ptychopinn_cli", *map(str, command)]
    watching = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    url = re.search(r"http://\S+/", watching.stderr.readline()).group()
    shown = []
    readers = [
        threading.Thread(target=watching.stderr.read),
        threading.Thread(target=read_events, args=(url, watching.pid, shown)),
    ]
    for reader in readers:
        reader.start()
    written, _ = producer(folder, target, asked).communicate()
    for reader in readers:
        reader.join()
    watching.wait()
    return figures(np.array(shown), np.array([json.loads(line) for line in written.splitlines()]), asked)


def place(folder, asked, number):
    """Return where a scan is written: a folder is there before its files."""
    if asked.form == "socket":
        return f"tcp://127.0.0.1:{free_port()}"
    target = folder / (f"scan{number}.h5" if asked.form == "swmr" else f"scan{number}")
    if asked.form == "folder":
        target.mkdir()
    return target


def free_port():
    """Return the number of a port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def producer(folder, target, asked):
    """Begin a process that writes the scan."""
    command = [
        sys.executable,
        __file__,
        "--produce",
        folder / "scan.npz",
        target,
        "--rate",
        asked.rate,
        "--form",
        asked.form,
    ]
    return subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True)


def read_events(url, pid, shown):
    """Note when the page was told of how many patterns, and the seconds of the processor by then, until it ends."""
    process = psutil.Process(pid)
    with urllib.request.urlopen(f"{url}events") as events:
        for line in events:
            if line.startswith(b"data: "):
                said = dict(json.loads(line[6:]).get("figures") or [])
                if "patterns" in said:
                    spent = sum(process.cpu_times()[:2])
                    shown.append((time.time(), int(said["patterns"].replace(",", "")), spent))


def figures(shown, written, asked):
    """Return latency and speed: of each bunch, from when it was written to when a picture of it was there."""
    first = np.searchsorted(shown[:, 1], written[:, 0])
    latency = shown[first, 0] - written[:, 1]
    settled, follows = latency[len(latency) // 5 :], shown[: first[-1] + 1]
    return {
        "patterns": int(written[-1, 0]),
        "written, patterns/s": f"{(written[-1, 0] - written[0, 0]) / np.ptp(written[:, 1]):.0f}",
        "shown, patterns/s": f"{written[-1, 0] / (shown[first[-1], 0] - written[0, 1]):.0f}",
        "latency, median and 95 %, s": f"{np.median(settled):.2f}, {np.percentile(settled, 95):.2f}",
        "latency, largest, s": f"{settled.max():.2f}",
        "latency of the first fifth, largest, s": f"{latency[: len(latency) // 5].max():.2f}",
        "seconds of the processor, a second": f"{np.ptp(follows[:, 2]) / np.ptp(follows[:, 0]):.2f}",
        "pictures/s": f"{len(shown) / np.ptp(shown[:, 0]):.1f}",
    }  # fmt: skip


def long_day(folder, count, asked):
    """Watch scans one after the other from this process, each with its passes, and return what it holds after each."""
    from ptychopinn.formats import read_scan
    from ptychopinn.live.arrivals import Arrivals
    from ptychopinn.live.feeds import feed_of
    from ptychopinn.live.watch import Ends, Watch
    from ptychopinn.preparation.params import Preparation
    from ptychopinn.reconstruction.params import ReconstructionParams
    from ptychopinn.reconstruction.reconstruct import reconstruct

    process, held = psutil.Process(), []
    for number in range(asked.scans):
        target = place(folder, asked, number)
        writing = producer(folder, target, asked)
        feed = feed_of(target)
        Watch(Arrivals(feed, Preparation()), lambda *news: None, Ends(count=count)).run()
        writing.communicate()
        reconstruct(read_scan(feed.path), params=ReconstructionParams(passes=2))
        held.append((process.memory_info().rss / 2**20, process.num_fds()))
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    megabytes, descriptors = np.array(held).T
    return {"MiB after each scan": np.round(megabytes).astype(int), "open files after each": descriptors.astype(int)}


if __name__ == "__main__":
    main()
