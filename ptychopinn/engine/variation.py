"""Dimensions in which a probe varies over the scan: their first weights, and the same variation in principal ones."""

import dataclasses

import numpy as np

from ptychopinn.engine.estimate import Estimate

SETTLED = 8
"""Passes before the probe varies: what is wrong with the object at first would be taken for variation."""

FORGOTTEN = 0.2
"""What a pass takes from the part of the weights that follows the place on the object."""

DARK = 0.1
"""Part of the mean probe below which a pattern's is too unlike it to be told a brightness."""


def first_weights(patterns: int, dimensions: int) -> np.ndarray:
    """Return weights to begin with: polynomials of the pattern's number, of rising degree, for most probes drift.

    Any weights that differ will do where they do not: least squares and steps in turn find the variation.

    Returns:
        complex128 array `(pattern, dimension)`, 0 on average, 1 in root mean square.
    """
    time = np.linspace(-1, 1, patterns)
    polynomials = np.polynomial.legendre.legvander(time, dimensions)
    basis = np.linalg.qr(polynomials)[0][:, 1:]
    return (np.sqrt(patterns) * basis).astype(complex)


def of_time(weights: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Take some of what follows the place from weights `(pattern, dimension)`, for the object can as well have that.

    A probe whose tilt grows with the place is one that stands still and an object with a parabola of phase; and so for
    shifts and a stretched object. What patterns do ask for comes back with the next least squares.

    Args:
        weights: complex array `(pattern, dimension)`.
        positions: float array `(pattern, 2)`, pixels.
    """
    y, x = ((positions - positions.mean(axis=0)) / max(positions.std(), 1.0)).T
    smooth = np.stack([np.ones_like(y), y, x, y * y, y * x, x * x], axis=1)
    return weights - FORGOTTEN * (smooth @ np.linalg.lstsq(smooth, weights, rcond=None)[0])


def principal(weights: np.ndarray, stack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write a variation in its principal dimensions, strongest first; what all patterns share goes to the mean.

    Args:
        weights: complex array `(pattern, dimension)`.
        stack: complex array `((1 + dimension) * mode, y, x)`: the mean probe, and its variations.

    Returns:
        `(weights, change)`: the new weights, of mean 0, orthogonal, 1 in root mean square; and the complex array
        `(1 + dimension, 1 + dimension)` that makes the new mean and variations of the old ones.
    """
    count, dimensions = weights.shape
    mean = weights.mean(axis=0)
    basis, triangle = np.linalg.qr(weights - mean)
    variations = stack.reshape(1 + dimensions, -1)[1:]
    turn = np.linalg.svd(triangle @ variations, full_matrices=False)[0]
    change = np.eye(1 + dimensions, dtype=complex)
    change[0, 1:] = mean
    change[1:, 1:] = turn.conj().T @ triangle / np.sqrt(count)
    return np.sqrt(count) * basis @ turn, change


def apart_from_light(estimate: Estimate) -> Estimate:
    r"""Write a probe that varies as one whose brightness differs, and that varies by what is left: the same patterns.

    A pattern's probe $P + \sum_k w_{jk} V_k$ holds the mean one $c_j$ times. So the flux is $|c_j|^2$, and the
    variation is what is orthogonal to the mean, by weights $w_{jk} / c_j$. Steps for the flux beside those for the
    variation ask for the same change twice, and end worse. An estimate whose probe does not vary is returned as it is.
    """
    if estimate.variation is None or estimate.weights is None:
        return estimate
    mean, variation = estimate.probe, estimate.variation
    parts = np.tensordot(variation, mean.conj(), axes=3) / np.sum(np.abs(mean) ** 2)
    held = 1 + estimate.weights @ parts
    if np.abs(held).min() < DARK:
        return estimate
    stack = np.concatenate([mean, *(variation - parts[:, None, None, None] * mean)])
    weights, change = principal(estimate.weights / held[:, None], stack)
    probe, *variations = np.split(mixed(change, stack), len(change))
    flux = estimate.flux * np.abs(held) ** 2
    return dataclasses.replace(estimate, probe=probe, variation=np.stack(variations), weights=weights, flux=flux)


def mixed(change: np.ndarray, stack: np.ndarray) -> np.ndarray:
    """Return a probe and its variations in new dimensions: `change` of `principal`, applied to its `stack`."""
    return (change @ stack.reshape(len(change), -1)).reshape(stack.shape)
