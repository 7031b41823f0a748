"""Laws of writers: what is written comes back equal, in metres and in pixels, and what a format cannot hold is said."""

import dataclasses
import tracemalloc

import h5py
import numpy as np
import pytest
import tifffile
from refusal import assert_said_plainly, ptycho

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.data.scan import Scan
from ptychopinn.data.survey import BLOCK_BYTES
from ptychopinn.formats import read_reconstruction, read_scan
from ptychopinn.formats.conversion import convert
from ptychopinn.formats.opened import Opened
from ptychopinn.formats.sources import cxi, ptychodus, slac_npz
from ptychopinn.formats.sources.table import SOURCES
from ptychopinn.formats.writers import ptychopinn_scan
from ptychopinn.formats.writers.table import FORMATS, WORDS, told
from ptychopinn.reconstruction.params import SAVE_FORMATS

PIXEL, ENERGY, DISTANCE = 2.5e-8, 8800.0, 1.75
HDF5 = ("product.h5", "cxi", "ptyr")
READABLE = ("npz", *HDF5)


def waves(seed, *shape):
    draw = np.random.default_rng(seed)
    return (draw.standard_normal(shape) + 1j * draw.standard_normal(shape) + 2).astype(np.complex64)


def result(shape=(40, 57), modes=2, side=16, pixel=PIXEL, seed=0, **known):
    """A reconstruction whose origin is no whole pixel, and whose positions lie in its frame."""
    draw = np.random.default_rng(seed)
    defaults = {
        "object": waves(seed, *shape), "weight": draw.random(shape).astype(np.float32), "origin": (-7.25, 3.5),
        "ramp": (0.02, -0.01), "probe": waves(seed + 1, modes, side, side), "positions": draw.uniform(0, 30, (11, 2)),
        "flux": draw.uniform(0.9, 1.1, 11), "uncertainty": draw.random(shape).astype(np.float32),
        "local_resolution": draw.uniform(2, 9, shape).astype(np.float32),
        "amplitude_uncertainty": draw.random(shape).astype(np.float32),
        "phase_uncertainty": draw.random(shape).astype(np.float32),
        "probe_variation": waves(seed + 2, 2, modes, side, side), "probe_weights": waves(seed + 3, 11, 2),
        "background": draw.random((side, side)), "slices": waves(seed + 4, 3, *shape),
        "pixel_size_m": pixel, "energy_eV": ENERGY, "distance_m": DISTANCE, "record": {"passes": 3},
        "optics": dataclasses.replace(NEAR.optics, slices=3, spacing=1.5, blur=0.7),
    }  # fmt: skip
    return Reconstruction(**defaults | known)


def made_scan(count=20, size=32, modes=2, measurement="counts", corner=False, with_object=True, **known):
    """A scan of random numbers, with a bad pixel and everything that a scan may know."""
    draw = np.random.default_rng(count + size)
    light = 1 + 99 * np.outer(np.hanning(size), np.hanning(size)) ** 2  # which tells where the zero frequency is
    light = np.fft.ifftshift(light) if corner else light
    patterns = draw.poisson(light, (count, size, size)).astype(np.uint16)
    if measurement == "amplitude":
        patterns = np.sqrt(patterns + 0.1).astype(np.float32)
    mask = np.ones((size, size), bool)
    mask[3, 5] = False
    defaults = {
        "patterns": patterns, "positions": draw.uniform(size, 2 * size, (count, 2)), "measurement": measurement,
        "probe_guess": waves(7, modes, size, size), "object": waves(8, 3 * size, 3 * size + 5) if with_object else None,
        "mask": mask, "corner": corner, "pixel_size_m": PIXEL, "energy_eV": ENERGY, "distance_m": DISTANCE,
    }  # fmt: skip
    return Scan(**defaults | known)


NEAR = made_scan(count=1, fresnel_number=0.2)


def drawn(seed):
    """How a scan may be, of whatever size, modes and units; its pixel is that of a detector of 5 to 300 um."""
    draw = np.random.default_rng(seed)
    size, some = int(draw.choice([32, 40, 56, 64])), draw.random(4) < 0.5
    energy, distance, detector = 10 ** draw.uniform((2, -2, -5.3), (5, 1, -3.5))
    return {
        "size": size, "count": int(draw.integers(1, 12)) if size < 64 else 3, "modes": int(draw.integers(1, 5)),
        "measurement": "amplitude" if some[0] else "counts", "corner": bool(some[1]), "with_object": bool(some[2]),
        "mask": draw.random((size, size)) > 0.05 if some[3] else None, "energy_eV": energy, "distance_m": distance,
        "pixel_size_m": 1.239841984e-6 / energy * distance / (size * detector),
    }  # fmt: skip


