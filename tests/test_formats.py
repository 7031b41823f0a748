"""Laws of reading: what a file does not say is told rightly, one scale of photons, lazily, and never unpickled."""

import bz2
import pathlib
import tracemalloc

import numpy as np
import pytest
from foreign_files import hdf5

from ptychopinn.data.scan import NO_DATA
from ptychopinn.formats import read_scan
from ptychopinn.preparation.params import Preparation


@pytest.fixture
def content(scan):
    """The arrays of a PtychoPINN NPZ, to change."""
    return {
        "diff3d": np.asarray(scan.patterns),
        "xcoords": scan.positions[:, 1],
        "ycoords": scan.positions[:, 0],
        "probeGuess": scan.probe,
        "objectGuess": scan.object,
    }


@pytest.fixture
def reread(tmp_path):
    """A function that writes arrays to an NPZ and reads them as a scan."""

    def write_and_read(arrays, **assumptions):
        np.savez(tmp_path / "some.npz", **arrays)
        return read_scan(tmp_path / "some.npz", **assumptions)

    return write_and_read


def everything(scan):
    return scan.amplitudes(slice(None))


def assert_same_scan(read, wanted):
    np.testing.assert_allclose(everything(read), everything(wanted), rtol=1e-6)
    np.testing.assert_array_equal(read.positions, wanted.positions)
    np.testing.assert_allclose(read.probe, wanted.probe, rtol=1e-5, atol=1e-6)


CUBES = {
    "PtychoPINN's NPZ": lambda path, cube, y, x: np.savez(path, diff3d=cube, ycoords=y, xcoords=x),
    "SLAC's NPZ": lambda path, cube, y, x: np.savez(path, diffraction=cube, ycoords_start=y, xcoords_start=x),
    "unnamed NPZ": lambda path, cube, y, x: np.savez(path, cube, np.stack([y, x], axis=1)),
    "HDF5": lambda path, cube, y, x: hdf5(path, {"diff3d": cube, "ycoords": y, "xcoords": x}),
}


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("write", CUBES.values(), ids=CUBES)
def test_as_many_patterns_as_pixels_are_told_by_their_light(scan, tmp_path, write, axis):
    write(tmp_path / "a.npz", np.moveaxis(np.asarray(scan.patterns)[:32], 0, axis), *scan.positions[:32].T)
    read = read_scan(tmp_path / "a.npz")
    np.testing.assert_array_equal(read.amplitudes(slice(None)), scan.amplitudes(slice(32)))
    assert any(f"{'last' if axis else 'first'} axis is taken to count them" in note for note in read.notes)
    right, wrong = ("last", "first") if axis else ("first", "last")
    assert_same_scan(read_scan(tmp_path / "a.npz", preparation=Preparation(pattern_axis=right)), read)
    other = read_scan(tmp_path / "a.npz", preparation=Preparation(pattern_axis=wrong))
    stored = np.moveaxis(np.asarray(scan.patterns)[:32], 0, axis)
    np.testing.assert_array_equal(other.patterns[5], stored[5] if wrong == "first" else stored[:, :, 5])
    assert any(f"counted by the {wrong} axis, as asked" in note for note in other.notes)


def test_the_axis_of_patterns_is_not_to_be_said_where_the_shape_tells_it(reread, content):
    with pytest.raises(ValueError, match="the shape tells.*Received: pattern_axis=last"):
        reread(content, preparation=Preparation(pattern_axis="last"))


LAYOUTS = {
    "as written": {},
    "alias diffraction": {"diff3d": None, "diffraction": lambda a: a["diff3d"]},
    "order (y, x, pattern)": {"diff3d": lambda a: np.moveaxis(a["diff3d"], 0, -1)},
    "probe (y, x)": {"probeGuess": lambda a: a["probeGuess"][0]},
    "probe (1, mode, y, x)": {"probeGuess": lambda a: a["probeGuess"][None]},
    "probe (y, x, 1)": {"probeGuess": lambda a: a["probeGuess"][0][..., None]},
    "probe of another brightness": {"probeGuess": lambda a: 7 * a["probeGuess"]},
    "columns of coordinates": {"xcoords": lambda a: a["xcoords"][:, None], "ycoords": lambda a: a["ycoords"][:, None]},
    "big-endian": {"diff3d": lambda a: a["diff3d"].astype(">u4")},
    "Fortran order": {"diff3d": lambda a: np.asfortranarray(a["diff3d"])},
    "float whole counts": {"diff3d": lambda a: a["diff3d"].astype(np.float32)},
    "float amplitudes": {"diff3d": lambda a: np.sqrt(a["diff3d"], dtype=np.float64)},
    "zero frequency at the corner": {"diff3d": lambda a: np.fft.ifftshift(a["diff3d"], axes=(1, 2))},
}


