"""Laws of shards: the same bits for any number of them, and parts that do not belong together are refused."""

import json
import shutil

import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho
from same_results import assert_same

from ptychopinn.formats.writers.table import FORMATS
from ptychopinn.simulation import scans

FAST = ("--passes", 0, "--batch-size", 4)


@pytest.fixture(scope="module", autouse=True)
def small_blocks():
    """The scan of 100 patterns is of eight blocks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ptychopinn.reconstruction.blocks.LARGEST", 13)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("shards")


@pytest.fixture(scope="module")
def scan_file(scan, folder):
    scans.write_ptychopinn(folder / "scan.npz", scan)
    return folder / "scan.npz"


def shard(bundle, scan_file, folder, number, of, *words):
    done = ptycho("infer", bundle, scan_file, *FAST, "--shard", f"{number}/{of}", "--output-dir", folder, *words)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def pair(bundle, scan_file, folder):
    """The parts of two shards."""
    return [shard(bundle, scan_file, folder / f"part-{number}", number, 2) for number in (1, 2)]


def test_stitched_parts_are_the_plain_inference_to_the_last_bit_and_have_its_receipt(bundle, scan_file, pair, tmp_path):
    plain, stitched = tmp_path / "plain", tmp_path / "stitched"
    assert ptycho("infer", bundle, scan_file, *FAST, "--no-report", "--output-dir", plain).exit_code == 0
    done = ptycho("stitch", *pair[::-1], "--no-report", "--output-dir", stitched)
    assert done.exit_code == 0 and "patterns/s" in done.output, done.output
    assert_same(stitched, plain)
    verified = ptycho("verify", stitched)
    assert verified.exit_code == 0 and "all agrees" in verified.output, verified.output
    kinds = {"part.npz", "reconstruction.npz"}
    assert {file.name for file in plain.iterdir()} & kinds == {"reconstruction.npz"}
    shard(bundle, scan_file, plain, 1, 2)
    assert {file.name for file in plain.iterdir()} & kinds == {"part.npz"}
    assert ptycho("stitch", *pair, "--no-report", "--output-dir", plain).exit_code == 0
    assert {file.name for file in plain.iterdir()} & kinds == {"reconstruction.npz"}


def test_one_two_three_and_eight_shards_make_the_same_bits(bundle, scan):
    from ptychopinn import ReconstructionParams, join_parts, load_bundle, reconstruct_shard
    from ptychopinn.reconstruction.blocks import Shard

    bundle, params, objects = load_bundle(bundle), ReconstructionParams(passes=0, batch_size=4), []
    for of in (1, 2, 3, 8):
        parts = [reconstruct_shard(scan, bundle, Shard(number, of), params) for number in range(of, 0, -1)]
        assert sum(len(part.tiles) for part in parts) == 8
        objects.append(join_parts(parts, scan, params))
    for other in objects[1:]:
        np.testing.assert_array_equal(other.object, objects[0].object)
        np.testing.assert_array_equal(other.uncertainty, objects[0].uncertainty)


def test_a_part_agrees_with_its_receipt_and_is_never_overwritten(pair, tmp_path):
    first = shutil.copytree(pair[0], tmp_path / "first")
    before = (first / "part.npz").read_bytes()
    done = ptycho("stitch", pair[1], first, "--output-dir", first)
    assert_said_plainly(done, "must not overwrite what it is made of", f"Received: --output-dir {first}")
    assert (first / "part.npz").read_bytes() == before
    done = ptycho("verify", first)
    assert done.exit_code == 0 and "when all parts are joined" in done.output, done.output


def test_parts_missing_doubled_or_of_another_number_are_refused(bundle, scan_file, pair, tmp_path, out):
    third = shard(bundle, scan_file, tmp_path / "third", 3, 3)
    for parts, words in (
        (pair[:1], ("one part of each of 2 shards", "2/2 missing")),
        ([*pair, pair[0]], ("1/2 doubled",)),
        ([*pair, third], ("3/3 of another number of shards",)),
        ([*pair, tmp_path], ("A part must be a folder with part.npz and report.json",)),
    ):
        assert_said_plainly(ptycho("stitch", *parts, "--output-dir", out), *words, out=out)


def test_parts_of_another_scan_or_other_options_are_refused(bundle, scan, scan_file, pair, tmp_path, out):
    other = tmp_path / "other.npz"
    scans.write_ptychopinn(other, scans.simulate(
        np.asarray(scan.object), scan.probe, scan.positions, photons=1e4, seed=3))  # fmt: skip
    wrong = {
        "scan": shard(bundle, other, tmp_path / "another", 2, 2),
        "batch_size": shard(bundle, scan_file, tmp_path / "batches", 2, 2, "--batch-size", 3),
        "probe": shard(bundle, scan_file, tmp_path / "probe", 2, 2, "--probe", "scan"),
        "sign": shard(bundle, scan_file, tmp_path / "sign", 2, 2, "--sign", "negate-y"),
    }
    for what, part in wrong.items():
        done = ptycho("stitch", pair[0], part, "--output-dir", out)
        assert_said_plainly(done, "Parts must be made of one scan", f"Received: {what}=", "Make one again", out=out)


def test_a_part_or_a_scan_that_was_changed_is_refused(pair, scan_file, tmp_path, out):
    record = json.loads((pair[1] / "report.json").read_text())
    moved = shutil.copytree(pair[1], tmp_path / "moved")
    (moved / "report.json").write_text(json.dumps({**record, "shard": [1, 2]}))
    assert_said_plainly(ptycho("stitch", pair[0], moved, "--output-dir", out), "which was changed", out=out)
    cut = shutil.copytree(pair[1], tmp_path / "cut")
    (cut / "part.npz").write_bytes((cut / "part.npz").read_bytes()[:-100])
    assert_said_plainly(ptycho("stitch", pair[0], cut, "--output-dir", out), "which was changed", out=out)
    there = shutil.move(scan_file, tmp_path / "there.npz")
    assert_said_plainly(ptycho("stitch", *pair, "--output-dir", out), "A scan must be a file", out=out)
    shutil.copy(pair[0] / "part.npz", scan_file)
    done = ptycho("stitch", *pair, "--output-dir", out)
    shutil.copy(there, scan_file)
    assert_said_plainly(done, "joined on the scan that they were made of", "--data", out=out)
    done = ptycho("stitch", *pair, "--data", there, "--save-format", "tiff", "--output-dir", out)
    assert done.exit_code == 0, done.output
    assert {"reconstruction.npz", "report.html", FORMATS["tiff"].file} <= {file.name for file in out.iterdir()}


@pytest.mark.parametrize("words, said", [
    (("--shard", "0/2"), "shard must be i/n"), (("--shard", "3/2"), "shard must be i/n"),
    (("--shard", "a"), "shard must be i/n"), (("--shard", "1/2", "--passes", 3), "passes need all of it"),
    (("--shard", "1/9"), "shared among 8 shards at most"),
    (("--shard", "1/2", "--auto"), "--auto is of the whole scan"),
    (("--shard", "1/2", "--save-format", "tiff"), "--save-format is of the whole scan"),
    (("--shard", "1/2", "--start", "flat"), "networks see groups of patterns"),
])  # fmt: skip
def test_what_a_shard_cannot_do_is_refused(bundle, scan_file, out, words, said):
    done = ptycho("infer", bundle, scan_file, *FAST, "--output-dir", out, *words)
    assert_said_plainly(done, said, "Received: ", out=out)


def test_the_network_that_ships_sees_the_whole_object_and_is_refused(scan_file, out):
    done = ptycho("infer", scan_file, *FAST, "--shard", "1/2", "--output-dir", out)
    assert_said_plainly(done, "networks see groups of patterns", "input=estimate", out=out)
