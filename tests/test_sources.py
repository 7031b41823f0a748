"""Laws of sources: what other programs wrote comes back as it stands there, lazily, or is refused in one line."""

import dataclasses
import pathlib
import re
import subprocess
import sys
import tracemalloc

import foreign_files
import h5py
import numpy as np
import pytest
from foreign_files import COUNTS, FILES, METRES, hdf5

from ptychopinn.data.recording import Recording
from ptychopinn.formats import ptychopinn_npz, tike_npz
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.position_files import read_positions, with_positions
from ptychopinn.formats.scans import scan_files
from ptychopinn.formats.sources.table import BEFORE_PTYCHOPINN, SOURCES
from ptychopinn.preparation.pairing import paired
from ptychopinn.preparation.params import Preparation

CASES = pathlib.Path(__file__).resolve().parents[2] / "shared" / "cases"


def recorded(path):
    """Find the source of a file, and return what it says."""
    opened = Opened(path)
    table = (*BEFORE_PTYCHOPINN, *SOURCES)
    return next(source for source in table if source.recognises(opened)).record(opened)


def assert_holds(recording, known):
    """Check that a recording has the fields that are known, and None in all others."""
    for field in dataclasses.fields(Recording):
        found, wanted = getattr(recording, field.name), known.get(field.name, field.default)
        if field.name in ("name", "notes"):
            continue
        if field.name == "patterns":
            found = np.asarray(found[:])
            assert found.dtype == wanted.dtype or found.dtype == np.float32
        if wanted is None:
            assert found is None, field.name
        elif isinstance(wanted, str | bool):
            assert found == wanted, field.name
        else:
            np.testing.assert_allclose(found, wanted, rtol=1e-6, err_msg=field.name)


@pytest.mark.parametrize("write", FILES.values(), ids=FILES)
def test_what_a_program_wrote_comes_back_exactly(tmp_path, write):
    path, known = write(tmp_path)
    recording = recorded(path)
    assert_holds(recording, known)
    assert all(note.endswith(".") and "\n" not in note for note in recording.notes)


@pytest.mark.parametrize("name", ["cxi", "ptychodus_pair", "ptypy", "eiger", "py4dstem", "slac_npz", "virtual"])
def test_the_name_of_a_file_tells_nothing(tmp_path, name):
    path, known = FILES[name](tmp_path)
    assert_holds(recorded(path.rename(tmp_path / "x.bin")), known)