@pytest.mark.parametrize("changes", LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_of_a_scan_reads_the_same(scan, content, reread, changes):
    changed = {key: make and make(content) for key, make in changes.items()}
    arrays = {key: array for key, array in {**content, **changed}.items() if array is not None}
    assert_same_scan(reread(arrays), scan)


def test_modes_are_kept_and_together_carry_the_mean_photons(scan, content, reread):
    modes = np.stack([scan.probe[0], 0.5j * np.roll(scan.probe[0], 1, axis=0), 0.1 * scan.probe[0]])
    for stored in (modes, modes[None]):
        read = reread({**content, "probeGuess": stored})
        assert read.probe.shape == (3, 32, 32)
        np.testing.assert_allclose(np.sum(np.abs(read.probe) ** 2), read.mean_photons, rtol=1e-5)
        np.testing.assert_allclose(read.mean_photons, content["diff3d"].sum() / len(scan), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.float32])
def test_squares_of_amplitudes_do_not_overflow(content, reread, dtype):
    patterns = np.full((100, 32, 32), 250, dtype)
    read = reread({**content, "diff3d": patterns}, measurement="amplitude")
    np.testing.assert_allclose(read.mean_photons, 250.0**2 * 32 * 32, rtol=1e-6)


def test_photons_scale_amplitudes_and_probe(scan, content, reread):
    amplitudes = {**content, "diff3d": np.sqrt(content["diff3d"]) / 1e3}
    read = reread(amplitudes, photons=scan.mean_photons)
    assert_same_scan(read, scan)
    with pytest.raises(ValueError, match="photons=.*--measurement amplitude"):
        reread(content, photons=1e5)


@pytest.mark.parametrize("corner", [False, True], ids=["centre", "corner"])
@pytest.mark.parametrize("dirt", [0.0, -1.0, 2.0**32, np.nan, np.inf])
def test_bad_pixels_lie_where_the_patterns_have_them(scan, content, reread, corner, dirt):
    """Bad pixels are marked in the order the patterns are stored in, and what they hold does not matter."""
    bad = np.zeros((32, 32), bool)
    bad[10, 3:6] = True
    patterns = np.where(bad, dirt, content["diff3d"])
    if corner:
        patterns, stored = np.fft.ifftshift(patterns, axes=(1, 2)), np.fft.ifftshift(bad)
    read = reread({**content, "diff3d": patterns, "bad_pixels": stored if corner else bad}, measurement="counts")
    assert (everything(read)[:, bad] == NO_DATA).all()
    np.testing.assert_allclose(everything(read)[:, ~bad], everything(scan)[:, ~bad], rtol=1e-6)
    np.testing.assert_allclose(read.mean_photons, content["diff3d"][:, ~bad].sum() / len(scan), rtol=1e-6)


@pytest.mark.parametrize("said", ["centre", "corner"])
def test_what_the_user_says_of_the_zero_frequency_wins(scan, content, reread, said):
    read = reread(content, zero_frequency=said)
    wanted = everything(scan) if said == "centre" else np.fft.fftshift(everything(scan), axes=(1, 2))
    np.testing.assert_allclose(everything(read), wanted)


