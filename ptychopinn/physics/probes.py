"""Probes: where they are bright, and how alike two of them are."""

import numpy as np

BRIGHT = 0.1
"""The probe's footprint is where its intensity exceeds this part of its largest."""


def footprint(probe: np.ndarray) -> np.ndarray:
    """Return where a probe `(mode, y, x)` is bright, above `BRIGHT` of its peak intensity: bool array `(y, x)`."""
    light = np.sum(np.abs(probe) ** 2, axis=0)
    return light > BRIGHT * light.max()


def diameter(probe: np.ndarray) -> float:
    """Return the diameter of a disc as large as the footprint of a probe `(mode, y, x)`, pixels."""
    return float(2 * np.sqrt(footprint(probe).sum() / np.pi))


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    r"""Return how much of the light of two probes is the same, whatever their brightness and the order of their modes.

    $\sum_{mn} |\langle P_m, Q_n\rangle|^2 / \sqrt{\sum_{mn} |\langle P_m, P_n\rangle|^2 \sum_{mn} |\langle Q_m,
    Q_n\rangle|^2}$: the overlap of their mutual intensities, from 0 to 1.

    Args:
        one, other: complex arrays `(mode, y, x)`.
    """

    def overlap(a: np.ndarray, b: np.ndarray) -> float:
        return np.sum(np.abs(np.tensordot(a.conj(), b, axes=((1, 2), (1, 2)))) ** 2)

    return float(overlap(one, other) / np.sqrt(overlap(one, one) * overlap(other, other)))


def effective_area(probe: np.ndarray) -> float:
    r"""Return the area that a probe `(mode, y, x)` lights, $(\sum L)^2 / \sum L^2$ of its light, in pixels."""
    light = np.sum(np.abs(probe) ** 2, axis=0)
    return float(light.sum() ** 2 / np.sum(light**2))


def mean_square_frequency(probe: np.ndarray) -> float:
    """Return the mean of the squared frequencies of a probe `(mode, y, x)`, in squared cycles a pixel."""
    frequency = np.fft.fftfreq(probe.shape[-1])
    light = np.sum(np.abs(np.fft.fft2(probe)) ** 2, axis=0)
    return float(np.sum(light * (frequency[:, None] ** 2 + frequency**2)) / light.sum())
