"""Laws of refusal for sources: whatever a file of another program is made to hold, one line says what is wrong."""

import pathlib
import re

import foreign_files
import h5py
import mutations
import numpy as np
import opened_mutations
import pytest
import source_mutations
from foreign_files import COUNTS, FILES, hdf5
from test_sources import recorded

from ptychopinn.formats import read_scan
from ptychopinn.formats.places import place
from ptychopinn.formats.unpacking import Damaged
from ptychopinn.preparation.pairing import paired
from ptychopinn.preparation.params import Preparation

DETECTOR = "entry_1/instrument_1/detector_1/"


def replaced(path, where, values):
    """Put something else under a path of a file; None leaves it out."""
    with h5py.File(path, "a") as file:
        if where in file:
            del file[where]
        if values is not None:
            file[where] = values
    return path


def assert_refused(path, *said):
    with pytest.raises(ValueError, match=r"Received: .*[.?] \S") as refused:
        recorded(path).patterns[:1]
    message = str(refused.value)
    assert "\n" not in message and len(message) < 400
    assert re.search(".*".join(map(re.escape, said)), message), message


HOSTILE = {
    "patterns are text": (DETECTOR + "data", "counts", "numbers", "dtype"),
    "patterns are many texts": (DETECTOR + "data", np.array([b"a", b"b"]), "numbers", "dtype"),
    "patterns are records": (DETECTOR + "data", np.zeros((3, 20, 20), "i4,f4"), "numbers", "dtype"),
    "patterns are complex": (DETECTOR + "data", COUNTS * 1j, "real numbers", "dtype=complex128"),
    "patterns are one number": (DETECTOR + "data", 7, "patterns (pattern, y, x)", "shape=()"),
    "patterns are one image": (DETECTOR + "data", COUNTS[0], "patterns (pattern, y, x)", "shape=(24, 20)"),
    "no pattern": (DETECTOR + "data", COUNTS[:0], "one pattern or more", "shape=(0, 24, 20)"),
    "no pixel": (DETECTOR + "data", COUNTS[:, :0], "pixels a side", "shape=(12, 0, 20)"),
    "a link to nothing": (DETECTOR + "data", h5py.ExternalLink("gone.h5", "/a"), "link=gone.h5", "Copy that file"),
    "a link to a device": (DETECTOR + "data", h5py.ExternalLink("/dev/zero", "/a"), "link=/dev/zero"),
    "a link to no HDF5": (DETECTOR + "data", h5py.ExternalLink("/etc/hostname", "/a"), "link=/etc/hostname", "none"),
    "a link to itself": (DETECTOR + "data", h5py.SoftLink("/" + DETECTOR + "data"), "more than 32 links"),
    "distance is text": (DETECTOR + "distance", "1.75 m", "numbers", "dtype"),
    "distance is many": (DETECTOR + "distance", np.ones(5), "one finite number", "5 numbers"),
    "distance is NaN": (DETECTOR + "distance", np.nan, "one finite number", "nan"),
    "distance is negative": (DETECTOR + "distance", -1.0, "from 1e-09 to 1e+06 m", "-1 m"),
    "distance is empty": (DETECTOR + "distance", np.zeros(0), "one finite number", "0 numbers"),
    "distance is complex": (DETECTOR + "distance", 1j, "real", "dtype=complex128"),
    "pixel is a kilometre": (DETECTOR + "x_pixel_size", 1e3, "detector pixel", "1000 m"),
    "mask is of another size": (DETECTOR + "mask", np.zeros((3, 4)), "mask of the patterns' size (24, 20)", "(3, 4)"),
    "translations are text": ("entry_1/sample_1/geometry_1/translation", "up", "numbers", "dtype"),
    "translations are flat": ("entry_1/sample_1/geometry_1/translation", np.ones(24), "(pattern, 2)", "(24,)"),
    "translations are NaN": ("entry_1/sample_1/geometry_1/translation", np.full((12, 3), np.nan), "finite positions"),
    "energy is zero": ("entry_1/instrument_1/source_1/energy", 0.0, "photon energy", "0 eV"),
    "basis is flat": (DETECTOR + "basis_vectors", np.zeros((3, 2)), "two vectors", "lengths"),
}


@pytest.mark.parametrize("where, values, said", [(row[0], row[1], row[2:]) for row in HOSTILE.values()], ids=HOSTILE)
def test_hostile_content_is_refused_in_one_line(tmp_path, where, values, said):
    path, _ = FILES["cxi"](tmp_path)
    assert_refused(replaced(path, where, values), *said)


MISSING = {
    "cxi": DETECTOR + "x_pixel_size", "ptypy": "meta/energy", "nsls2": "points", "ptylab": "zo",
    "ptychodus_pair": "indexes", "nanomax": "entry/measurement/pseudo/x", "csaxs": "entry/instrument/monochromator",
    "eiger": "entry/instrument/detector/beam_center_x", "py4dstem": "datacube_root/metadatabundle",
}  # fmt: skip


@pytest.mark.parametrize("name, where", MISSING.items(), ids=MISSING)
def test_what_is_missing_is_none_and_no_guess(tmp_path, name, where):
    path, _ = FILES[name](tmp_path)
    recording = recorded(replaced(path, where, None))
    np.testing.assert_array_equal(recording.patterns[:].shape[0], 12)
    assert source_mutations.is_plausible(recording, recording.patterns[:])