class Trap:
    """An object whose unpickling leaves a trace."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return pathlib.Path.touch, (self.trace,)


def test_metadata_is_skipped_and_nothing_is_unpickled(scan, content, reread, tmp_path):
    trap = np.array([Trap(tmp_path / "sprung")], dtype=object)
    assert_same_scan(reread({**content, "_metadata": trap}), scan)
    with pytest.raises(ValueError, match="probeGuess.*pickled"):
        reread({**content, "probeGuess": trap})
    assert not (tmp_path / "sprung").exists()
    np.load(tmp_path / "some.npz", allow_pickle=True)["probeGuess"]
    assert (tmp_path / "sprung").exists()


def test_patterns_stay_on_disk(content, reread):
    """Reading a scan holds a few chunks of it in memory, not all of it, and takes only the patterns asked for."""
    many = np.tile(content["diff3d"].astype(np.float64), (60, 1, 1))
    repeat = {key: np.tile(content[key], 60) for key in ("xcoords", "ycoords")}
    tracemalloc.start()
    read = reread({**content, **repeat, "diff3d": many})
    read.amplitudes(slice(0, 8))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read.mean_photons > 0 and read.patterns.shape == many.shape
    assert peak < many.nbytes / 2


def test_groups_read_what_the_whole_scan_holds(scan, scan_file):
    groups = np.array([[5, 2, 99], [2, 2, 0]])
    np.testing.assert_array_equal(read_scan(scan_file).amplitudes(groups), everything(scan)[groups])


def test_bz2_reads_as_the_plain_file(scan, scan_file):
    packed = scan_file.with_suffix(".npz.bz2")
    packed.write_bytes(bz2.compress(scan_file.read_bytes()))
    assert_same_scan(read_scan(packed), scan)


@pytest.mark.parametrize("modes", [1, 2])
def test_tike_reads_as_ptychopinn(scan, reread, modes):
    """Zero frequency at the corner, positions (y, x) around 0."""
    centred = scan.positions - scan.positions.mean(axis=0)
    probe = np.repeat(scan.probe, modes, axis=0)
    read = reread({
        "data": np.fft.ifftshift(scan.patterns, axes=(1, 2))[None].astype(np.float32),
        "scan": centred[None],
        "probe": probe[None, None, None],
    })  # fmt: skip
    assert read.corner and read.measurement == "counts" and len(read.probe) == modes
    np.testing.assert_array_equal(everything(read), everything(scan))
    np.testing.assert_allclose(read.positions, centred)


OBJECTS = {
    "zeros": (lambda a: 0 * a, "0+0j everywhere"),
    "ones": (lambda a: np.ones(a.shape), "1 everywhere"),
    "NaN": (lambda a: np.where(np.arange(96) < 2, np.nan, a), "192 of its pixels are NaN or infinite"),
    "huge": (lambda a: a.astype(complex) * 1e200, "reaches"),
    "two slices": (lambda a: np.stack([a, a]), "shape (2, 96, 96)"),
    "a corner": (lambda a: a[:4, :4], "shape (4, 4)"),
    "a phase": (lambda a: np.angle(a) - 1, "real and partly negative"),
    "pickled": (lambda a: np.array([{"any": "object"}], dtype=object), "pickled"),
    "text": (lambda a: np.array("unknown"), "text"),
}


@pytest.mark.parametrize("change, reason", OBJECTS.values(), ids=OBJECTS)
def test_an_object_of_no_use_is_left_out_and_the_scan_is_read(scan, content, reread, change, reason):
    read = reread({**content, "objectGuess": change(content["objectGuess"])})
    assert_same_scan(read, scan)
    assert read.object is None and [reason in note for note in read.notes if "left out" in note] == [True]


NUMBERS = ("?", "i1", ">i2", "<u8", "<f2", ">f8", "g")
"""Kinds of numbers that small counts may be kept in."""


@pytest.mark.parametrize("dtype", NUMBERS)
def test_numbers_of_every_kind_are_read(content, reread, dtype):
    small = (content["diff3d"] > 0).astype(dtype)
    read = reread({**content, "diff3d": small, "probeGuess": np.abs(content["probeGuess"]).round().astype(dtype)})
    np.testing.assert_array_equal(everything(read), small.astype(np.float32))
    np.testing.assert_allclose(np.sum(np.abs(read.probe) ** 2), read.mean_photons, rtol=1e-5)


REAL = {
    "siemens-star-small.npz.bz2": (516, 128, 4.6e5, True),
    "cryo_em_counts.npz": (1296, 64, 8.7e4, False),
}


@pytest.mark.parametrize("name", REAL)
def test_real_scans_read_as_what_they_are(shared_data, name):
    count, size, photons, corner = REAL[name]
    read = read_scan(shared_data / name)
    assert (len(read), read.size, read.measurement, read.corner) == (count, size, "counts", corner)
    np.testing.assert_allclose(read.mean_photons, photons, rtol=0.02)
    np.testing.assert_allclose(np.sum(np.abs(read.probe) ** 2), read.mean_photons, rtol=1e-5)
    mean = np.square(read.amplitudes(slice(0, 64))).mean(axis=0)
    assert mean[size // 4 : -size // 4, size // 4 : -size // 4].sum() > 0.3 * mean.sum()
