"""Reconstructions and known objects, of whatever program, as a `Reconstruction`."""

import pathlib

import numpy as np
from scipy.ndimage import binary_fill_holes

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.files import read_standing
from ptychopinn.formats.archive import Archive
from ptychopinn.formats.assumptions import probe_modes
from ptychopinn.formats.ptychodus_product import SUFFIXES, product_of, read_hdf5
from ptychopinn.physics.ramp import add_ramp

RECONSTRUCTION = "reconstruction.npz"
"""What `ptycho infer` writes in its folder."""

OBJECT_KEYS, PROBE_KEYS, WEIGHT_KEYS = ("object", "objectGuess"), ("probe", "probeGuess"), ("weight", "mask")
EMPTY = 1e-6
"""Below this part of the largest modulus a pixel was not reconstructed."""


def read_reconstruction(path):
    """Read an object that somebody reconstructed, or that is known.

    Args:
        path: str or path. The folder that `ptycho infer` wrote, or one of
            an `.npz` or `.npz.bz2` with `object` or `objectGuess`, with `amplitude` and `phase`, or with one complex
            image under any name; `origin`, `weight` or `mask`, `ramp`, `probe` and `pixel_size_m` are read where they
            are there, and a scan's `xcoords` and `ycoords`, in the object's pixels;
            ptychodus's `product.h5` or `product.npz`.

    Returns:
        Reconstruction. Its weight is the file's; without one it is 1 in a scan file, and elsewhere 1 inside the outline
        of what is not zero.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file holds no single finite image, or what is beside it does not belong to it.
    """
    path = pathlib.Path(path)
    name = path.name
    if path.is_dir():
        path, name = path / RECONSTRUCTION, f"{name}/{RECONSTRUCTION}"
    if not read_standing(path.parent, path.name, pathlib.Path.is_file):
        raise FileNotFoundError(
            f"A reconstruction must be a file, or a folder that holds {RECONSTRUCTION}. "
            f"Received: path={path}, which is none. Check the path."
        )
    if path.suffix in SUFFIXES:
        return read_hdf5(path, name)
    archive = read_standing(path.parent, path.name, Archive)
    if "object_center_x_m" in archive:
        wanted = ("object", "probe", *(key for key in archive.keys if key.endswith("_m")))
        return product_of({key: archive.array(key) for key in wanted if key in archive}, name)
    return _read_npz(archive, name)


def _read_npz(archive, name):
    obj = np.asarray(_object(archive, name), np.complex64)
    while obj.ndim > 2 and len(obj) == 1:
        obj = obj[0]
    first = {kind: next((key for key in keys if key in archive), None) for kind, keys in
             (("weight", WEIGHT_KEYS), ("probe", PROBE_KEYS))}  # fmt: skip
    of_scan = "xcoords" in archive and "ycoords" in archive
    origin, ramp = (_numbers(archive, key, 2, name) for key in ("origin", "ramp"))
    if first["weight"]:
        weight = archive.array(first["weight"]).astype(np.float32)
        obj = np.where(weight > 0, obj, 0) if weight.shape == obj.shape else obj  # what was not seen may be anything
    elif of_scan:
        weight = np.ones(obj.shape, np.float32)
    else:
        modulus = np.abs(obj)
        weight = binary_fill_holes(modulus > EMPTY * modulus.max(initial=0)).astype(np.float32)
    return Reconstruction(
        object=add_ramp(obj, ramp).astype(np.complex64) if ramp and obj.ndim == 2 else obj,  # files hold it straight
        weight=weight,
        origin=(0.0, 0.0) if of_scan and origin is None else origin,
        ramp=ramp or (0.0, 0.0),
        probe=probe_modes(archive.array(first["probe"])) if first["probe"] else None,
        positions=_positions(archive, name) if of_scan else None,
        pixel_size_m=(_numbers(archive, "pixel_size_m", 1, name) or (None,))[0],
        name=name,
    )


def _object(archive, name):
    for key in OBJECT_KEYS:
        if key in archive:
            return archive.array(key)
    if "amplitude" in archive and "phase" in archive:
        amplitude, phase = archive.array("amplitude"), archive.array("phase")
        if amplitude.shape != phase.shape:
            raise ValueError(
                f"{name} must hold amplitude and phase of one shape. Received: amplitude.shape={amplitude.shape}, "
                f"phase.shape={phase.shape}. Save both of one reconstruction."
            )
        return amplitude * np.exp(1j * phase)
    images = [key for key in archive.keys if not key.startswith("probe") and _is_complex_image(archive, key)]
    if len(images) != 1:
        raise ValueError(
            f"{name} must hold an object: key object, amplitude and phase, or one complex image (y, x). "
            f"Received: {len(images)} complex images among the keys {', '.join(archive.keys) or 'none'}. "
            "Rename the one to read to object."
        )
    return archive.array(images[0])


def _is_complex_image(archive, key):
    try:
        array = archive.lazy(key)
    except ValueError:  # text, or objects that would have to be unpickled: not an image
        return False
    return array.dtype.kind == "c" and array.ndim >= 2 and array.size == np.prod(array.shape[-2:])


def _positions(archive, name):
    y, x = (archive.array(key).reshape(-1).astype(np.float64) for key in ("ycoords", "xcoords"))
    if len(y) != len(x) or not len(y) or not np.isfinite([y, x]).all():
        raise ValueError(
            f"{name} must hold one finite xcoords and ycoords per pattern, pixels. "
            f"Received: {len(x)} xcoords, {len(y)} ycoords. Write only the pairs that were measured."
        )
    return np.stack([y, x], axis=1)


def _numbers(archive, key, count, name):
    """Return a key's numbers as a tuple, or None where the archive does not hold it."""
    if key not in archive:
        return None
    values = archive.array(key).reshape(-1)
    if values.size != count or values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        raise ValueError(
            f"{name} must hold {count} finite number{'s' * (count > 1)} as {key}. Received: {key}={values.tolist()}. "
            "Correct it, or leave it out."
        )
    return tuple(float(value) for value in values)
