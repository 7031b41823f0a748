"""Incoherent modes of a probe: guesses of those that a file does not hold, and modes in order of their power."""

import numpy as np

GUESSED = 0.25
"""Power of a guessed mode, as part of that of the one before it, as those of partly coherent light fall. From a
twentieth, a mode that has a fifth of the light does not come up in 60 passes."""


def with_modes(probe: np.ndarray, count: int) -> np.ndarray:
    r"""Return a probe of so many modes, its photons kept: those it has, strongest first, and guesses of the others.

    A guess is the first mode times $z^a \bar z^b$, $z = x + i y$, made orthogonal to all before it. Half of the first
    guess is along whatever direction a mode is missed in; one along an axis has nothing of a mode across it.

    Args:
        probe: complex array `(mode, y, x)`.
        count: int.

    Returns:
        complex64 array `(mode, y, x)`.
    """
    modes = list(in_order(probe)[:count])
    y, x = (np.linspace(-1, 1, side).reshape(shape) for side, shape in zip(probe.shape[1:], ((-1, 1), (1, -1))))
    z = x + 1j * y
    degrees = sorted(((a, b) for a in range(count) for b in range(count) if a or b), key=sum)
    for a, b in degrees[: count - len(modes)]:
        guess = modes[0] * z**a * z.conj() ** b
        for mode in modes:
            guess = guess - mode * np.vdot(mode, guess) / np.vdot(mode, mode)
        power = GUESSED * np.sum(np.abs(modes[-1]) ** 2) / np.sum(np.abs(guess) ** 2)
        modes.append(guess * np.sqrt(power))
    found = np.stack(modes)
    photons = np.sum(np.abs(probe) ** 2) / np.sum(np.abs(found) ** 2)
    return (found * np.sqrt(photons)).astype(np.complex64)


def with_varying_modes(
    probe: np.ndarray, variation: np.ndarray | None, count: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a probe of so many modes, as of `with_modes`, and how it varies: guessed modes do not.

    Args:
        probe: complex array `(mode, y, x)`.
        variation: complex array `(dimension, mode, y, x)`, or None.
        count: int.

    Returns:
        complex arrays `(mode, y, x)` and `(dimension, mode, y, x)`; None for the latter where the probe does not vary.
    """
    found = with_modes(probe, count)
    if variation is None:
        return found, None
    own = min(count, len(probe))
    turn = found[:own].reshape(own, -1) @ np.linalg.pinv(probe.reshape(len(probe), -1))
    varied = np.zeros((len(variation), *found.shape), variation.dtype)
    varied[:, :own] = np.einsum("om,dmyx->doyx", turn, variation)
    return found, varied


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
