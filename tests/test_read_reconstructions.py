"""Laws of reading reconstructions: those of every program, and a clear line where there is none."""

import struct

import h5py
import numpy as np
import pytest
from refusal import assert_said_plainly, ptycho
from scipy.io import savemat

from ptychopinn.formats import read_reconstruction


@pytest.fixture
def image():
    """An object (y, x) that is no square."""
    draw = np.random.default_rng(0)
    return ((2 + draw.standard_normal((40, 50))) * np.exp(1j * draw.standard_normal((40, 50)))).astype(np.complex64)


@pytest.fixture
def save(tmp_path):
    """Save arrays as an NPZ; returns its path."""

    def write(**arrays):
        np.savez(tmp_path / "recon.npz", **arrays)
        return tmp_path / "recon.npz"

    return write


def test_the_folder_of_a_reconstruction_is_read_whole(tmp_path, image):
    known = {"weight": np.abs(image), "origin": np.array([-3, 4]), "ramp": np.array([0.1, 0.2]),
             "probe": np.ones((2, 8, 8), np.complex64), "pixel_size_m": np.array(2e-9)}  # fmt: skip
    np.savez(tmp_path / "reconstruction.npz", object=image, **known)
    reconstruction = read_reconstruction(tmp_path)
    y, x = np.indices(image.shape)  # the file's object is straight: its ramp is put back
    np.testing.assert_allclose(reconstruction.object, image * np.exp(1j * (0.1 * y + 0.2 * x)), rtol=1e-5)
    np.testing.assert_array_equal(reconstruction.weight, known["weight"])
    assert (
        reconstruction.origin == (-3, 4) and reconstruction.ramp == (0.1, 0.2) and reconstruction.pixel_size_m == 2e-9
    )
    assert reconstruction.probe.shape == (2, 8, 8) and reconstruction.positions is None


OTHERS = {
    "any name": lambda image: {"obj_final": image},
    "with an axis of one": lambda image: {"object": image[None]},
    "beside a probe and text": lambda image: {"x": image, "probe": image[:9, :9], "note": np.array("text")},
    "beside pickled objects": lambda image: {"x": image, "_metadata": np.array({"a": 1}, dtype=object)},
    "amplitude and phase": lambda image: {"amplitude": np.abs(image), "phase": np.angle(image)},
    "double precision": lambda image: {"object": image.astype(np.complex128)},
}


@pytest.mark.parametrize("arrays", OTHERS.values(), ids=OTHERS)
def test_a_complex_image_is_found(save, image, arrays):
    reconstruction = read_reconstruction(save(**arrays(image)))
    np.testing.assert_allclose(reconstruction.object, image, rtol=1e-5)
    assert reconstruction.object.dtype == np.complex64 and reconstruction.origin is None and reconstruction.weight.all()


def test_a_scan_file_s_object_lies_at_the_origin(save, image):
    x, y = np.arange(3.0) + 10, np.arange(3.0) + 20
    image[5:9, 5:9] = 0  # opaque, not unseen
    reconstruction = read_reconstruction(save(objectGuess=image, xcoords=x, ycoords=y, probeGuess=np.ones((8, 8)) + 0j))
    np.testing.assert_array_equal(reconstruction.positions, np.stack([y, x], axis=1))
    assert reconstruction.origin == (0, 0) and reconstruction.weight.all() and reconstruction.probe.shape == (1, 8, 8)


def test_what_was_not_seen_may_be_anything(save, image):
    mask = np.zeros(image.shape, bool)
    mask[5:30, 10:40] = True
    reconstruction = read_reconstruction(save(object=np.where(mask, image, np.nan), mask=mask))
    np.testing.assert_array_equal(reconstruction.weight > 0, mask)
    np.testing.assert_array_equal(reconstruction.object, np.where(mask, image, 0))


def test_without_a_weight_zeros_outside_were_not_seen_and_zeros_inside_are_opaque(save, image):
    image[:4], image[20:22, 20:22] = 0, 0
    weight = read_reconstruction(save(object=image)).weight
    assert not weight[:4].any() and weight[4:].all()


@pytest.fixture
def fields(image):
    """A ptychodus reconstruction: pixels of 10 x 20 nm, the object's centre off the axis."""
    return {
        "object": image[None],
        "probe": np.ones((1, 2, 8, 8), np.complex64),
        "probe_position_indexes": np.arange(2),
        "probe_position_x_m": np.array([3e-8, 7e-8]),
        "probe_position_y_m": np.array([1e-8, 5e-8]),
        "object_center_x_m": 3e-8,
        "object_center_y_m": 1e-8,
        "object_pixel_width_m": 2e-8,
        "object_pixel_height_m": 1e-8,
    }


