"""The detector: pixels that do not count, and counts of photons."""

import numpy as np

LARGEST = 4e9
"""Expected photons of a pixel above which counts may not fit in 32 bits."""


def bad_pixels(size: int, dead: float = 0.0, beamstop: float = 0.0, seed: int = 0) -> np.ndarray:
    """Choose the pixels that read 0: dead ones at random, and those behind a round stop before the middle.

    Args:
        size: int. Side of the detector, in pixels.
        dead: float. Share of dead pixels. Defaults to 0.
        beamstop: float. Radius of the stop, in pixels; 0 is none. Defaults to 0.
        seed: int.

    Returns:
        bool array `(y, x)`, zero frequency at the centre.

    Raises:
        ValueError: if no good pixel is left.
    """
    y, x = np.mgrid[:size, :size] - size // 2
    bad = np.hypot(y, x) < beamstop
    count = round(dead * bad.size)
    bad.flat[np.random.default_rng(seed).choice(bad.size, count, replace=False)] = True
    if bad.all():
        raise ValueError(
            f"The detector must keep a good pixel. Received: dead_pixels={dead:g}, beamstop={beamstop:g} pixels "
            f"on {size} x {size}. Take fewer dead pixels, or a smaller stop."
        )
    return bad


def draw_counts(expected: np.ndarray, seed: int, first: int) -> np.ndarray:
    """Draw Poisson counts, the same on every machine.

    Each pattern has its own random stream, so that it does not depend on how many are drawn at a time; and what is
    expected is rounded to float32, which hides that Fourier transforms differ by machine in the last bits.

    Args:
        expected: float array `(pattern, y, x)`, photons.
        seed: int.
        first: int. Index in the scan of the first of the patterns.

    Returns:
        uint32 array `(pattern, y, x)`.

    Raises:
        ValueError: if counts may not fit in 32 bits.
    """
    if expected.max() > LARGEST:
        raise ValueError(
            f"Counts must fit in 32 bits: {LARGEST:.0e} photons a pixel. Received: {expected.max():.3g} expected. "
            "Ask for fewer photons, or hide the brightest pixels behind a beamstop."
        )
    streams = (np.random.SeedSequence(seed, spawn_key=(first + i,)) for i in range(len(expected)))
    rounded = expected.astype(np.float32).astype(np.float64)
    return np.stack([np.random.default_rng(s).poisson(rate) for s, rate in zip(streams, rounded)]).astype(np.uint32)
