"""Laws of archives: what need not be unpacked is not, never more than was declared, and every byte is checked."""

import bz2
import shutil
import tempfile
import zipfile

import mutators
import numpy as np
import pytest

from ptychopinn import read_scan

DEFLATED = zipfile.ZIP_DEFLATED


@pytest.fixture
def arrays(scan_file):
    """The arrays of a scan file."""
    with np.load(scan_file) as file:
        return dict(file)


@pytest.fixture
def write(tmp_path):
    """A function that writes an archive of arrays, or of the bytes of members."""

    def written(arrays, name="some.npz", **how):
        content = mutators.packed(arrays, **how)
        (tmp_path / name).write_bytes(bz2.compress(content) if name.endswith("bz2") else content)
        return tmp_path / name

    return written


def test_what_is_stored_plainly_is_mapped_where_it_lies(write, arrays, scan, monkeypatch):
    """Without a place for temporary files it opens, and what is compressed does not."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    np.testing.assert_array_equal(read_scan(write(arrays)).amplitudes([5]), scan.amplitudes([5]))
    with pytest.raises(FileNotFoundError):
        read_scan(write(arrays, methods={"diff3d": DEFLATED}))


@pytest.mark.parametrize("methods", [{}, {"diff3d": DEFLATED}], ids=["stored", "compressed"])
def test_a_flipped_bit_in_the_patterns_is_never_given_out(write, arrays, methods):
    path = write(arrays, methods=methods)
    content = bytearray(path.read_bytes())
    content[40_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"whole file. Received: a truncated or damaged"):
        read_scan(path).amplitudes([0])


def test_a_key_that_is_named_otherwise_in_the_directory_is_damage(write, arrays):
    """Else a mask or a pixel size would be missed without a word."""
    path = write({**arrays, "pixel_size_m": np.array(1e-8)})
    start, _, end = path.read_bytes().rpartition(b"pixel_size_m")
    path.write_bytes(start + b"pixel_size_n" + end)
    with pytest.raises(ValueError, match="whole file"):
        read_scan(path)


def test_a_directory_that_is_cut_short_is_damage(write, arrays):
    """Its length is changed to that without the last key, whose name nobody then looks for."""
    path = write({**arrays, "pixel_size_m": np.array(1e-8)})
    content = path.read_bytes()
    start, end = content.rindex(b"PK\1\2"), content.rindex(b"PK\5\6")
    length = int.from_bytes(content[end + 12 : end + 16], "little") - (end - start)
    shortened = content[:start] + content[end : end + 12] + length.to_bytes(4, "little") + content[end + 16 :]
    path.write_bytes(shortened)
    with pytest.raises(ValueError, match="whole file"):
        read_scan(path)


def member(descr, shape, body):
    """The bytes of a member with a header that says what it likes."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text + body


HEADERS = {
    "more than is there": ("<u2", "(10**6, 32, 32)", bytes(2048)),
    "less than is there": ("<u2", "(100, 32, 32)", bytes(10**6)),
    "an overflowing product": ("<u2", f"({2**62}, {2**62})", b""),
    "nothing of an overflowing product": ("<u2", f"(0, {2**62}, {2**62})", b""),
    "a negative side": ("<u2", "(-1, 32, 32)", b""),
    "nested beyond reading": ("<u2", "(" * 900 + ")" * 900, b""),
    "unfinished text": ("<u2", "'''", b""),
    "true for a side": ("<u2", "(True, 32, 32)", bytes(2048)),
    "many axes": ("<u2", "(1,) * 30", b"aa"),
    "records": ("<u2, <u2", "(9,)", bytes(36)),
}


@pytest.mark.parametrize("row", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("key", ["diff3d", "xcoords", "probeGuess"])
def test_headers_that_do_not_fit_are_refused(write, arrays, key, row):
    path = write({**arrays, key: member(*row)}, methods={key: DEFLATED})
    with pytest.raises(ValueError, match=r"(array of numbers|whole file).* Received: .*(Save|Copy) it again"):
        read_scan(path)


PACKINGS = {
    "LZMA": ({"methods": {"diff3d": zipfile.ZIP_LZMA}}, "compression method 14.*savez"),
    "the same key twice": ({"twice": "xcoords"}, "whole file"),
}


@pytest.mark.parametrize("how, words", PACKINGS.values(), ids=PACKINGS)
def test_packing_that_numpy_does_not_know_is_refused(write, arrays, how, words):
    with pytest.raises(ValueError, match=f"Received: .*{words}|{words}"):
        read_scan(write(arrays, **how))


def test_encryption_is_named(write, arrays):
    path = write(arrays)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\1\0"))
    with pytest.raises(ValueError, match="packed as NumPy does. Received: encryption.*Save it again"):
        read_scan(path)


def test_a_dark_scan_that_packs_a_hundredfold_opens(write, arrays):
    """A few photons in many patterns are no bomb: what is declared is there, and fits on the disk."""
    few = np.zeros((4000, 32, 32), np.uint16)
    few[:, 16, 16] = 1
    places = np.arange(4000.0)
    many = {**arrays, "diff3d": few, "xcoords": places % 63, "ycoords": places // 63}
    path = write(many, methods=dict.fromkeys(many, DEFLATED))
    assert path.stat().st_size < few.nbytes / 50
    assert read_scan(path).mean_photons == 1


def test_what_would_not_fit_on_the_disk_is_refused_before_it_is_unpacked(write, arrays, monkeypatch):
    paths = write(arrays, methods={"diff3d": DEFLATED}), write(arrays, "some.npz.bz2")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    for path in paths:
        with pytest.raises(ValueError, match="must be free in.*Received: 0.00 GB free.*TMPDIR"):
            read_scan(path)


def test_a_bz2_that_unpacks_beyond_measure_is_refused(tmp_path):
    path = tmp_path / "bomb.npz.bz2"
    path.write_bytes(bz2.compress(b"PK\3\4" + bytes(1 << 27)))
    with pytest.raises(ValueError, match="0.07 GB at most, 1000 times.*Received: more.*Unpack it yourself"):
        read_scan(path)


def test_positions_that_are_too_many_are_not_even_read(write, arrays):
    path = write({**arrays, "xcoords": np.zeros(10**7), "ycoords": np.zeros(10**7)}, methods={"xcoords": DEFLATED})
    with pytest.raises(ValueError, match="one position.*Received: 100 patterns, 10000000 positions"):
        read_scan(path)
