"""Objects to scan: complex arrays `(y, x)`, transmission of order 1."""

import numpy as np
from scipy.ndimage import gaussian_filter


def lines(side, count=400, phase=True, seed=0):
    """Draw random straight lines, blurred at three widths.

    Segments of value 1 join random end points on twice the side; g1 + 2 g5 + 5 g10 (Gaussian blurs by sigma in pixels)
    of the drawing is cut to its middle. The amplitude is normalised to a mean of 1.

    Args:
        side: int. Side of the object, in pixels.
        count: int. Segments on twice the side. Defaults to 400.
        phase: bool. Whether the phase is `pi tanh((A - max A / 2) / (3 mean A))` and not zero. Defaults to `True`.
        seed: int.

    Returns:
        complex64 array `(y, x)`.

    Reference:
        Hoidn, Mishra and Mehta, Sci. Rep. 13, 22789 (2023), doi:10.1038/s41598-023-48351-7
    """
    random = np.random.default_rng(seed)
    drawing = np.zeros((2 * side, 2 * side))
    for start, end in random.uniform(0, 2 * side - 1, (count, 2, 2)):
        steps = int(np.ceil(np.abs(end - start).max())) + 1
        rows, columns = np.round(np.linspace(start, end, steps)).astype(int).T
        drawing[rows, columns] = 1.0
    blurred = sum(factor * gaussian_filter(drawing, sigma) for factor, sigma in ((1, 1), (2, 5), (5, 10)))
    amplitude = blurred[side // 2 : side // 2 + side, side // 2 : side // 2 + side]
    angle = np.pi * np.tanh((amplitude - amplitude.max() / 2) / (3 * amplitude.mean())) if phase else 0.0
    return (amplitude / amplitude.mean() * np.exp(1j * angle)).astype(np.complex64)
