"""Scan: what a ptychography experiment measured, and what is known of it."""

import dataclasses

import numpy as np

NO_DATA = -1.0
"""Amplitude of a pixel without data (a bad pixel): filled in the network's input, left out of the loss."""

CHUNK = 256
"""Patterns read at a time where the whole scan is looked at."""


@dataclasses.dataclass(frozen=True)
class Scan:
    """Diffraction patterns with their positions, probe and geometry.

    Patterns stay on disk and are read as they are asked for. The probe is normalised so that it carries the mean
    photons of a pattern: the object is then a transmission of order 1.

    Args:
        patterns: array-like `(pattern, y, x)`: counts or amplitudes, read by slices and indices.
        positions: float array `(pattern, 2)`: `(y, x)` of each patch's centre, in pixels of the object.
        probe: complex array `(mode, y, x)`.
        measurement: `"counts"` (photons) or `"amplitude"` (their square root).
        corner: bool. Whether the zero frequency of the stored patterns is at pixel (0, 0) and not at the centre.
        object: complex array `(y, x)`, if it is known; pixel (0, 0) is at position (0, 0).
        mask: bool array `(y, x)`, True on good pixels, zero frequency at the centre.
        amplitude_scale: float. Factor that turns stored amplitudes into square roots of photons.
        pixel_size_m, energy_eV, distance_m: float, where they are known.
        name: str. Where the scan came from.
        notes: what the reader assumed, in sentences.

    Raises:
        ValueError: where patterns, positions, probe and mask cannot belong together.
    """

    patterns: object
    positions: np.ndarray
    probe: np.ndarray
    measurement: str = "counts"
    corner: bool = False
    object: np.ndarray | None = None
    mask: np.ndarray | None = None
    amplitude_scale: float = 1.0
    pixel_size_m: float | None = None
    energy_eV: float | None = None
    distance_m: float | None = None
    name: str = "scan"
    notes: tuple = ()
    mean_photons: float = dataclasses.field(init=False)

    def __post_init__(self):
        check_shapes(self)
        check_positions(self.positions, self.size)
        object.__setattr__(self, "mean_photons", mean_photons(self))
        power = np.sum(np.abs(self.probe) ** 2)
        if not np.isfinite(power) or power == 0:
            raise ValueError(
                f"The probe of {self.name} must be finite and not all zero. Received: sum |probe|^2={power}. "
                "Give the file a probe (a first guess is enough)."
            )
        probe = np.asarray(self.probe) * np.sqrt(self.mean_photons / power)
        object.__setattr__(self, "probe", probe.astype(np.complex64))

    @property
    def size(self):
        """Side of a pattern, in pixels."""
        return self.patterns.shape[-1]

    def __len__(self):
        return self.patterns.shape[0]

    def amplitudes(self, indices):
        """Read patterns as amplitudes: float32 `(..., y, x)`, square root of photons, `NO_DATA` where bad.

        Args:
            indices: slice, or int array of any shape.
        """
        amplitudes = self._read(indices)
        if self.mask is not None:
            amplitudes[..., ~self.mask] = NO_DATA
        return amplitudes

    def _read(self, indices):
        if isinstance(indices, slice):
            stored = np.asarray(self.patterns[indices])
        else:
            indices = np.asarray(indices)
            unique, inverse = np.unique(indices, return_inverse=True)  # h5py wants each index once, in order
            stored = np.asarray(self.patterns[unique])[inverse].reshape(*indices.shape, self.size, self.size)
        values = stored.astype(np.float32)
        if self.corner:
            values = np.fft.fftshift(values, axes=(-2, -1))
        values = np.maximum(values, 0)
        return np.sqrt(values) if self.measurement == "counts" else values * np.float32(self.amplitude_scale)

    def with_photons(self, photons):
        """Return the scan with amplitudes scaled so that a pattern has this many photons on average."""
        if self.measurement == "counts":
            raise ValueError(
                f"photons scales amplitudes of arbitrary unit, and {self.name} holds counts, which are photons. "
                f"Received: photons={photons:g}. Leave the option out, or give --measurement amplitude."
            )
        factor = self.amplitude_scale * np.sqrt(photons / self.mean_photons)
        return dataclasses.replace(self, amplitude_scale=float(factor))


def listed(scans):
    """Return one scan, or a sequence of them, as a list."""
    return [scans] if isinstance(scans, Scan) else list(scans)