def write_hdf5(path, fields):
    with h5py.File(path, "w") as file:
        for key, value in fields.items():
            if np.ndim(value):
                file[key] = value
        for key, value in fields.items():
            if not np.ndim(value):
                file["object"].attrs[key.removeprefix("object_")] = value
    return path


@pytest.mark.parametrize("form", ["npz", "h5"])
def test_a_ptychodus_product_has_its_positions_in_its_pixels(save, tmp_path, fields, image, form):
    """The object's centre is the middle of its pixels, (side - 1) / 2."""
    reconstruction = read_reconstruction(
        save(**fields) if form == "npz" else write_hdf5(tmp_path / "product.h5", fields)
    )
    np.testing.assert_array_equal(reconstruction.object, image)
    np.testing.assert_allclose(reconstruction.positions, [[19.5, 24.5], [23.5, 26.5]])
    assert (
        reconstruction.origin == (0, 0)
        and reconstruction.pixel_size_m == 2e-8
        and reconstruction.probe.shape == (2, 8, 8)
    )


def test_ptychodus_s_own_file_is_read(shared_data):
    reconstruction = read_reconstruction(shared_data / "ptychodus" / "product.h5")
    assert (
        reconstruction.object.shape == (512, 512)
        and reconstruction.positions.shape == (64, 2)
        and reconstruction.probe.shape[0] == 2
    )
    assert (
        (reconstruction.positions > 0).all()
        and (reconstruction.positions < 512).all()
        and reconstruction.pixel_size_m == 1e-8
    )


REFUSED = {
    "no image": (lambda image: {"a": np.ones(3)}, "an object", "0 complex images among the keys a", "Rename"),
    "two images": (lambda image: {"a": image, "b": image}, "2 complex images among the keys a, b", "Rename"),
    "three slices": (lambda image: {"object": np.stack(3 * [image])}, "object (y, x)", "(3, 40, 50)", "Keep one"),
    "too small": (lambda image: {"object": image[:5]}, "8 x 8 pixels", "(5, 50)", "Keep one"),
    "NaN": (lambda image: {"object": np.where(image.real > 4, np.nan, image)}, "finite", "NaN", "Set pixels"),
    "weight of another shape": (lambda image: {"object": image, "weight": np.ones((3, 3))}, "weight", "(3, 3)"),
    "amplitude of another shape": (lambda image: {"amplitude": np.ones((9, 9)), "phase": np.ones((9, 8))}, "one shape"),
    "origin of three": (lambda image: {"object": image, "origin": np.ones(3)}, "2 finite numbers as origin", "Correct"),
    "positions without pairs": (lambda image: {"objectGuess": image, "xcoords": np.ones(3), "ycoords": np.ones(2)},
                                "3 xcoords, 2 ycoords", "Write only"),
    "pickled": (lambda image: {"object": np.array([image, 1], dtype=object)}, "object", "pickled", "Save it again"),
    "constant": (lambda image: {"object": np.full((40, 40), 1 + 1j)}, "recon.npz must vary", "1+1j", "reconstructed?"),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED)
def test_what_is_no_reconstruction_is_refused(save, tmp_path, image, out, row):
    arrays, *words = row
    np.savez(tmp_path / "truth.npz", object=image)
    result = ptycho("evaluate", save(**arrays(image)), tmp_path / "truth.npz", "--output-dir", out)
    assert_said_plainly(result, *words, out=out)


FILES = {
    "missing": ("nowhere.npz", None, "must be a file", "nowhere.npz", "Check the path"),
    "an empty folder": (".", None, "reconstruction.npz", "which is none"),
    "text": ("recon.npz", b"hello", "one of: CXI", "another kind of file"),
    "a damaged archive": ("recon.npz", b"PK\3\4", "whole file", "damaged", "Copy it again"),
    "not HDF5": ("product.h5", b"hello", "one of: CXI", "another kind of file"),
    "damaged HDF5": ("product.h5", b"\x89HDF\r\n\x1a\nhello", "whole file", "Copy it again"),
}


@pytest.mark.parametrize("row", FILES.values(), ids=FILES)
def test_what_is_no_file_of_a_reconstruction_is_refused(tmp_path, out, row):
    name, content, *words = row
    if content:
        (tmp_path / name).write_bytes(content)
    result = ptycho("evaluate", tmp_path / name, tmp_path / name, "--output-dir", out)
    assert_said_plainly(result, *words, out=out)


def test_hdf5_without_an_object_is_refused(tmp_path, out):
    with h5py.File(tmp_path / "product.h5", "w") as file:
        file["something"] = np.ones(3)
    result = ptycho("evaluate", tmp_path / "product.h5", tmp_path / "product.h5", "--output-dir", out)
    assert_said_plainly(result, "called object", "something", "Save the reconstruction", out=out)


