"""Recording: what a file holds of an experiment, as it stands there, before it is a Scan."""

import dataclasses

import numpy as np

from ptychopinn.data.selection import Patterns


@dataclasses.dataclass(frozen=True, eq=False)
class Recording:
    """What a file holds of an experiment, in its own units; None where it says nothing.

    Args:
        patterns: array-like `(pattern, y, x)` of any height and width, read by slices and indices.
        positions: float array `(pattern, 2)`: `(y, x)` of the probe on the object, in `unit`.
        unit: `"px"`, `"m"`, `"mm"`, `"um"` or `"nm"`: the unit of the positions; `"step"` where they count the points
            of a raster whose step the file does not tell.
        probe: complex array `(mode, y, x)`, of any size.
        probe_pixel_m: float. Pixel of the probe, which may be another than that of the scan.
        object: complex array `(y, x)`.
        object_first_px: `(y, x)` of the object's pixel (0, 0), in the pixels and the frame of the positions.
        mask: bool array `(y, x)`, True on good pixels, stored as the patterns are.
        background: float array `(y, x)`: dark current and stray light, in the unit of the patterns.
        flux: float array `(position,)`: brightness of the light, of any unit.
        frame_indexes, position_indexes: int arrays `(pattern,)`, `(position,)`: a frame was taken at the position of
            the same index. Without them, or without either, their order tells.
        cube_axis: `"first"` or `"last"`: which axis was taken to count the patterns, where there are as many as pixels
            a side.
        measurement: `"counts"` or `"amplitude"`.
        corner: bool. Whether the zero frequency is at pixel (0, 0) and not at the centre.
        centre_px: `(y, x)` of the zero frequency in the stored patterns, pixels.
        pixel_size_m: float. Pixel of the object, for patterns of the width that they are stored with.
        energy_eV, distance_m: float. Of a photon (or an electron), and from the sample to the detector.
        detector_pixel_m: `(y, x)`: height and width of a pixel of the detector.
        far_field: bool. Whether the detector is in the far field of the object.
        fresnel_number: float. Of the object's pixel, where the detector is in the near field, and patterns are as they
            are stored (see `Scan`).
        electrons: bool. Whether the energy is that of electrons, whose wavelength is another.
        name: str. Where it came from.
        notes: what the reader assumed, in sentences.
    """

    patterns: Patterns
    positions: np.ndarray | None = None
    unit: str | None = None
    probe: np.ndarray | None = None
    probe_pixel_m: float | None = None
    object: np.ndarray | None = None
    object_first_px: tuple[float, float] | None = None
    mask: np.ndarray | None = None
    background: np.ndarray | None = None
    flux: np.ndarray | None = None
    frame_indexes: np.ndarray | None = None
    position_indexes: np.ndarray | None = None
    cube_axis: str | None = None
    measurement: str | None = None
    corner: bool | None = None
    centre_px: tuple[float, float] | None = None
    pixel_size_m: float | None = None
    energy_eV: float | None = None
    distance_m: float | None = None
    detector_pixel_m: tuple[float, float] | None = None
    far_field: bool | None = None
    fresnel_number: float | None = None
    electrons: bool = False
    name: str = "scan"
    notes: tuple[str, ...] = ()