def check_patterns(patterns, name):
    """Raise ValueError unless patterns `(pattern, y, x)` are real and square, of a side that the networks can take."""
    shape = patterns.shape
    if patterns.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} must hold patterns of real numbers. Received: dtype={patterns.dtype}. Save counts or amplitudes."
        )
    if len(shape) == 3 and not shape[0]:
        raise ValueError(f"{name} must hold one pattern or more. Received: none. Is this the right dataset?")
    if len(shape) != 3 or shape[1] != shape[2]:
        raise ValueError(
            f"{name} must hold square patterns (pattern, y, x). Received: shape={shape}. Crop or pad the detector."
        )
    if shape[1] % 8 or shape[1] < 32:
        raise ValueError(
            f"{name} must hold patterns whose side is a multiple of 8 pixels, 32 or more. Received: N={shape[1]}. "
            "Crop or pad patterns and probe."
        )


def check_shapes(scan):
    """Raise ValueError unless patterns, positions, probe, mask and object belong together."""
    shape, name = scan.patterns.shape, scan.name
    check_patterns(scan.patterns, name)
    if np.shape(scan.positions) != (shape[0], 2):
        raise ValueError(
            f"{name} must hold one position (y, x) per pattern. Received: {shape[0]} patterns, "
            f"{len(scan.positions)} positions. Write only the pairs that were measured."
        )
    if np.ndim(scan.probe) != 3 or scan.probe.shape[1:] != shape[1:]:
        raise ValueError(
            f"{name} must hold a probe of the patterns' size {shape[1]} x {shape[2]}. "
            f"Received: probe.shape={np.shape(scan.probe)}. Crop or pad the probe."
        )
    if scan.mask is not None and scan.mask.shape != shape[1:]:
        raise ValueError(
            f"{name} must hold a mask of the patterns' size {shape[1]} x {shape[2]}. "
            f"Received: mask.shape={scan.mask.shape}. Crop or pad it."
        )
    if scan.mask is not None and not scan.mask.any():
        raise ValueError(f"{name} marks every detector pixel as bad. Received: good pixels=0. Is the mask inverted?")
    if scan.object is not None and np.ndim(scan.object) != 2:
        raise ValueError(f"{name} must hold one object (y, x). Received: {np.shape(scan.object)}. Keep one slice.")


def check_positions(positions, size):
    """Raise ValueError unless positions are finite and make a canvas that fits a sensible scan, in pixels."""
    if not np.isfinite(positions).all():
        raise ValueError("Positions must be finite pixels. Received: NaN or infinity. Remove those patterns.")
    extent = np.ptp(positions, axis=0)
    area, limit = np.prod(extent + size), len(positions) * size**2 * 4.0
    if area > max(limit, 4e6):
        raise ValueError(
            f"Positions must be pixels of the object: {len(positions)} patches of {size} pixels cover at most "
            f"{limit:.3g} square pixels with their gaps. Received: extent=({extent[0]:.4g}, {extent[1]:.4g}). "
            "Convert the positions to pixels, or remove outliers."
        )
    if len(positions) > 1 and extent.max() < 0.5:
        raise ValueError(
            f"Positions must be pixels of the object, and differ. Received: extent=({extent[0]:.4g}, {extent[1]:.4g}). "
            "Are they metres? Divide them by the object's pixel size."
        )


def mean_photons(scan):
    """Return the mean photons of a pattern (good pixels), reading all of them once; refuse patterns that cannot be."""
    total, good = 0.0, np.ones((scan.size, scan.size), bool) if scan.mask is None else scan.mask
    stored_good = np.fft.ifftshift(good) if scan.corner else good
    for start in range(0, len(scan), CHUNK):
        stored = np.asarray(scan.patterns[start : start + CHUNK])[:, stored_good]
        impossible = ~(np.isfinite(stored) & (stored >= 0)).all(axis=1)
        if impossible.any():
            first = start + int(np.argmax(impossible))
            raise ValueError(
                f"Patterns of {scan.name} must be finite and not negative. Received: NaN, infinity or a negative "
                f"value in pattern {first}. Mark such pixels in bad_pixels and store 0 there."
            )
        amplitudes = scan.amplitudes(slice(start, start + CHUNK))
        total += float(np.square(np.maximum(amplitudes, 0)).sum(dtype=np.float64))
    if total == 0:
        raise ValueError(
            f"Patterns of {scan.name} must hold light. Received: all of the {len(scan)} patterns are zero. "
            "Is the shutter open, and is this the right dataset?"
        )
    return total / len(scan)
