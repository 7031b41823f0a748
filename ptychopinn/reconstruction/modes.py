"""Incoherent modes of a probe: guesses of those that a file does not hold, and modes in order of their power."""

import numpy as np

GUESSED = 0.05
"""Power of a guessed mode, as part of the first one's."""


def with_modes(probe: np.ndarray, count: int) -> np.ndarray:
    """Return a probe of so many modes, its photons kept: those it has, strongest first, and guesses of the others.

    A guess is the first mode times a polynomial of the position (y, x, y x, ...), made orthogonal to all before it.

    Args:
        probe: complex array `(mode, y, x)`.
        count: int.

    Returns:
        complex64 array `(mode, y, x)`.
    """
    modes = list(in_order(probe)[:count])
    y, x = (np.linspace(-1, 1, side).reshape(shape) for side, shape in zip(probe.shape[1:], ((-1, 1), (1, -1))))
    degrees = sorted(((a, b) for a in range(count) for b in range(count) if a or b), key=sum)
    for a, b in degrees[: count - len(modes)]:
        guess = modes[0] * y**a * x**b
        for mode in modes:
            guess = guess - mode * np.vdot(mode, guess) / np.vdot(mode, mode)
        power = GUESSED * np.sum(np.abs(modes[0]) ** 2) / np.sum(np.abs(guess) ** 2)
        modes.append(guess * np.sqrt(power))
    found = np.stack(modes)
    photons = np.sum(np.abs(probe) ** 2) / np.sum(np.abs(found) ** 2)
    return (found * np.sqrt(photons)).astype(np.complex64)


def in_order(probe: np.ndarray) -> np.ndarray:
    """Return the modes of a probe `(mode, y, x)` orthogonal, strongest first: their mutual intensity is the same.

    A single mode is what it was.
    """
    if len(probe) == 1:
        return probe
    rows = probe.reshape(len(probe), -1)
    _, power, directions = np.linalg.svd(rows, full_matrices=False)
    return (power[:, None] * directions).reshape(probe.shape)


def powers(probe: np.ndarray) -> list[float]:
    """Return the part of the light that is in each mode."""
    light = np.sum(np.abs(probe) ** 2, axis=(1, 2))
    return [float(part) for part in light / light.sum()]
