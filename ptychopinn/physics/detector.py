"""The detector: what it makes of the light that falls on it, in one place for every comparison with the patterns."""

import dataclasses
import typing

import numpy as np


@dataclasses.dataclass(frozen=True)
class Detector:
    r"""Expected counts $f_j S I S + b$ of intensity $I$: arithmetic alone, for tensors and NumPy arrays alike.

    Args:
        flux: float, or array that broadcasts to `(pattern, y, x)`: brightness of the light, $f_j$. Defaults to 1.
        background: float, or array that broadcasts to `(pattern, y, x)`: photons $b$ besides. Defaults to 0.
        spread: symmetric array `(side, side)`: the point spread $S$ along rows and columns, see `gaussian_spread`.
            `None`, the default, is a sharp detector.
    """

    flux: typing.Any = 1.0
    background: typing.Any = 0.0
    spread: typing.Any = None

    def expected(self, light: typing.Any) -> typing.Any:
        """Return the expected counts of intensity `(..., y, x)`, photons."""
        return self.flux * self.blurred(light) + self.background

    def blurred(self, light: typing.Any) -> typing.Any:
        """Spread intensity `(..., y, x)` as the detector does; its own adjoint, since the spread is symmetric."""
        return light if self.spread is None else self.spread @ light @ self.spread


IDEAL = Detector()


def gaussian_spread(size: int, sigma: float, zero_first: bool = False) -> np.ndarray:
    r"""Return a Gaussian point spread along one side: what falls on a pixel is counted around it, or beyond the edge.

    $S_{ik} = e^{-(i - k)^2 / 2 \sigma^2} / \sum_d e^{-d^2 / 2 \sigma^2}$, a symmetric matrix.

    Args:
        size: int. Side of the detector, in pixels.
        sigma: float. Standard deviation, in pixels.
        zero_first: bool. Whether patterns are rolled so that their middle is at pixel 0. Defaults to `False`.

    Returns:
        float32 array `(size, size)`.
    """
    pixels = np.arange(size)
    if zero_first:
        pixels = np.fft.ifftshift(pixels)
    farthest = np.arange(-np.ceil(10 * sigma), np.ceil(10 * sigma) + 1)
    total = np.exp(-0.5 * np.square(farthest / sigma)).sum()
    distance = pixels[:, None] - pixels
    return (np.exp(-0.5 * np.square(distance / sigma)) / total).astype(np.float32)
