"""Ways to spoil an HDF5 file from within: each takes the generator, the open file and the path of one dataset in it."""

import math
import warnings
import zlib

import h5py
import numpy as np
from mutators import ODD_NUMBERS

HUGE = (1 << 20, 1 << 14, 1 << 14)
"""A shape of 5e14 pixels, of which none is written."""


def put(file, path, values, **options):
    """Replace a dataset, and keep its attributes."""
    attributes = dict(file[path].attrs) if path in file else {}
    del file[path]
    dataset = file.create_dataset(path, data=values, **options)
    for key, value in attributes.items():
        dataset.attrs[key] = value


def left_out(draw, file, path):
    """Leave the dataset out."""
    del file[path]


def a_text(draw, file, path):
    """Put a text in its place, fixed, of any length, or many of them."""
    put(file, path, (np.bytes_("8.8 keV"), "13 \u00b5m", np.array([b"a", b"bb"]), "x" * 100_000)[draw.integers(4)])


def other_type(draw, file, path):
    """Cast it to a type that h5py can write."""
    types = ("?", "i1", ">u2", "<i8", "u8", "f2", "<f8", "<c8", "S4", "V4", "i4,f4", "(2,)f4")
    kind = np.dtype(types[draw.integers(len(types))])
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        try:
            values = np.asarray(file[path][()]).astype(kind)
        except (TypeError, ValueError):
            values = np.zeros(file[path].shape, kind)
    put(file, path, values)


def references(draw, file, path):
    """Put references, or lists of any length, in its place."""
    shape = file[path].shape
    del file[path]
    kind = h5py.ref_dtype if draw.random() < 0.5 else h5py.vlen_dtype(np.float64)
    file.create_dataset(path, shape, kind)


def other_shape(draw, file, path):
    """Give it other axes."""
    values = np.asarray(file[path][()])
    ways = (
        lambda: values[None], lambda: values[..., None], lambda: values.reshape(-1), lambda: values[:0],
        lambda: values[..., :0], lambda: values.T, lambda: values.reshape(-1)[0], lambda: values[:1],
        lambda: values[:-1],
        lambda: np.stack([values] * 3), lambda: values.reshape((1,) * 6 + values.shape), lambda: np.zeros((0, 0, 0)),
    )  # fmt: skip
    put(file, path, ways[draw.integers(len(ways))]() if values.ndim and values.size else values.reshape(1, -1))


def other_number(draw, file, path):
    """Put an odd number at one place, or everywhere."""
    kind = np.result_type(file[path].dtype, np.float64) if file[path].dtype.kind in "biufc" else np.float64
    values = np.array(file[path][()]) if file[path].dtype.kind in "biufc" else np.zeros(3)
    values = values.astype(kind)
    flat = values.reshape(-1)
    everywhere = draw.random() < 0.4 or not flat.size
    flat[slice(None) if everywhere else draw.integers(flat.size)] = ODD_NUMBERS[draw.integers(len(ODD_NUMBERS))]
    put(file, path, values)


def scaled(draw, file, path):
    """Multiply it by a power of ten."""
    if file[path].dtype.kind not in "biufc":
        return a_text(draw, file, path)
    with np.errstate(all="ignore"):
        return put(file, path, np.asarray(file[path][()]) * 10.0 ** draw.integers(-40, 40))


def room_for_much(draw, file, path):
    """Declare a huge shape, and write nothing, or one number."""
    del file[path]
    shape = (HUGE, HUGE[:2], HUGE[:1], (1 << 40, 32, 32), (12, 1 << 13, 1 << 13))[draw.integers(5)]
    chunks = tuple(min(side, 64) for side in shape)
    dataset = file.create_dataset(path, shape, np.float32, chunks=chunks)
    if draw.random() < 0.5:
        dataset[(0,) * len(shape)] = 1


def one_large_chunk(draw, file, path):
    """Pack zeros that unpack to much."""
    del file[path]
    shape = (18, 1024, 1024) if draw.random() < 0.5 else (1, 1 << 13, 1 << 13)
    dataset = file.create_dataset(path, shape, np.uint8, chunks=shape, compression="gzip")
    packed = (zlib.compress(bytes(math.prod(shape))), b"x\x9cc\x00\x00\x00\x01\x00\x01")[draw.integers(2)]
    dataset.id.write_direct_chunk((0,) * len(shape), packed)  # the second unpacks to one byte: the others are missing


def link_to_nowhere(draw, file, path):
    """Replace it by a link that leads nowhere, astray, or in a circle."""
    del file[path]
    links = (
        h5py.SoftLink("/no/such/thing"), h5py.SoftLink(path), h5py.SoftLink("/"), h5py.SoftLink(path + "/.."),
        h5py.ExternalLink("missing.h5", "/a"), h5py.ExternalLink(file.filename, path),
        h5py.ExternalLink("/dev/zero", "/a"), h5py.ExternalLink("/etc/passwd", "/a"), h5py.ExternalLink(".", "/"),
        h5py.ExternalLink("x" * 5000, "/a"), h5py.ExternalLink("a\nb\x1b[31m", "/a"),
    )  # fmt: skip
    file[path] = links[draw.integers(len(links))]


def a_circle_of_two(draw, file, path):
    """Replace it by two links that lead to each other."""
    del file[path]
    file[path] = h5py.SoftLink("/other_end")
    file["other_end"] = h5py.SoftLink(path)


def a_group(draw, file, path):
    """Put a group in its place, one that holds itself."""
    del file[path]
    group = file.create_group(path)
    group["itself"] = group


def virtual_of_nowhere(draw, file, path):
    """Replace it by a virtual dataset whose file is missing, or by one that lies in a file of bytes."""
    shape, kind = file[path].shape, file[path].dtype
    del file[path]
    if draw.random() < 0.5 and shape:
        layout = h5py.VirtualLayout(shape, kind)
        layout[...] = h5py.VirtualSource("missing.h5", "/a", shape)
        file.create_virtual_dataset(path, layout)
    else:
        place = ("missing.raw", "/dev/zero")[draw.integers(2)]
        file.create_dataset(path, shape or (1,), "u1", external=[(place, 0, h5py.h5f.UNLIMITED)])


def odd_attribute(draw, file, path):
    """Change an attribute that a reader may look at, of the dataset or of the file."""
    where = file if draw.random() < 0.5 else file[path]
    names = [*where.attrs, "units", "type", "photon_energy_eV", "pixel_width_m", "MATLAB_class"]
    odd = (
        "parsec",
        "None",
        np.bytes_("um"),
        np.nan,
        np.zeros((3, 3)),
        -1.0,
        1e300,
        h5py.Empty("f4"),
        "\x1b[31m",
        b"\xff",
    )
    where.attrs[names[draw.integers(len(names))]] = odd[draw.integers(len(odd))]


MUTATORS = (
    left_out, a_text, other_type, other_type, references, other_shape, other_shape, other_number, other_number, scaled,
    room_for_much, one_large_chunk, link_to_nowhere, link_to_nowhere, a_circle_of_two, a_group, virtual_of_nowhere,
    odd_attribute, odd_attribute,
)  # fmt: skip
