"""Files from one program to the other: ptychodus and cdtools read what we write, and we read what they write.

Each runs in an environment of its own (`pip install ptychodus==1.7.0`, `pip install cdtools-py==0.3.2`), given by its
Python. See `--help`.
"""

import dataclasses
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

import click
import numpy as np

from ptychopinn import convert, read_scan
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.formats import read_reconstruction
from ptychopinn.formats.writers.metres import detector_pixel_m
from ptychopinn.formats.writers.of_scan import result_of
from ptychopinn.formats.writers.table import FORMATS
from ptychopinn.simulation import objects, probes, scans

PEER = {name: pathlib.Path(__file__).with_name(f"peer_{name}.py") for name in ("ptychodus", "cdtools")}
PIXEL, ENERGY, DISTANCE, SIZE = 2.5e-8, 8800.0, 1.75, 32
COLUMNS = {
    "patterns": "patterns", "bad_pixels": "mask", "positions_px": "positions, px", "positions_m": "positions, px",
    "object": "object", "probe": "probe", "pixel_m": "pixel", "detector_pixel_m": "detector pixel",
    "energy_eV": "energy", "distance_m": "distance",
}  # fmt: skip
"""What is compared; waves and numbers by their relative difference, positions in metres in pixels of the object."""

LARGEST = {"positions_px": 2e-3, "positions_m": 2e-3, "object": 1e-5, "probe": 1e-5}
"""Differences that are allowed: float32 of metres and of waves. Patterns and masks are equal, numbers within 1e-6."""


@click.command(context_settings={"max_content_width": 100})
@click.option("--ptychodus", type=click.Path(exists=True, dir_okay=False), help="Python of ptychodus's environment.")
@click.option("--cdtools", type=click.Path(exists=True, dir_okay=False), help="Python of cdtools's environment.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=pathlib.Path), default="counterparts.md", show_default=True
)
def main(ptychodus, cdtools, output):
    """Exchange one scan in every format that both have, and write a table of the largest differences.

    Exit 1 if one is larger than float32 makes it.

    Example: python benchmarks/counterparts.py --ptychodus ~/ptychodus-env/bin/python
    """
    rows, versions = [], {}
    with tempfile.TemporaryDirectory() as folder:
        known = Known(pathlib.Path(folder))
        for name, python, exchange in (("ptychodus", ptychodus, with_ptychodus), ("cdtools", cdtools, with_cdtools)):
            if python is None:
                click.echo(f"{name}: left out, it needs --{name}.", err=True)
                continue
            program = Program(name, python)
            rows += exchange(known, program)
            versions[name] = program.version
    output.write_text(markdown(rows, versions) + "\n")
    click.echo(markdown(rows, versions))
    sys.exit(any(row.wrong for row in rows))


class Known:
    """The scan that is exchanged, in a folder, and what must come back of it."""

    def __init__(self, folder):
        self.folder = folder
        truth = objects.lines(90, count=60)[:82]
        positions = scans.jittered_raster(truth.shape, SIZE, step=9, seed=1, margin=1)
        probe = np.concatenate([probes.gaussian(SIZE, curvature=1.5), 0.4 * probes.gaussian(SIZE, curvature=0.5)])
        probe[1] *= np.linspace(-1, 1, SIZE)
        bad = np.zeros((SIZE, SIZE), bool)
        bad[5, 7:9] = True
        scan = scans.simulate(truth, probe, positions, photons=1e5, seed=2, bad=bad)
        self.scan = dataclasses.replace(scan, pixel_size_m=PIXEL, energy_eV=ENERGY, distance_m=DISTANCE, whole=None)
        middle = (np.array(truth.shape) - 1) / 2
        self.arrays = arrays_of(self.scan) | {"positions_m": (positions - middle) * PIXEL}
        np.savez(folder / "known.npz", **self.arrays, centre_m=[3e-7, -2e-7],
                 order=np.random.default_rng(5).permutation(len(positions)))  # fmt: skip
        self.source = folder / "scan.npz"
        scans.write_ptychopinn(self.source, self.scan)

    def written(self, out):
        """Convert the scan to another format; return the path of the file."""
        convert(self.source, self.folder / out)
        return self.folder / out

    def result(self, name):
        """Write object, probe and positions as a reconstruction in a format; return the path of the file."""
        path = self.folder / FORMATS[name].file
        FORMATS[name].results.write(result_of(self.scan), path)
        return path


class Program:
    """Another program, in an environment of its own."""

    def __init__(self, name, python):
        self.name, self.python, self.version = name, python, None

    def do(self, **task):
        """Let it do a task; its last words are the error if it fails."""
        words = json.dumps(task, default=str)
        done = subprocess.run([self.python, PEER[self.name], words], capture_output=True, text=True)
        if done.returncode:
            raise click.ClickException(f"{self.name} must do {words[:200]}. Received: {done.stderr.strip()[-1500:]}")
        self.version = json.loads(done.stdout.splitlines()[-1])["version"]

    def read(self, known, **task):
        """Let it read files: dict of arrays."""
        out = known.folder / "found.npz"
        self.do(do="read", out=out, **task)
        with np.load(out) as file:
            return dict(file)


@dataclasses.dataclass(frozen=True)
class Row:
    """One exchange: who wrote what for whom, and the largest difference of each thing that came."""

    way: str
    files: str
    differences: dict

    @property
    def wrong(self):
        """The things that differ more than they may."""
        exact = {"patterns": 0, "bad_pixels": 0}
        return [key for key, value in self.differences.items() if not value <= (exact | LARGEST).get(key, 1e-6)]


