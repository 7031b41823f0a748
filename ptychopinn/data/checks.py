"""What patterns, positions, probe and mask must be to make a scan, told from shapes and positions alone."""

from __future__ import annotations

import typing

import numpy as np

from ptychopinn.data.selection import Patterns

if typing.TYPE_CHECKING:
    from ptychopinn.data.scan import Scan

REAL, NUMBERS = "biuf", "biufc"
"""Kinds of dtype."""

LARGEST_SIDE = 4096
"""Largest side of a pattern, in pixels: whole patterns are held in memory."""

SMALLEST_FRAME, LARGEST_FRAME = 8, 16384
"""Sides of what a detector reads out, in pixels."""

FARTHEST = 1e9
"""Largest coordinate of a position, in pixels: up to here, fractions of a pixel are told."""


def check_scan(scan: Scan) -> None:
    """Raise ValueError unless the parts of a Scan belong together."""
    check_patterns(scan.patterns, scan.name)
    _check_shapes(scan, scan.patterns.shape)
    _check_probe(scan.probe_guess, scan.name)
    check_positions(scan.positions, scan.size)
    _check_near_field(scan)


def check_frames(patterns: Patterns, name: str) -> None:
    """Raise ValueError unless there are patterns `(pattern, y, x)` of real numbers, of any height and width."""
    shape = patterns.shape
    if patterns.dtype.kind not in REAL:
        raise ValueError(
            f"{name} must hold patterns of real numbers. Received: dtype={patterns.dtype}. Save counts or amplitudes."
        )
    if not shape or not shape[0]:
        raise ValueError(f"{name} must hold one pattern or more. Received: none. Is this the right dataset?")
    if len(shape) != 3 or min(shape[1:]) < SMALLEST_FRAME or max(shape[1:]) > LARGEST_FRAME:
        raise ValueError(
            f"{name} must hold patterns (pattern, y, x), {SMALLEST_FRAME} to {LARGEST_FRAME} pixels a side. "
            f"Received: shape={shape}. Is this the right dataset?"
        )


def check_patterns(patterns: Patterns, name: str) -> None:
    """Raise ValueError unless patterns `(pattern, y, x)` are real and square, of a side that the networks can take."""
    check_frames(patterns, name)
    shape = patterns.shape
    if shape[1] != shape[2]:
        raise ValueError(
            f"{name} must hold square patterns (pattern, y, x). Received: shape={shape}. Crop or pad the detector."
        )
    if shape[1] % 8 or not 32 <= shape[1] <= LARGEST_SIDE:
        raise ValueError(
            f"{name} must hold patterns whose side is a multiple of 8 pixels, 32 or more, {LARGEST_SIDE} at most. "
            f"Received: N={shape[1]}. Crop or pad patterns and probe."
        )


def check_positions(positions: np.ndarray, size: int) -> None:
    """Raise ValueError unless positions are finite and make a canvas that fits a sensible scan, in pixels."""
    if not np.isfinite(positions).all():
        raise ValueError("Positions must be finite pixels. Received: NaN or infinity. Remove those patterns.")
    extent, farthest = np.ptp(positions, axis=0), np.abs(positions).max()
    area, limit = np.prod(extent + size), len(positions) * size**2 * 4.0
    if area > max(limit, 4e6) or farthest > FARTHEST:
        raise ValueError(
            f"Positions must be pixels of the object: {len(positions)} patches of {size} pixels cover at most "
            f"{limit:.3g} square pixels with their gaps, no farther than {FARTHEST:g}. "
            f"Received: extent=({extent[0]:.4g}, {extent[1]:.4g}), largest coordinate {farthest:.4g}. "
            "Convert the positions to pixels, by --units and --pixel-size, or remove outliers."
        )
    if len(positions) > 1 and extent.max() < 0.5:
        raise ValueError(
            f"Positions must be pixels of the object, and differ. Received: extent=({extent[0]:.4g}, {extent[1]:.4g}). "
            "Are they metres? Divide them by the object's pixel size."
        )


def check_far_field(scan: Scan) -> None:
    """Raise ValueError where a scan is of the near field: networks know the far field alone."""
    if scan.fresnel_number is not None:
        raise ValueError(
            f"Networks are trained, and used, on patterns of the far field. Received: {scan.name}, of the near field, "
            f"fresnel_number={scan.fresnel_number:.4g}. Reconstruct it without a bundle, or with --start flat."
        )


def _check_near_field(scan: Scan) -> None:
    """Raise ValueError where neighbouring frequencies would differ by more than half a turn at the detector."""
    distance = scan.optics.distance
    if distance is None:
        return
    if scan.corner:
        raise ValueError(
            f"A near field has no zero frequency. Received: {scan.name}, with it at the corner. Shift the patterns."
        )
    if distance > scan.size:
        raise ValueError(
            f"A detector in the near field must be at a Fresnel distance of at most the field's {scan.size} pixels. "
            f"Received: {distance:.4g} pixels, fresnel_number={1 / distance:.4g}. Check energy, distance and pixel "
            "size, or --pad; farther off it is the far field."
        )


def _check_shapes(scan: Scan, shape: tuple[int, ...]) -> None:
    name = scan.name
    if np.shape(scan.positions) != (shape[0], 2):
        raise ValueError(
            f"{name} must hold one position (y, x) per pattern. Received: {shape[0]} patterns, "
            f"{len(scan.positions)} positions. Write only the pairs that were measured."
        )
    if np.ndim(scan.probe_guess) != 3 or scan.probe_guess.shape[1:] != shape[1:]:
        raise ValueError(
            f"{name} must hold a probe of the patterns' size {shape[1]} x {shape[2]}. "
            f"Received: probe.shape={np.shape(scan.probe_guess)}. Crop or pad the probe."
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


def _check_probe(probe: np.ndarray, name: str) -> None:
    with np.errstate(over="ignore"):
        power = np.sum(np.abs(probe) ** 2)
    if not np.isfinite(power) or power == 0:
        raise ValueError(
            f"The probe of {name} must be finite and not all zero. Received: sum |probe|^2={power}. "
            "Give the file a probe (a first guess is enough)."
        )