def centred_photons(scan):
    """The photons of a scan as formats hold them."""
    stored = np.asarray(scan.patterns)
    stored = np.square(stored) if scan.measurement == "amplitude" else stored
    return np.fft.fftshift(stored, axes=(1, 2)) if scan.corner else stored


def write_result(name, folder, found):
    path = folder / FORMATS[name].file
    FORMATS[name].results.write(found, path)
    return path


def write_scan(name, folder, scan, out="scan.x"):
    writers = FORMATS[name].scans.writers(scan, folder / out)
    for path, write in writers.items():
        path.parent.mkdir(exist_ok=True)
        write(path)
    return next(iter(writers))


def assert_equal(again, found, fields):
    """Check that fields came back, and others that need not be there did not; positions may be in another frame."""
    for field in WORDS:
        value, wanted = getattr(again, field, None), getattr(found, field, None)
        if field in fields:
            np.testing.assert_allclose(value, wanted, rtol=2e-6, atol=1e-9, err_msg=field)
        elif field not in ("weight", "ramp", "mask", "record", "positions"):
            assert value is None, field


def test_the_names_of_formats_are_those_of_the_options():
    assert tuple(FORMATS) == SAVE_FORMATS
    for form in FORMATS.values():
        assert set(form.results.HOLDS) | set(form.scans.HOLDS if form.scans else ()) <= set(WORDS)


@pytest.mark.parametrize("modes", [1, 3])
@pytest.mark.parametrize("shape", [(40, 57), (64, 64), (33, 8)], ids=str)
@pytest.mark.parametrize("pixel", [1.3e-12, 2.5e-8, 4e-6])
@pytest.mark.parametrize("name", READABLE)
def test_a_result_comes_back_equal(tmp_path, name, pixel, shape, modes):
    """Positions of formats in metres come back in pixels of the object, whose origin is then (0, 0)."""
    found = result(shape, modes, pixel=pixel)
    again = read_reconstruction(write_result(name, tmp_path, found))
    assert_equal(again, found, set(FORMATS[name].results.HOLDS) - {"positions"})
    constant = np.vdot(again.object, found.object)  # the mean phase of a straight object is left out
    np.testing.assert_allclose(again.object * constant / abs(constant), found.object, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        again.positions - np.array(again.origin), found.positions - np.array(found.origin), atol=1e-9
    )
    if name != "npz":
        np.testing.assert_array_equal(again.object, found.object)


@pytest.mark.parametrize("name", READABLE)
def test_what_is_not_known_does_not_come_back(tmp_path, name):
    unknown = dict.fromkeys(("positions", "flux", "uncertainty", "amplitude_uncertainty",
                             "phase_uncertainty", "local_resolution", "probe_variation", "probe_weights",
                             "background", "slices", "energy_eV", "distance_m"))  # fmt: skip
    found = result(**unknown, probe=waves(1, 1, 16, 16), ramp=(0.0, 0.0), optics=made_scan(count=1).optics)
    again = read_reconstruction(write_result(name, tmp_path, found))
    assert_equal(again, found, {"probe", "pixel_size_m"})
    assert again.positions is None


@pytest.mark.parametrize("name", HDF5)
def test_a_viewer_of_nexus_finds_phase_and_amplitude_with_axes_in_metres(tmp_path, name):
    found = result()
    with h5py.File(write_result(name, tmp_path, found)) as file:
        entry = file[file.attrs["default"]]
        data = entry[entry.attrs["default"]]
        assert (entry.attrs["NX_class"], data.attrs["NX_class"], data.attrs["signal"]) == ("NXentry", "NXdata", "phase")
        np.testing.assert_allclose(data["phase"], np.angle(found.straight), atol=1e-6)
        np.testing.assert_allclose(entry["amplitude/amplitude"], np.abs(found.straight), rtol=1e-6)
        assert data["phase"].dtype == np.float32 and data["phase"].attrs["interpretation"] == "image"
        for axis, side in zip(data.attrs["axes"], found.object.shape):
            assert data[axis].attrs["units"] == "m" and data[axis].shape == (side,)
            np.testing.assert_allclose(np.diff(data[axis]), PIXEL, rtol=1e-6)
            np.testing.assert_allclose(np.mean(data[axis]), 0, atol=1e-15)


