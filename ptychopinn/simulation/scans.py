"""Scan an object: positions, photons, counts."""

import numpy as np

from ptychopinn.files import write_whole
from ptychopinn.optics import cut, diffract
from ptychopinn.scan import Scan


def jittered_raster(shape, size, step, jitter=0.25, seed=0):
    """Return raster positions with a random sub-pixel jitter: float array `(pattern, 2)`, `(y, x)` pixels.

    Args:
        shape: `(height, width)` of the object: every patch lies inside.
        size: int. Side of a patch, in pixels.
        step: float. Distance between raster points, in pixels.
        jitter: float. Largest displacement, in steps. Defaults to 0.25.
        seed: int.
    """
    margin = size / 2 + jitter * step + 1
    grid = np.meshgrid(*(np.arange(margin, side - margin, step) for side in shape), indexing="ij")
    positions = np.stack([axis.ravel() for axis in grid], axis=1)
    return positions + np.random.default_rng(seed).uniform(-jitter * step, jitter * step, positions.shape)


def simulate(obj, probe, positions, photons=1e5, seed=0, name="simulated"):
    """Scan an object: Poisson counts of the far field at each position.

    Args:
        obj: complex array `(y, x)`: transmission, pixel (0, 0) at position (0, 0).
        probe: complex array `(mode, y, x)`.
        positions: float array `(pattern, 2)`, pixels.
        photons: float. Mean photons of a pattern. Defaults to 1e5.
        seed: int.
        name: str.

    Returns:
        Scan with counts (uint32), and the object.
    """
    size = probe.shape[-1]
    intensities = np.stack([diffract(cut(obj, position, size), probe) for position in positions])
    intensities *= photons / intensities.sum(axis=(1, 2)).mean()
    counts = np.random.default_rng(seed).poisson(intensities).astype(np.uint32)
    return Scan(patterns=counts, positions=positions, probe=probe, object=obj, name=name)


def write_ptychopinn(path, scan):
    """Write a scan of counts with its object in PtychoPINN's NPZ."""
    arrays = {
        "diff3d": np.fft.fftshift(scan.patterns, axes=(1, 2)) if scan.corner else np.asarray(scan.patterns),
        "xcoords": scan.positions[:, 1],
        "ycoords": scan.positions[:, 0],
        "probeGuess": scan.probe,
    }
    if scan.object is not None:
        arrays["objectGuess"] = scan.object
    if scan.mask is not None:
        arrays["bad_pixels"] = ~scan.mask

    def write(temporary):
        with open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)

    write_whole(path, write)
