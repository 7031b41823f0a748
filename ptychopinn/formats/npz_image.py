"""An NPZ with one complex image: what `ptycho infer` writes, a scan's known object, or any program's object."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.ndimage import binary_fill_holes

from ptychopinn.data.checks import NUMBERS, REAL
from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.formats.archive import Archive
from ptychopinn.formats.assumptions import alone, probe_modes
from ptychopinn.formats.opened import Opened
from ptychopinn.physics.optics import Optics, optics_at
from ptychopinn.physics.ramp import add_ramp

NAME = "an NPZ with object, objectGuess, amplitude and phase, or one complex image"
OBJECT_KEYS, PROBE_KEYS, WEIGHT_KEYS = ("object", "objectGuess"), ("probe", "probeGuess"), ("weight", "mask")
RESULT = (
    "uncertainty", "amplitude_uncertainty", "phase_uncertainty", "local_resolution", "positions", "flux", "background",
    "probe_variation", "probe_weights", "slices",
)  # fmt: skip
"""What only `reconstruction.npz` is believed to hold, which is told by its origin and ramp."""

COMPLEX = ("probe_variation", "probe_weights", "slices")
"""Which of it is complex."""

WIDEST = 20
"""Standard deviation of a point spread, at most, in pixels."""

EMPTY = 1e-6
"""Below this part of the largest modulus a pixel was not reconstructed."""


def recognises(opened: Opened) -> bool:
    """Tell whether the file is an archive."""
    return opened.archive is not None


def read(opened: Opened) -> Reconstruction:
    """Read the file; see `read_reconstruction`."""
    archive, name = opened.known_archive, opened.name
    obj = alone(_object(archive, name))
    of_scan = "xcoords" in archive and "ycoords" in archive
    origin, ramp = (_numbers(archive, key, 2, name) for key in ("origin", "ramp"))
    geometry: Any = {key: _number(archive, key, name) for key in ("pixel_size_m", "energy_eV", "distance_m")}
    ours = RESULT if origin is not None and ramp is not None else ()
    beside: Any = {key: archive.array(key, NUMBERS if key in COMPLEX else REAL) for key in ours if key in archive}
    probe = _first(archive, PROBE_KEYS)
    obj, weight = _weighted(archive, obj, of_scan, name)
    if ramp is not None and obj.ndim == 2:  # files hold it straight
        obj = _complex(add_ramp(obj, ramp))
    return Reconstruction(
        object=obj,
        weight=weight,
        origin=(0.0, 0.0) if of_scan and origin is None else origin,
        ramp=(0.0, 0.0) if ramp is None else ramp,
        probe=None if probe is None else probe_modes(archive.array(probe)),
        positions=_positions(archive, name) if of_scan else beside.pop("positions", None),
        optics=_optics(archive, beside.get("slices"), name),
        **beside,
        **geometry,
        name=name,
    )


def _first(archive: Archive, keys: Iterable[str]) -> str | None:
    return next((key for key in keys if key in archive), None)


def _object(archive: Archive, name: str) -> np.ndarray:
    key = _first(archive, OBJECT_KEYS)
    if key is not None:
        return _complex(archive.array(key))
    if "amplitude" in archive and "phase" in archive:
        amplitude, phase = archive.array("amplitude", REAL), archive.array("phase", REAL)
        if amplitude.shape != phase.shape:
            raise ValueError(
                f"{name} must hold amplitude and phase of one shape. Received: amplitude.shape={amplitude.shape}, "
                f"phase.shape={phase.shape}. Save both of one reconstruction."
            )
        return _complex(amplitude * np.exp(1j * phase))
    images = [key for key in archive.keys if not key.startswith("probe") and _is_complex_image(archive, key)]
    if len(images) != 1:
        raise ValueError(
            f"{name} must hold an object: key object, amplitude and phase, or one complex image (y, x). "
            f"Received: {len(images)} complex images among the {archive.contents}. Rename the one to read to object."
        )
    return _complex(archive.array(images[0]))


def _complex(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(np.complex64)


def _is_complex_image(archive: Archive, key: str) -> bool:
    try:
        member = archive.member(key)
    except ValueError:  # text, or objects that would have to be unpickled: not an image
        return False
    return member.dtype.kind == "c" and member.ndim >= 2 and set(member.shape[:-2]) <= {1}


def _weighted(archive: Archive, obj: np.ndarray, of_scan: bool, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the object and its weight; what was not seen may be anything, and is made 0."""
    key = _first(archive, WEIGHT_KEYS)
    if key is None and of_scan:
        return obj, np.ones(obj.shape, np.float32)
    if key is None:
        modulus = np.abs(obj)
        return obj, binary_fill_holes(modulus > EMPTY * modulus.max(initial=0)).astype(np.float32)
    weight = archive.array(key, REAL).astype(np.float32)
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise ValueError(
            f"{name} must hold a {key} of finite numbers, 0 or more. Received: NaN, infinity or a negative number. "
            "Set it to 0 where nothing was reconstructed."
        )
    return np.where(weight > 0, obj, 0) if weight.shape == obj.shape else obj, weight


def _positions(archive: Archive, name: str) -> np.ndarray:
    y, x = (archive.array(key, REAL).reshape(-1).astype(np.float64) for key in ("ycoords", "xcoords"))
    if len(y) != len(x) or not len(y) or not np.isfinite([y, x]).all():
        raise ValueError(
            f"{name} must hold one finite xcoords and ycoords per pattern, pixels. "
            f"Received: {len(x)} xcoords, {len(y)} ycoords. Write only the pairs that were measured."
        )
    return np.stack([y, x], axis=1)


def _optics(archive: Archive, slices: np.ndarray | None, name: str) -> Optics:
    """Return how light went through the slices to the detector, and what that makes of it."""
    optics, blur = optics_at(_number(archive, "fresnel_number", name)), _number(archive, "blur", name) or 0.0
    if not 0 <= blur <= WIDEST:
        raise ValueError(
            f"{name} must hold a blur from 0 to {WIDEST} pixels. Received: blur={blur:g}. Correct it, or leave it out."
        )
    if slices is None:
        return dataclasses.replace(optics, blur=blur)
    spacing = _number(archive, "slice_distance", name) or 0.0
    return dataclasses.replace(optics, blur=blur, slices=len(slices), spacing=spacing)


def _number(archive: Archive, key: str, name: str) -> float | None:
    values = _numbers(archive, key, 1, name)
    return None if values is None else values[0]


def _numbers(archive: Archive, key: str, count: int, name: str) -> tuple | None:
    """Return a key's numbers as a tuple, or None where the archive does not hold it."""
    if key not in archive:
        return None
    values = archive.array(key, REAL).reshape(-1)
    if values.size != count or not np.isfinite(values).all():
        raise ValueError(
            f"{name} must hold {count} finite number{'s' * (count > 1)} as {key}. "
            f"Received: {key}={values[:4].tolist()}{' ...' if values.size > 4 else ''}. Correct it, or leave it out."
        )
    return tuple(float(value) for value in values)