@pytest.mark.parametrize("name", HDF5)
def test_a_result_is_not_taken_for_a_scan(tmp_path, name):
    opened = Opened(write_result(name, tmp_path, result()))
    assert not [source.NAME for source in SOURCES if source.recognises(opened)]


@pytest.mark.parametrize("pixel", [1.3e-12, PIXEL, 4e-6, None])
def test_a_tiff_holds_two_images_and_imagej_s_resolution(tmp_path, pixel):
    found = result(pixel=pixel)
    with tifffile.TiffFile(write_result("tiff", tmp_path, found)) as file:
        images, tags, said = file.asarray(), file.pages[0].tags, file.imagej_metadata
        assert images.dtype == np.float32 and said["Labels"] == ["amplitude", "phase [rad]"] and said["images"] == 2
        np.testing.assert_allclose(images[0], np.abs(found.straight), rtol=1e-6)
        np.testing.assert_allclose(images[1], np.angle(found.straight), atol=1e-6)
        if pixel is None:
            assert "unit" not in said
            return
        above, below = tags["XResolution"].value
        assert said["unit"] == "um" and tags["XResolution"].value == tags["YResolution"].value
        np.testing.assert_allclose(below / above * 1e-6, pixel, rtol=1e-5)


KINDS = {
    "counts": {}, "amplitudes": {"measurement": "amplitude"}, "from the corner": {"corner": True},
    "without object": {"with_object": False}, "one mode, no mask": {"modes": 1, "mask": None},
    "of large patterns": {"size": 64, "count": 3}, "of the near field": {"fresnel_number": 0.2},
    **{f"drawn {seed}": drawn(seed) for seed in range(5)},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_ptychopinn_s_npz_of_a_scan_comes_back_equal(tmp_path, kind):
    scan = made_scan(**kind)
    again = read_scan(write_scan("npz", tmp_path, scan, "scan.npz"))
    np.testing.assert_allclose(again.amplitudes(slice(None)), scan.amplitudes(slice(None)), rtol=1e-6)
    np.testing.assert_array_equal(again.positions, scan.positions)
    np.testing.assert_allclose(again.probe, scan.probe, rtol=1e-5)
    for field in ("object", "mask", "pixel_size_m", "energy_eV", "distance_m", "fresnel_number"):
        np.testing.assert_array_equal(getattr(again, field), getattr(scan, field), err_msg=field)
    assert again.measurement == scan.measurement and again.patterns.dtype == scan.patterns.dtype


def test_the_npz_of_a_scan_holds_slac_s_keys_for_ptychodus(tmp_path):
    scan = made_scan(modes=1)
    with np.load(write_scan("npz", tmp_path, scan, "scan.npz")) as file:
        np.testing.assert_array_equal(file["diffraction"], np.moveaxis(file["diff3d"], 0, -1))
        arrays = {key: file[key] for key in file.files if key != "diff3d"}
    assert arrays["probeGuess"].shape == (32, 32)
    np.savez(tmp_path / "slac.npz", **arrays)
    recording = slac_npz.record(Opened(tmp_path / "slac.npz"))
    np.testing.assert_array_equal(recording.patterns[:], scan.patterns)
    np.testing.assert_array_equal(recording.positions, scan.positions)
    wavelength = 1.239841984e-6 / recording.energy_eV
    np.testing.assert_allclose(wavelength * recording.distance_m / (32 * recording.detector_pixel_m[0]), PIXEL)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("name", "source", "out"), [("product.h5", ptychodus, "pair"), ("cxi", cxi, "a.cxi")])
def test_a_scan_in_metres_comes_back_equal(tmp_path, name, source, out, kind):
    scan = made_scan(**kind)
    opened = Opened(write_scan(name, tmp_path, scan, out))
    recording = source.record(opened)
    np.testing.assert_allclose(recording.patterns[:], centred_photons(scan), rtol=1e-6)
    assert source.recognises(opened) and recording.measurement == "counts" and recording.unit == "m"
    np.testing.assert_allclose(recording.probe, scan.probe, rtol=1e-5)
    np.testing.assert_array_equal(recording.mask, scan.mask)
    for field in ("pixel_size_m", "energy_eV", "distance_m"):
        np.testing.assert_allclose(getattr(recording, field), getattr(scan, field), err_msg=field)
    pixel, wavelength = scan.pixel_size_m, 1.239841984e-6 / scan.energy_eV
    width = scan.size if scan.fresnel_number is None else 1 / scan.fresnel_number
    np.testing.assert_allclose(recording.detector_pixel_m, 2 * [wavelength * scan.distance_m / (width * pixel)])
    in_pixels = recording.positions / pixel
    if scan.object is None:
        np.testing.assert_allclose(np.diff(in_pixels, axis=0), np.diff(scan.positions, axis=0), atol=1e-6)
        assert recording.object is None
    else:
        np.testing.assert_allclose(in_pixels - recording.object_first_px, scan.positions, atol=1e-6)
        np.testing.assert_array_equal(recording.object, scan.object)