@pytest.mark.parametrize("which", [
    slice(None), slice(2, 9), slice(None, None, 3), slice(8, 1, -2), np.array([3, 4, 5, 11]), np.array([7, 1, 1, 0]),
    np.array([[2, 3], [11, 2]]), np.arange(12) % 2 == 0, 5, np.array([], int), np.array([-1]),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("name", ["cxi", "ptypy", "nxcxi", "slac_npz", "virtual", "description", "npy_cube"])
def test_patterns_are_indexed_as_numpy_indexes_them(tmp_path, name, which):
    path, _ = FILES[name](tmp_path)
    patterns = recorded(path).patterns
    np.testing.assert_array_equal(patterns[which], COUNTS[which])
    assert patterns[which].dtype == COUNTS.dtype


def test_opening_reads_no_pattern(tmp_path):
    """40 GB that were never written but for one frame are opened in a moment, and that frame is read alone."""
    arrays = foreign_files.cxi_arrays()
    where = "entry_1/instrument_1/detector_1/"
    del arrays[where + "data"], arrays[where + "mask"]
    path = hdf5(tmp_path / "large.cxi", arrays)
    with h5py.File(path, "a") as file:
        data = file.create_dataset(where + "data", (20_000, 1024, 1024), np.uint16, chunks=(1, 1024, 1024))
        data[7] = 3
    tracemalloc.start()
    patterns = recorded(path).patterns
    assert patterns.shape == (20_000, 1024, 1024) and (patterns[7:8] == 3).all()
    assert tracemalloc.get_traced_memory()[1] < 30e6
    tracemalloc.stop()


@pytest.mark.parametrize("name", ["Bitshuffle", "Blosc", "LZ4", "Zstd"])
def test_detectors_compression_is_undone(tmp_path, name):
    hdf5plugin = pytest.importorskip("hdf5plugin")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("patterns", data=COUNTS, chunks=(1, *COUNTS.shape[1:]), **getattr(hdf5plugin, name)())
    code = (
        "import sys, numpy; sys.path.insert(0, 'tests'); import test_sources, foreign_files;"
        "assert 'hdf5plugin' not in sys.modules;"
        f"numpy.testing.assert_array_equal(test_sources.recorded({str(path)!r}).patterns[:], foreign_files.COUNTS)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=pathlib.Path(__file__).parents[1])


def test_a_missing_filter_is_named_with_what_installs_it(tmp_path, monkeypatch):
    hdf5plugin = pytest.importorskip("hdf5plugin")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("patterns", data=COUNTS, chunks=(1, *COUNTS.shape[1:]), **hdf5plugin.Bitshuffle())
    monkeypatch.setitem(sys.modules, "hdf5plugin", None)
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: False)
    with pytest.raises(ValueError, match=r"Received: filter=32008.*ptychopinn\[hdf5\]"):
        recorded(path)


@pytest.mark.parametrize("name", ["ptychodus_pair", "ptychodus_folder", "cxi_pair_of_ptychodus"])
def test_indexes_pair_patterns_with_positions(tmp_path, name):
    recording = paired(recorded(FILES[name](tmp_path)[0]), Preparation())
    np.testing.assert_array_equal(recording.patterns[:], COUNTS)
    np.testing.assert_allclose(recording.positions, METRES)
    assert "paired by index: 12 pairs." in recording.notes[-1]


@pytest.mark.parametrize("pair", [("diffraction.h5", "product.h5"), ("diffraction.cxi", "product.cxi"),
                                  ("data_roi0_Ndp24_dp.hdf5", "data_roi0_Ndp24_para.hdf5")], ids=str)  # fmt: skip
def test_two_files_of_one_scan_are_one_scan(tmp_path, pair):
    for write in (foreign_files.ptychodus_pair, foreign_files.cxi_pair_of_ptychodus, foreign_files.fold_slice):
        write(tmp_path)
    folder = tmp_path / "alone"
    folder.mkdir()
    for name in pair:
        (tmp_path / name).rename(folder / name)
    assert [path.name for path in scan_files(folder)] == [pair[0]]
    one, *others = [recorded(path) for path in (folder, *(folder / name for name in pair))]
    for other in others:
        np.testing.assert_array_equal(one.positions, other.positions)


def test_a_wrong_partner_is_not_taken_without_a_word(tmp_path):
    foreign_files.ptychodus_pair(tmp_path)
    with h5py.File(tmp_path / "product.h5", "a") as file:
        file["probe_position_indexes"][:3] = 999
    recording = paired(recorded(tmp_path / "diffraction.h5"), Preparation())
    assert recording.patterns.shape[0] == len(recording.positions) == 9
    assert any("3 positions and 3 patterns have no partner" in note for note in recording.notes)
    (tmp_path / "product.h5").rename(tmp_path / "first.h5")
    foreign_files.product_hdf5(tmp_path / "second.h5", np.arange(12))
    with pytest.raises(ValueError, match="Received: 2 that may: first.h5, second.h5"):
        recorded(tmp_path / "diffraction.h5")


TEXTS = {
    "x, y without header": ("1.0,10\n2,20\n", "xy", None),
    "spaces": ("1 10\n2 20\n", "xy", None),
    "tabs, comment": ("% made by me\n1\t10\n2\t20\n", "xy", None),
    "header": ("y,x\n10,1\n20,2\n", "yx", None),
    "header with units": ("index;x [um];y [um]\n0;1;10\n1;2;20\n", "xy", "um"),
    "commented header": ("# y_nm x_nm\n10 1\n20 2\n", "yx", "nm"),
}


@pytest.mark.parametrize("text, order, unit", TEXTS.values(), ids=TEXTS)
def test_positions_of_a_text_are_read(tmp_path, text, order, unit):
    (tmp_path / "p.txt").write_text(text)
    found = read_positions(tmp_path / "p.txt")
    np.testing.assert_array_equal(found.values, [[10, 1], [20, 2]])
    assert found.unit == unit and read_positions(tmp_path / "p.txt", unit="mm").unit == "mm"
    np.testing.assert_array_equal(found.indexes, [0, 1] if "index" in text else None)


@pytest.mark.parametrize("bad, said", [
    ("1,2,3\n4,5,6\n", "3 columns without names"), ("", "0 lines"), ("a,b\n", "0 lines"), ("1,2\n3\n", "2 lines"),
    ("1,nan\n", "finite"), ("x,y\n1\n", "1 columns"), ("1,2\nx,y\n3,4", None), ("x_um,y_um\n1,2,\n", None),
])  # fmt: skip
def test_a_bad_text_is_refused(tmp_path, bad, said):
    (tmp_path / "p.csv").write_text(bad)
    if said is None:
        assert read_positions(tmp_path / "p.csv").values.shape[1] == 2
    else:
        with pytest.raises(ValueError, match=f"Received: .*{said}|{said}.*Received"):
            read_positions(tmp_path / "p.csv")


def test_positions_come_from_any_array_or_product(tmp_path):
    path = hdf5(tmp_path / "motors.h5", {"a/pos": METRES[:, ::-1].T * 1e6}, {("a/pos", "units"): "um"})
    foreign_files.ptychodus_pair(tmp_path)
    np.save(tmp_path / "p.npy", METRES)
    detector = recorded(foreign_files.csaxs(tmp_path)[0])
    order = np.random.default_rng(1).permutation(12) + 100
    np.testing.assert_array_equal(with_positions(detector, tmp_path / "product.h5").position_indexes, order)
    wanted = (
        (f"{path}:/a/pos", "xy", "um", 1e6),
        (path, "xy", "um", 1e6),
        (tmp_path / "p.npy", None, None, 1),
        (tmp_path / "product.h5", None, "m", 1),
    )
    for where, order, unit, scale in wanted:
        whole = with_positions(detector, where, order=order)
        np.testing.assert_allclose(whole.positions, METRES * scale)
        assert whole.unit == unit and whole.patterns is detector.patterns and len(whole.notes) > len(detector.notes)


def test_a_description_that_is_written_is_read(tmp_path):
    from ptychopinn.formats.door import Door
    from ptychopinn.formats.sources import description

    hdf5(tmp_path / "a.h5", {"x/data": COUNTS, "y": METRES[:, 0], "z": METRES[:, 1]})
    told = Door(
        "a.h5:/x/data", positions_y="a.h5:/y", positions_x="a.h5:/z", unit="um", energy_eV=8e3,
        detector_pixel_m=[1e-4, 2e-4], electrons=True, measurement="amplitude", zero_frequency="corner",
    )  # fmt: skip
    description.write(tmp_path / "kept.yml", told)
    assert_holds(recorded(tmp_path / "kept.yml"), {
        "patterns": COUNTS, "positions": METRES, "unit": "um", "energy_eV": 8e3, "detector_pixel_m": (1e-4, 2e-4),
        "electrons": True, "measurement": "amplitude", "corner": True,
    })  # fmt: skip


@pytest.mark.parametrize("text, said", [
    ("patterns: a.h5:/nowhere", "must hold an array of numbers as /nowhere"), ("patterns: [1", "cannot be read so"),
    ("patterns: b.h5:/x", "with 0 files"), ("patterns: a.h5:/x\npositions: a.h5:/x", "positions"),
    ("patterns: a.h5:/x\ncolour: red", "Received: colour"), ("patterns: a.h5:/x\nunit: parsec", "parsec"),
    ("patterns: a.h5:/x\nenergy_eV: -1", "energy_eV=-1"), ("patterns: a.h5:/x\nenergy_eV: blue", "energy_eV=blue"),
    ("patterns: a.h5:/x\npositions_y: a.h5:/x", "positions_y"), ("patterns: 5", "a text as patterns"),
    ("patterns: a.h5:/x\nmask: a.h5:/x\nmeasurement: photons", "counts, amplitude"),
    ("patterns: a.h5:/x\nprobe: a.h5:/none", "none"), ("patterns: &a [*a, *a]", "a text as patterns"),
    ("a: &a [x, x]\nb: &b [*a, *a]\npatterns: *b", "Received: a, b"), ("patterns: /*/*/*:/x", "with 0 files"),
    ("patterns: a.h5:/x\ndetector_pixel_m: [1e-6, 1e-6, 1e-6]", "height and width"), ("patterns:", "patterns"),
    ("patterns: !!python/object/apply:os.system ['true']", "cannot be read so"), ("patterns: a.txt", "with 0 files"),
])  # fmt: skip
def test_a_bad_description_is_refused(tmp_path, text, said):
    hdf5(tmp_path / "a.h5", {"x": COUNTS})
    (tmp_path / "scan.yaml").write_text(text)
    with pytest.raises(ValueError, match="Received: ") as refused:
        recorded(tmp_path / "scan.yaml")
    assert said in str(refused.value) and re.search(r"Received: .*\. \S", str(refused.value))


def test_real_files_are_read(shared_data):
    """Of ptychodus's and cdtools's own making; in the second, features of the near field move against the positions."""
    for name in ("diffraction.h5", "product.h5"):
        pair = recorded(shared_data / "ptychodus" / name)
        assert pair.patterns.shape == (64, 128, 128) and pair.positions.shape == (64, 2) and pair.unit == "m"
        assert pair.probe.shape == (2, 128, 128) and (pair.energy_eV, pair.distance_m) == (8800, 2)
    training = recorded(shared_data / "ptychodus" / "training.h5")
    np.testing.assert_allclose(np.ptp(training.positions * 1e-8, axis=0), np.ptp(pair.positions, axis=0))
    np.testing.assert_array_equal(training.patterns[5], pair.patterns[5])
    near = recorded(shared_data / "peers" / "petra3_p25_near_field.cxi")
    assert near.patterns.shape == (200, 100, 100) and near.energy_eV == pytest.approx(12658, abs=1)
    stored = near.patterns[:]
    flat = np.maximum(np.median(stored, axis=0), 1)
    moves = [moved(stored[i] / flat - 1, stored[i + 1] / flat - 1) for i in (0, 3, 4, 8, 9)]
    steps = np.diff(near.positions, axis=0)[[0, 3, 4, 8, 9]] / (55e-6 * 0.00365 / 1.12365)
    np.testing.assert_allclose(moves, -steps, atol=1.5)


def moved(one, other):
    """Return by how many pixels `(y, x)` the features of an image moved to those of another."""
    window = np.hanning(100)[:, None] * np.hanning(100)
    low = np.exp(-sum(np.square(np.meshgrid(*2 * [np.fft.fftfreq(100)]))) / 0.02)
    spectrum = np.conj(np.fft.fft2(one * window)) * np.fft.fft2(other * window)
    peak = np.fft.ifft2(spectrum / (np.abs(spectrum) + 1e-9) * low).real
    return (np.array(np.unravel_index(peak.argmax(), peak.shape)) + 50) % 100 - 50


def test_all_foreign_files_of_the_cases_are_recognised(tmp_path):
    if not CASES.is_dir():
        pytest.skip(f"needs the cases in {CASES}")
    code = f"import sys; sys.path.insert(0, {str(CASES)!r}); import c22_formats"
    environment = {"CASES_DIR": str(tmp_path), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True)
    table = (*BEFORE_PTYCHOPINN, ptychopinn_npz, tike_npz, *SOURCES)
    paths = sorted((tmp_path / "formats").iterdir())
    assert len(paths) > 15
    for path in paths:
        opened = Opened(path)
        source = next((source for source in table if source.recognises(opened)), None)
        assert source is not None, path.name
        if source in SOURCES:
            assert source.record(opened).patterns[:].shape == (144, 32, 32)