def with_ptychodus(known, program):
    """Return what came of all exchanges with ptychodus."""
    pair, cxi = known.written("pair"), known.written("scan.cxi")
    npz, theirs, folder = known.written("other.npz"), "ptychopinn to ptychodus", known.folder / "theirs"
    given = {
        "pair `diffraction.h5`, `product.h5`": {"format": "HDF5", "diffraction": pair / "diffraction.h5",
                                                "product": pair / "product.h5"},
        "scan `.cxi`": {"format": "CXI", "diffraction": cxi, "product": cxi},
        "scan `.npz`, SLAC's keys": {"format": "SLAC_NPZ", "diffraction": npz, "product": npz},
        "result `product.h5`": {"format": "HDF5", "product": known.result("product.h5")},
        "result `.cxi`": {"format": "CXI", "product": known.result("cxi")},
    }  # fmt: skip
    rows = [Row(theirs, files, compared(program.read(known, **task), known, moved=task["format"] == "SLAC_NPZ"))
            for files, task in given.items()]  # fmt: skip
    program.do(do="write", known=known.folder / "known.npz", folder=folder)
    read = {f"pair `diffraction.{end}`, `product.{end}`": read_scan(folder / name / f"diffraction.{end}")
            for name, end in (("HDF5", "h5"), ("NPZ", "npz"), ("CXI", "cxi"))}  # fmt: skip
    read |= {"training data `.h5`": read_scan(folder / "training.h5"),
             "PtychoPINN's `.npz`": read_scan(folder / "training.npz")}  # fmt: skip
    read |= {f"result `product.{end}`": read_reconstruction(folder / name / f"product.{end}")
             for name, end in (("HDF5", "h5"), ("NPZ", "npz"), ("CXI", "cxi"))}  # fmt: skip
    return rows + [
        Row("ptychodus to ptychopinn", files, compared(arrays_of(one), known)) for files, one in read.items()
    ]


def with_cdtools(known, program):
    """Return what came of all exchanges with cdtools; its positions count from the first."""
    found = program.read(known, path=known.written("again.cxi"))
    rows = [Row("ptychopinn to cdtools", "scan `.cxi`", compared(found, known, moved=True))]
    for turned, words in ((False, "scan `.cxi`"), (True, "scan `.cxi`, detector on its side")):
        path = known.folder / f"cdtools{turned}.cxi"
        program.do(do="write", known=known.folder / "known.npz", path=path, turned=turned)
        found = arrays_of(read_scan(path))
        del found["probe"]  # guessed: the file has none
        rows.append(Row("cdtools to ptychopinn", words, compared(found, known, moved=True)))
    return rows


def arrays_of(one):
    """Return what a scan or a reconstruction holds, in the words of `COLUMNS`; positions on the object's pixels."""
    found = {"probe": one.probe, "object": one.object, "pixel_m": one.pixel_size_m, "energy_eV": one.energy_eV,
             "distance_m": one.distance_m, "positions_px": one.positions}  # fmt: skip
    if isinstance(one, Reconstruction):
        found["positions_px"] = one.positions - np.array(one.origin)
    if isinstance(one, Scan):
        stored = np.asarray(one.patterns[:])
        found["patterns"] = np.fft.fftshift(stored, axes=(1, 2)) if one.corner else stored
        found["bad_pixels"] = np.zeros(stored.shape[1:], bool) if one.mask is None else ~one.mask
        found["detector_pixel_m"] = detector_pixel_m(one)
    return {key: value for key, value in found.items() if value is not None}


def compared(found, known, moved=False):
    """Return the largest difference of everything that was found; patterns on good pixels, a probe by its shape.

    Args:
        found: dict of arrays.
        known: Known.
        moved: bool. Whether positions may count from elsewhere.
    """
    differences = {}
    for key, value in found.items():
        value, wanted = np.asarray(value), np.asarray(known.arrays[key])
        if value.shape != wanted.shape:
            differences[key] = np.inf
            continue
        if key == "probe":
            value, wanted = value / np.linalg.norm(value), wanted / np.linalg.norm(wanted)
        if key == "patterns":
            value, wanted = (np.where(known.arrays["bad_pixels"], 0, one.astype(float)) for one in (value, wanted))
        if key.startswith("positions"):
            value, wanted = (one - moved * one[0] for one in (value, wanted))
            value, wanted = (one / PIXEL if key == "positions_m" else one for one in (value, wanted))
        size = 1 if key in ("patterns", "bad_pixels") or key.startswith("positions") else np.abs(wanted).max()
        differences[key] = float(np.abs(value.astype(complex) - wanted).max() / size)
    return differences


def markdown(rows, versions):
    """Write the table: what differs by 0 is equal to the last bit, `-` is what the files do not hold."""
    columns = list(dict.fromkeys(COLUMNS.values()))
    said = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [["from, to", "file", *columns], ["---", "---", *("---:" for _ in columns)]]
    for row in rows:
        largest = {}
        for key, value in row.differences.items():
            largest[COLUMNS[key]] = max(largest.get(COLUMNS[key], 0), value)
        cells = [
            f"{largest[column]:.0e}" if largest.get(column) else "0" if column in largest else "-" for column in columns
        ]
        lines.append([row.way, row.files, *cells])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{datetime.date.today().isoformat()}; {said}. Largest differences.\n\n{table}"


if __name__ == "__main__":
    main()