def test_without_ptychodus_s_group_the_axes_of_the_detector_tell_the_same_positions(tmp_path):
    """As cdtools reads the file: the sample's motion, along basis vectors of x to the left and y up."""
    first = cxi.record(Opened(write_scan("cxi", tmp_path, made_scan(), "a.cxi")))
    path = write_scan("cxi", tmp_path, made_scan(), "b.cxi")
    with h5py.File(path, "a") as file:
        del file["entry_1/ptychodus"]
    again = cxi.record(Opened(path))
    assert "basis_vectors" in " ".join(again.notes)
    np.testing.assert_allclose(again.positions, first.positions, atol=1e-15)


class Endless:
    """Patterns that are made as they are read: 512 MB of them."""

    shape, dtype = (2048, 256, 256), np.dtype(np.float32)

    def __getitem__(self, which):
        return np.ones((len(range(*which.indices(self.shape[0]))), 256, 256), np.float32)


@pytest.mark.parametrize(("name", "out"), [("npz", "a.npz"), ("product.h5", "pair"), ("cxi", "a.cxi")])
def test_patterns_are_never_in_memory_together(tmp_path, name, out, monkeypatch):
    positions = np.random.default_rng(0).uniform(0, 400, (2048, 2))
    scan = Scan(Endless(), positions, waves(0, 1, 256, 256), pixel_size_m=PIXEL)
    monkeypatch.setattr(ptychopinn_scan.zipfile, "ZIP_DEFLATED", ptychopinn_scan.zipfile.ZIP_STORED)  # for speed
    tracemalloc.start()
    write_scan(name, tmp_path, scan, out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * BLOCK_BYTES


def test_what_a_format_cannot_hold_is_said():
    said = {name: " ".join(told(form.results, result())) for name, form in FORMATS.items()}
    assert "standard error" in said["product.h5"] and "the probe;" not in said["product.h5"]
    assert "the probe" in said["tiff"] and "the positions" in said["tiff"] and "pixel size" not in said["tiff"]
    assert said["npz"] == "reconstruction.npz cannot hold, and leaves out: how it was made."
    bare = result(
        energy_eV=None,
        uncertainty=None,
        amplitude_uncertainty=None,
        phase_uncertainty=None,
        local_resolution=None,
        flux=None,
        record={},
    )
    assert "photon energy is 0 in the file: not known" in " ".join(told(FORMATS["product.h5"].results, bare))
    assert told(FORMATS["npz"].results, bare) == ()


def save(path, found):
    FORMATS["npz"].results.write(found, path)
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_a_result_is_converted_on_the_command_line(tmp_path, name):
    source = save(tmp_path / "reconstruction.npz", result())
    out = tmp_path / "new" / f"x{FORMATS[name].suffixes[0]}"
    done = ptycho("convert", source, out)
    assert done.exit_code == 0 and done.stdout == f"{out}: an object of 40 x 57 pixels\n"
    assert ("leaves out: " in done.stderr) == (name != "npz")
    assert list(out.parent.iterdir()) == [out]


def test_every_scan_format_is_reached_from_the_command_line(tmp_path):
    source = write_scan("npz", tmp_path, made_scan(), "scan.npz")
    for out, files in (("a.cxi", ["a.cxi"]), ("pair", ["diffraction.h5", "product.h5"]), ("b.npz", ["b.npz"])):
        done = ptycho("convert", source, tmp_path / out)
        assert done.exit_code == 0, done.output
        assert [line.split(": ")[0].split("/")[-1] for line in done.stdout.splitlines()] == files
    assert cxi.record(Opened(tmp_path / "a.cxi")).patterns.shape == (20, 32, 32)
    assert ptychodus.record(Opened(tmp_path / "pair")).probe.shape == (2, 32, 32)


def test_format_wins_over_the_suffix(tmp_path):
    source = save(tmp_path / "a.npz", result())
    assert ptycho("convert", source, tmp_path / "b.h5", "--format", "ptyr").exit_code == 0
    with h5py.File(tmp_path / "b.h5") as file:
        assert "content" in file


def test_how_a_scan_is_read_decides_what_is_written(tmp_path):
    scan = made_scan(patterns=(np.asarray(made_scan().patterns) + 0.25).astype(np.float32))
    source = write_scan("npz", tmp_path, scan, "scan.npz")
    for words, power in ((("--measurement", "amplitude"), 2), (("--measurement", "counts"), 1)):
        assert ptycho("convert", source, tmp_path / "a.cxi", *words).exit_code == 0
        written = cxi.record(Opened(tmp_path / "a.cxi")).patterns[:]
        np.testing.assert_allclose(written, scan.patterns**power, rtol=1e-5)
    turned = ptycho("convert", source, tmp_path / "a.cxi", "--measurement", "counts", "--zero-frequency", "corner")
    assert turned.exit_code == 0
    shifted = np.fft.fftshift(scan.patterns, axes=(1, 2))
    np.testing.assert_array_equal(cxi.record(Opened(tmp_path / "a.cxi")).patterns[:], shifted)


def test_a_format_without_patterns_takes_the_object_of_a_scan(tmp_path):
    source = write_scan("npz", tmp_path, made_scan(), "scan.npz")
    done = ptycho("convert", source, tmp_path / "a.tiff")
    assert done.exit_code == 0 and "holds no patterns: the scan's object is written" in done.stderr


def test_conversions_that_cannot_be_are_refused(tmp_path):
    plain = save(tmp_path / "plain.npz", result(pixel=None, probe=None))
    bare = write_scan("npz", tmp_path, made_scan(with_object=False, pixel_size_m=None), "bare.npz")
    for arguments, words in (
        ((plain, tmp_path / "a.h5"), ("must tell the pixel size", "plain.npz", "--pixel-size")),
        ((plain, tmp_path / "a.cxi"), ("must tell the pixel size",)),
        ((plain, tmp_path / "a.ptyr"), ("must tell the pixel size",)),
        ((bare, tmp_path / "a.cxi"), ("must tell the pixel size", "bare.npz", "npz")),
        ((bare, tmp_path / "a.tiff"), ("must hold an object", "Reconstruct it first")),
        ((bare, bare), ("must not overwrite", "bare.npz", "another name")),
        ((plain, tmp_path / "a.xyz"), ("OUT must be a folder, or end in one of .npz", "a.xyz", "--format")),
        ((plain, tmp_path, "--format", "tiff"), ("must be the name of a file", "reconstruction.tiff")),
        ((tmp_path / "none.npz", tmp_path / "a.cxi"), ("A scan or a reconstruction must be", "none.npz")),
    ):
        assert_said_plainly(ptycho("convert", *arguments), *words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare.npz", "plain.npz"]


def test_what_stands_in_the_folder_that_is_read_is_not_overwritten(tmp_path):
    (tmp_path / "run").mkdir()
    own = save(tmp_path / "run" / "reconstruction.npz", result())
    before = own.read_bytes()
    assert_said_plainly(ptycho("convert", own.parent, own), "must not overwrite", "Give OUT another name")
    assert own.read_bytes() == before
    assert ptycho("convert", own.parent, tmp_path / "run" / "product.h5").exit_code == 0


def test_ptychodus_s_pair_keeps_its_names(tmp_path):
    source = write_scan("npz", tmp_path, made_scan(), "scan.npz")
    assert_said_plainly(ptycho("convert", source, tmp_path / "a.h5"), "go to a folder", "a.h5", "Give the folder")
    assert ptycho("convert", source, tmp_path / "diffraction.h5").exit_code == 0
    assert (tmp_path / "product.h5").is_file()


def test_a_conversion_that_fails_leaves_what_stood(tmp_path):
    scan = made_scan()
    source = tmp_path / "scan.npz"
    np.savez(source, diff3d=scan.patterns, xcoords=scan.positions[:, 1], ycoords=scan.positions[:, 0],
             probeGuess=scan.probe_guess, pixel_size_m=PIXEL)  # fmt: skip
    content = bytearray(source.read_bytes())
    content[content.index(np.asarray(scan.patterns)[7].tobytes()) + 5] ^= 1
    source.write_bytes(content)
    (tmp_path / "a.cxi").write_text("mine")
    with pytest.raises(ValueError, match="must be a whole file"):
        convert(source, tmp_path / "a.cxi")
    assert (tmp_path / "a.cxi").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.cxi", "scan.npz"]
