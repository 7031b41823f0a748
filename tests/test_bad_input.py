"""Laws of refusal: bad input ends in one line that says what was expected, what was received and the way out.

Never a traceback, and nothing half-written where the results would have been.
"""

import bz2
import json
import pathlib
import shutil

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho

SMALL = ("--epochs", 1, "--n-filters-scale", 0.1)


def edit(**changes):
    """A spoiler that replaces arrays of the scan: a function of the array, or None to leave it out."""

    def spoil(path):
        with np.load(path) as file:
            arrays = dict(file)
        for key, change in changes.items():
            array = arrays.pop(key, None)
            if change is not None:
                arrays[key] = change(array)
        np.savez(path, **arrays)

    return spoil


def bytes_as(change):
    return lambda path: path.write_bytes(change(path.read_bytes()))


def half(content):
    return content[: len(content) // 2]


def scratched(content):
    return content[:5000] + bytes(99) + content[5099:]


def pickled(array):
    return np.array([{"any": "object"}], dtype=object)


def first(count):
    return {key: lambda array: array[:count] for key in ("diff3d", "xcoords", "ycoords")}


def times(factor):
    return {key: lambda array: factor * array for key in ("xcoords", "ycoords")}


BAD_SCANS = {
    "missing file": (pathlib.Path.unlink, "must be a file", "Check the path"),
    "folder": (lambda path: (path.unlink(), path.mkdir()), "folder of scans", "with none", "Check the path"),
    "empty file": (bytes_as(lambda b: b""), "PtychoPINN's NPZ", "another kind of file", "FILE:/path"),
    "text file": (bytes_as(lambda b: b"y x\n1 2\n"), "PtychoPINN's NPZ", "another kind of file", "FILE:/path"),
    "truncated": (bytes_as(half), "whole file", "truncated", "Copy it again"),
    "damaged": (bytes_as(scratched), "whole file", "damaged", "Copy it again"),
    "no patterns": (edit(diff3d=None), "diff3d", "keys xcoords, ycoords, probeGuess, objectGuess", "Rename"),
    "no positions": (edit(ycoords=None), "key ycoords", "keys diff3d, xcoords", "Add it"),
    "pickled patterns": (edit(diff3d=pickled), "diff3d", "numbers", "pickled", "Save it again"),
    "pickled positions": (edit(xcoords=pickled), "xcoords", "numbers", "pickled", "Save it again"),
    "pickled probe": (edit(probeGuess=pickled), "probeGuess", "numbers", "pickled", "Save it again"),
    "text for positions": (edit(xcoords=lambda a: a.astype(str)), "xcoords", "numbers", "text", "Save it again"),
    "complex patterns": (edit(diff3d=lambda a: a + 0j), "real numbers", "complex128", "Save"),
    "all zero": (edit(diff3d=lambda a: 0 * a), "hold light", "all of the 100 patterns", "shutter"),
    "no pattern": (edit(**first(0)), "one pattern or more", "none"),
    "one image": (edit(diff3d=lambda a: a[0]), "patterns (pattern, y, x)", "(32, 32)", "right dataset"),
    "a position too few": (edit(xcoords=lambda a: a[1:], ycoords=lambda a: a[1:]),
                           "one position", "100 patterns, 99 positions", "Write only the pairs"),
    "more rows than columns": (edit(xcoords=lambda a: a[1:]), "99 xcoords, 100 ycoords", "Write only the pairs"),
    "mask of another size": (edit(bad_pixels=lambda a: np.zeros((16, 16), bool)), "size", "(16, 16)", "Crop or pad"),
    "everything masked": (edit(bad_pixels=lambda a: np.ones((32, 32), bool)), "every", "good pixels=0", "inverted"),
    "one pattern for groups of 4": (edit(**first(1)), "at least 4", "positions=1", "--group-side 1"),
    "three patterns for groups of 4": (edit(**first(3)), "at least 4", "positions=3", "--group-side 1"),
    "positions of NaN": (edit(**times(np.nan)), "finite", "NaN", "Remove"),
    "positions far outside": (edit(**times(1e4)), "pixels of the object", "extent=", "Convert"),
    "positions in metres": (edit(**times(5e-8)), "pixels", "steps of", "--units"),
    "complex positions": (edit(xcoords=lambda a: a + 1j), "xcoords", "real numbers", "complex128", "real part"),
    "positions of another universe": (edit(**times(1e300)), "pixels of the object", "extent=", "Convert"),
    "positions beyond fractions": (edit(xcoords=lambda a: a + 1e12), "no farther than 1e+09", "1e+12", "Convert"),
    "two rows of positions": (edit(xcoords=lambda a: a.reshape(2, 50)), "xcoords", "(2, 50)", "Write only"),
    "structured positions": (edit(xcoords=lambda a: a.astype([("x", "f8")])), "xcoords", "records", "Save it again"),
    "dates for positions": (edit(xcoords=lambda a: a.astype("M8[s]")), "xcoords", "numbers", "Save it again"),
    "pixels of half a metre": (edit(pixel_size_m=lambda _: np.array(0.5)), "pixel_size_m", "0.5", "Correct it"),
    "a pixel size in words": (edit(pixel_size_m=lambda _: np.array("13 nm")), "pixel_size_m", "text", "Save it again"),
    "an energy of NaN": (edit(energy_eV=lambda _: np.array(np.nan)), "energy_eV", "nan", "Correct it"),
    "three distances": (edit(distance_m=lambda _: np.ones(3)), "distance_m", "3 numbers", "Correct it"),
    "mask of NaN": (edit(bad_pixels=lambda _: np.full((32, 32), np.nan)), "bad_pixels", "finite", "(32, 32)"),
    "complex mask": (edit(bad_pixels=lambda _: np.eye(32) + 0j), "bad_pixels", "complex128", "real part"),
    "tike of two angles": (edit(diff3d=None, data=lambda _: np.ones((2, 9, 32, 32)), scan=lambda _: np.ones((2, 9, 2)),
                                probe=lambda _: np.ones((2, 1, 1, 1, 32, 32))), "one angle", "Save one angle"),
}  # fmt: skip


@pytest.mark.parametrize("spoil, words", [(row[0], row[1:]) for row in BAD_SCANS.values()], ids=BAD_SCANS)
def test_bad_scans_are_refused(scan_file, out, spoil, words):
    spoil(scan_file)
    assert_said_plainly(ptycho("train", scan_file, "--output-dir", out, *SMALL), *words, out=out)


@pytest.mark.parametrize(
    "change, word", [(half, "truncated"), (scratched, "damaged"), (lambda b: b"BZ? no", "another")]
)
def test_bad_bz2_are_refused(scan_file, out, change, word):
    packed = scan_file.with_suffix(".npz.bz2")
    packed.write_bytes(change(bz2.compress(scan_file.read_bytes())))
    assert_said_plainly(ptycho("inspect", packed), word)


def replaced(name, change):
    """A spoiler of a bundle's file."""
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def recorded(**changes):
    """A spoiler of a bundle's params.json, which leaves it valid JSON."""
    return replaced("params.json", lambda text: json.dumps({**json.loads(text), **changes}).encode())


BAD_BUNDLES = {
    "no folder": (shutil.rmtree, "must be a folder", "Check the path"),
    "no model": (lambda folder: (folder / "model.keras").unlink(), "without model.keras", "Copy the whole"),
    "no params": (lambda folder: (folder / "params.json").unlink(), "without params.json", "Copy the whole"),
    "no history": (lambda folder: (folder / "history.csv").unlink(), "without history.csv", "Copy the whole"),
    "newer format": (recorded(format_version=99), "of format 3", "format_version=99", "install the ptychopinn"),
    "older format": (recorded(format_version=1), "of format 3", "format_version=1", "Train again"),
    "changed model": (replaced("model.keras", lambda b: b[:-1] + b"!"), "model.keras", "SHA-256", "copy the bundle"),
    "changed history": (replaced("history.csv", lambda b: b + b"1\n"), "history.csv", "SHA-256", "copy the bundle"),
    "params not JSON": (replaced("params.json", lambda b: b[1:]), "params.json", "JSON", "Copy the bundle"),
    "params not text": (replaced("params.json", lambda b: b"\xff\x00"), "params.json", "JSON", "Copy the bundle"),
    "params a list": (replaced("params.json", lambda b: b"[1]"), "params.json", "JSON", "Copy the bundle"),
    "params without model": (recorded(model=None), "params.json", "JSON", "Copy the bundle"),
    "params without data": (recorded(data=None), "params.json", "JSON", "Copy the bundle"),
    "params without checksums": (recorded(checksums={}), "params.json", "JSON", "model.keras", "Copy the bundle"),
    "params without a word on its data": (recorded(training_data=[]), "params.json", "JSON", "Copy the bundle"),
}


@pytest.mark.parametrize("spoil, words", [(row[0], row[1:]) for row in BAD_BUNDLES.values()], ids=BAD_BUNDLES)
def test_bad_bundles_are_refused(bundle, scan_file, out, tmp_path, spoil, words):
    copy = shutil.copytree(bundle, tmp_path / "bundle")
    spoil(copy)
    assert_said_plainly(ptycho("infer", copy, scan_file, "--output-dir", out), *words, out=out)


@pytest.mark.parametrize("option, value, held", [
    ("--gridsize", 1, "group_side=2"), ("--generator", "cnn", "generator=unet"), ("--amplitude-max", 2, "5.0"),
])  # fmt: skip
def test_options_that_contradict_the_bundle_are_refused(bundle, scan_file, out, option, value, held):
    result = ptycho("infer", bundle, scan_file, "--output-dir", out, option, value)
    assert_said_plainly(result, held, str(value), "Leave the option out", out=out)
