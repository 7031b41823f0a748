"""The eight ways in which a detector's rows and columns may be read out."""

import numpy as np

FLIPS = {
    "identity": (False, False, False), "fliplr": (False, False, True), "flipud": (False, True, False),
    "rot180": (False, True, True), "transpose": (True, False, False), "rot90_cw": (True, False, True),
    "rot90_ccw": (True, True, False), "antitranspose": (True, True, True),
}  # fmt: skip
"""Whether axes are exchanged, then rows reversed, then columns."""


def oriented(patterns: np.ndarray, orientation: str, near: bool = False) -> np.ndarray:
    """Return square patterns `(..., y, x)` turned or mirrored about their zero frequency, at pixel N/2 of even N.

    A reversal takes pixel `i` to `-i` of the frequencies: the first row, of the Nyquist frequency, stays. A near field
    has no frequencies: its first row becomes the last.
    """
    exchanged, rows, columns = FLIPS[orientation]
    turned = np.swapaxes(patterns, -1, -2) if exchanged else patterns
    for axis, reverse in ((-2, rows), (-1, columns)):
        if reverse:
            turned = np.flip(turned, axis) if near else np.roll(np.flip(turned, axis), 1, axis)
    return turned
