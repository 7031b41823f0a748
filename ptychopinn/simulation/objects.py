"""Objects to scan: drawings, real arrays `(y, x)` from 0 up, and the transmission that a drawing stands for."""

import numpy as np
from scipy.ndimage import gaussian_filter

from ptychopinn.simulation.leaves import dead_leaves
from ptychopinn.simulation.star import siemens_star

DEFINED_SIDE = 392
"""Side, in pixels, for which the published objects are defined; other sides are as dense."""


def transmission(drawing: np.ndarray, phase_max: float = np.pi, phase_drawing: np.ndarray | None = None) -> np.ndarray:
    r"""Make a transmission of a drawing: amplitude of mean 1, and a phase.

    With the drawing $A$ the amplitude is $A / \bar A$ and the phase
    $\varphi_{max} \tanh((A - \max A / 2) / (3 \bar A))$.

    Args:
        drawing: real array `(y, x)`, from 0 up.
        phase_max: float. Largest phase, in radians; 0 makes a real object. Defaults to pi.
        phase_drawing: real array `(y, x)`, from 0 up: what the phase is made of. Defaults to the drawing.

    Returns:
        complex64 array `(y, x)`.

    Raises:
        ValueError: if a drawing is zero everywhere.

    Reference:
        Hoidn, Mishra and Mehta, Sci. Rep. 13, 22789 (2023), doi:10.1038/s41598-023-48351-7
    """
    second = drawing if phase_drawing is None else phase_drawing
    if not (drawing.any() and second.any()):
        raise ValueError("A drawing must not be zero everywhere. Received: a black image. Choose another.")
    angle = phase_max * np.tanh((second - second.max() / 2) / (3 * second.mean()))
    return (drawing / drawing.mean() * np.exp(1j * angle)).astype(np.complex64)


def lines(side: int, count: int | None = None, phase: bool = True, seed: int = 0) -> np.ndarray:
    """Make a transmission of random lines: see `draw_lines` and `transmission`.

    Args:
        side: int. Side of the object, in pixels.
        count: int. Segments; see `draw_lines`.
        phase: bool. Whether the object has a phase. Defaults to `True`.
        seed: int.

    Returns:
        complex64 array `(y, x)`.
    """
    return transmission(draw_lines(side, seed, count), np.pi if phase else 0.0)


def draw_lines(side: int, seed: int = 0, count: int | None = None) -> np.ndarray:
    """Draw straight segments between random points of twice the side, blurred: see `soften`.

    Args:
        side: int. Pixels.
        seed: int.
        count: int. Segments on twice the side. Defaults to 400 for a side of 392 pixels, and as dense on others.

    Returns:
        float array `(y, x)`.

    Reference:
        Hoidn, Mishra and Mehta, Sci. Rep. 13, 22789 (2023), doi:10.1038/s41598-023-48351-7
    """
    random = np.random.default_rng(seed)
    count = max(1, round(400 * side / DEFINED_SIDE)) if count is None else count
    drawing = np.zeros((2 * side, 2 * side))
    for start, end in random.uniform(0, 2 * side - 1, (count, 2, 2)):
        steps = int(np.ceil(np.abs(end - start).max())) + 1
        rows, columns = np.round(np.linspace(start, end, steps)).astype(int).T
        drawing[rows, columns] = 1.0
    return soften(drawing)


def draw_diagonals(side: int, seed: int = 0) -> np.ndarray:
    """Draw lines along both diagonals, at random distances, blurred: see `soften`.

    Args:
        side: int. Pixels.
        seed: int.

    Returns:
        float array `(y, x)`.
    """
    random = np.random.default_rng(seed)
    rows, columns = np.indices((2 * side, 2 * side))
    count = max(1, round(60 * side / DEFINED_SIDE))
    rising = np.isin(rows + columns, random.integers(0, 4 * side - 1, count))
    falling = np.isin(rows - columns, random.integers(1 - 2 * side, 2 * side, count))
    return soften((rising | falling).astype(float))


def draw_points(side: int, seed: int = 0) -> np.ndarray:
    """Draw points of random brightness, one to 50 square pixels, blurred: see `soften`.

    Args:
        side: int. Pixels.
        seed: int.

    Returns:
        float array `(y, x)`.
    """
    random = np.random.default_rng(seed)
    drawing = np.zeros((2 * side, 2 * side))
    rows, columns = random.integers(0, 2 * side, (2, max(1, 4 * side**2 // 50)))
    drawing[rows, columns] = random.uniform(0.2, 1, len(rows))
    return soften(drawing)


def gaussian_field(side: int, seed: int = 0, slope: float = -0.4) -> np.ndarray:
    """Draw a Gaussian random field of a power spectrum that is a power of the frequency, its least value 0.

    Args:
        side: int. Pixels.
        seed: int.
        slope: float. The power. Defaults to -0.4.

    Returns:
        float array `(y, x)`.
    """
    noise = np.random.default_rng(seed).standard_normal((side, side))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    frequency[0, 0] = np.inf  # the mean has no say
    field = np.fft.irfft2(np.fft.rfft2(noise) * frequency ** (slope / 2), s=noise.shape)
    return field - field.min()


def soften(drawing: np.ndarray) -> np.ndarray:
    """Return g1 + 2 g5 + 5 g10 (Gaussian blurs by sigma in pixels) of a drawing, cut to its middle half."""
    side = len(drawing) // 2
    blurred = sum(factor * gaussian_filter(drawing, sigma) for factor, sigma in ((1, 1), (2, 5), (5, 10)))
    return blurred[side // 2 : side // 2 + side, side // 2 : side // 2 + side]


OBJECTS = {
    "lines": draw_lines, "grf": gaussian_field, "points": draw_points, "diagonals": draw_diagonals,
    "dead_leaves": dead_leaves, "siemens_star": siemens_star,
}  # fmt: skip
"""Drawings by name: functions of `(side, seed)`."""