@pytest.fixture
def tree(tmp_path):
    """A function that writes arrays and attributes to an HDF5 file; returns its path."""

    def write(arrays, attributes=()):
        with h5py.File(tmp_path / "recon.h5", "w") as file:
            for path, values in arrays.items():
                file[path] = values
            for (path, key), value in dict(attributes).items():
                file[path].attrs[key] = value
        return tmp_path / "recon.h5"

    return write


PROBE = np.arange(32).reshape(2, 4, 4) + 1j
METRES = np.array([[3e-7, 1e-7], [5e-7, 2e-7], [1e-7, 4e-7]])


def test_ptypy_s_storages_are_read(tree, image):
    path = tree({
        "content/obj/Sscan00G00/data": image[None], "content/obj/Sscan00G00/_psize": np.array([1e-8, 1e-8]),
        "content/obj/Sscan00G00/_origin": np.array([-2e-7, -1e-7]), "content/probe/Sscan00G00/data": PROBE,
        "content/positions/Sscan00G00": METRES,
    })  # fmt: skip
    found = read_reconstruction(path)
    np.testing.assert_array_equal(found.object, image)
    np.testing.assert_allclose(found.positions, [[50, 20], [70, 30], [30, 50]])
    np.testing.assert_array_equal(found.probe, PROBE.astype(np.complex64))
    assert found.pixel_size_m == 1e-8 and found.weight.all() and found.origin == (0, 0)


def test_several_storages_of_ptypy_are_no_object(tree, image):
    path = tree({"content/obj/S0/data": image[None], "content/obj/S1/data": image[None]})
    with pytest.raises(ValueError, match="one object. Received: 2 storages: S0, S1"):
        read_reconstruction(path)


def test_complex_images_of_cxi_are_read(tree, image):
    np.testing.assert_array_equal(read_reconstruction(tree({"entry_1/image_1/data": image})).object, image)
    own = "entry_1/ptychodus/"
    path = tree({
        "entry_1/image_1/data": PROBE[None], "entry_1/image_2/data": image[None],
        "entry_1/sample_1/geometry_1/translation": METRES[:, ::-1], own + "object_pixel_width_m": 1e-8,
        own + "object_pixel_height_m": 2e-8, own + "object_center_x_m": 1e-7, own + "object_center_y_m": 0.0,
    })  # fmt: skip
    found = read_reconstruction(path)
    np.testing.assert_array_equal(found.object, image)
    np.testing.assert_allclose(found.positions, METRES / [2e-8, 1e-8] + [19.5, 14.5])
    assert found.probe.shape == (2, 4, 4) and found.pixel_size_m == 1e-8


def test_two_images_of_cxi_are_no_object(tree, image):
    with pytest.raises(ValueError, match="one complex image. Received: 2"):
        read_reconstruction(tree({"entry_1/image_1/data": image, "entry_1/image_2/data": image}))


@pytest.mark.parametrize("version", [5, 7.3])
def test_fold_slice_s_matlab_files_are_read(tmp_path, tree, image, version):
    """MATLAB 7.3 is HDF5, with the axes of every array turned round and complex numbers as pairs."""
    places, probe = np.array([[1.0, 2], [3, -4]]), np.moveaxis(PROBE, 0, -1)[..., None]
    if version == 5:
        path = tmp_path / "recon.mat"
        p, outputs = {"dx_spec": np.array([1e-11, 1e-11]), "lambda": 2e-12}, {"probe_positions": places}
        savemat(path, {"object": image, "probe": probe, "p": p, "outputs": outputs})
    else:
        pairs = np.zeros(image.T.shape, [("real", "f4"), ("imag", "f4")])
        pairs["real"], pairs["imag"] = image.T.real, image.T.imag
        arrays = {"object": pairs, "probe": probe.T, "p/dx_spec": [[1e-11], [1e-11]]}
        kinds = {("object", "MATLAB_class"): np.bytes_("single")}
        path = tree({**arrays, "outputs/probe_positions": places.T}, kinds)
    found = read_reconstruction(path)
    np.testing.assert_array_equal(found.object, image)
    np.testing.assert_allclose(found.positions, [[2 + 19.5, 1 + 24.5], [-4 + 19.5, 3 + 24.5]])
    np.testing.assert_array_equal(found.probe, PROBE.astype(np.complex64))
    assert found.pixel_size_m == 1e-11


def test_a_damaged_matlab_file_is_refused_whatever_scipy_does(tmp_path, image):
    """SciPy falls where the type of an array is none."""
    savemat(tmp_path / "recon.mat", {"object": image})
    content, single = (tmp_path / "recon.mat").read_bytes(), 7
    tag = struct.pack("<II", single, image.nbytes // 2)
    assert content.count(tag) == 2
    (tmp_path / "recon.mat").write_bytes(content.replace(tag, struct.pack("<II", 0, image.nbytes // 2)))
    with pytest.raises(ValueError, match="Received: a truncated or damaged one"):
        read_reconstruction(tmp_path / "recon.mat")