@pytest.mark.parametrize("shape, chunks, said", [
    ((1 << 20, 512, 512), (1, 512, 512), "none of them written"),
    ((4, 1 << 13, 1 << 13), (4, 1 << 13, 1 << 13), "none of them written"),
    ((8, 1 << 13, 1 << 13), (8, 1 << 13, 1 << 13), "chunks of 256 MiB at most"),
])  # fmt: skip
def test_room_without_numbers_is_refused(tmp_path, shape, chunks, said):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("patterns", shape, np.uint8, chunks=chunks)
    assert_refused(tmp_path / "a.h5", said)


def test_virtual_frames_of_a_missing_file_are_not_zeros(tmp_path):
    path, _ = FILES["virtual"](tmp_path)
    (tmp_path / "line2.h5").unlink()
    assert_refused(path, "file=line2.h5", "Copy it beside")


def test_a_missing_part_of_a_master_is_refused(tmp_path):
    path, _ = FILES["eiger"](tmp_path)
    (tmp_path / "scan_data_000002.h5").unlink()
    assert_refused(path, "link=scan_data_000002.h5", "Copy that file")


def test_damage_behind_our_back_is_refused_when_it_is_read(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("patterns", data=COUNTS, chunks=(1, 24, 20), compression="gzip", fletcher32=True)
        place_of_chunk = data.id.get_chunk_info(5).byte_offset
    content = bytearray(path.read_bytes())
    content[place_of_chunk + 9] ^= 1
    path.write_bytes(content)
    patterns = recorded(path).patterns
    np.testing.assert_array_equal(patterns[:5], COUNTS[:5])
    with pytest.raises(Damaged, match="Received: a truncated or damaged one"):
        patterns[5:6]


def test_a_group_that_holds_itself_ends_the_search(tmp_path):
    path = hdf5(tmp_path / "a.h5", {"a/b/cube": foreign_files.cube()})
    with h5py.File(path, "a") as file:
        file["a/b/again"] = file["a"]
        file["a/soft"] = h5py.SoftLink("/a")
    np.testing.assert_array_equal(recorded(path).patterns[:], COUNTS)


def test_arrays_that_nothing_tells_apart_are_named(tmp_path):
    assert_refused(hdf5(tmp_path / "a.h5", {"one": COUNTS, "two": COUNTS}), "/one, /two", "--patterns a.h5:/one")


@pytest.mark.parametrize("where", ["nothing.h5:/a", "*.nothing", "/dev/zero:/a", "a.txt", "a.h5", "a.h5:/group", "."])
def test_a_place_that_is_none_is_refused(tmp_path, where):
    hdf5(tmp_path / "a.h5", {"group/x": COUNTS, "y": COUNTS})
    (tmp_path / "a.txt").write_text("1 2\n")
    with pytest.raises(ValueError, match=r"Received: .*\. \S"):
        place(where, tmp_path).frames()


@pytest.mark.parametrize("name", FILES)
def test_spoilt_files_are_read_or_refused_in_one_line(name):
    said = []
    kind = source_mutations.Sources((name,))
    counts = mutations.run(kind, count=5 if name == "ptychoshelves_mat" else 30, seed=3, say=said.append)
    assert not said and sum(counts.values()) - counts[mutations.WRONG] >= 5


@pytest.mark.parametrize("name", ["cxi_pair_of_ptychodus", "slac_npz", "description"])
def test_spoilt_files_make_no_other_scan_without_a_word(name):
    said = []
    counts = mutations.run(opened_mutations.Scans(name), count=25, seed=5, say=said.append)
    assert not said and counts[mutations.EQUAL] and counts[mutations.REFUSED]


@pytest.mark.parametrize("padding", [0, 6 << 20], ids=["first", "last"])
def test_a_heap_without_an_end_is_damage(tmp_path, padding):
    """Its free room is said to be none: libhdf5 looks for what comes after it, and never ends."""
    path, _ = FILES["nxcxi"](tmp_path)
    with h5py.File(path, "a") as file:
        file["padding"], file["title"] = np.zeros(padding, np.uint8), "a text"
    recorded(path)
    content = bytearray(path.read_bytes())
    heap = content.rindex(b"GCOL")
    place = heap + 16
    while content[place : place + 2] != b"\0\0":
        place += 16 + -(-int.from_bytes(content[place + 8 : place + 16], "little") // 8) * 8
    content[place + 8 : place + 16] = bytes(8)
    path.write_bytes(content)
    assert_refused(path, "a whole file")


def test_positions_beyond_the_world_are_refused(tmp_path):
    """Before a canvas is made for them, where a probe is guessed."""
    path, known = FILES["ptypy"](tmp_path)
    with h5py.File(path, "a") as file:
        file["chunks/2/positions"][...] *= 1e17
    with pytest.raises(ValueError, match="Positions must be pixels of the object.*Received: extent="):
        read_scan(path, preparation=opened_mutations.options_for(known, tmp_path))


def test_indexes_of_one_side_alone_are_said(tmp_path):
    path, _ = FILES["ptychodus_pair"](tmp_path)
    replaced(path, "indexes", None)
    notes = paired(recorded(path), Preparation()).notes
    assert notes[-1].endswith("paired by their order: the positions have indexes, and the frames none.")


def test_nothing_of_a_file_is_executed(tmp_path):
    trace = tmp_path / "trace"
    (tmp_path / "a.yaml").write_text(f"patterns: !!python/object/apply:pathlib.Path.touch ['{trace}']\n")
    assert_refused(tmp_path / "a.yaml", "cannot be read so")
    assert not pathlib.Path(trace).exists()
