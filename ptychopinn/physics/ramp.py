"""The common phase ramp of an object, which the detector's centre takes up."""

import numpy as np

FAINT = 0.05
"""The ramp is measured where the weight exceeds this part of its largest."""


def remove_ramp(image, weight, rounds=3):
    """Remove the mean phase ramp of an object, and its mean phase.

    An object is known up to a phase ramp, because the detector's centre is never exact; left in, it wraps.

    Returns:
        `(image, ramp)`: the ramp in radians per pixel `(y, x)`.
    """
    seen = weight * (weight > FAINT * weight.max())
    ramp = np.zeros(2)
    for _ in range(rounds):
        along_y = np.vdot(image[:-1] * seen[:-1], image[1:] * seen[1:])
        along_x = np.vdot(image[:, :-1] * seen[:, :-1], image[:, 1:] * seen[:, 1:])
        step = np.angle([along_y, along_x])
        image = add_ramp(image, -step)
        ramp += step
    mean = np.sum(image * seen)
    return image * np.exp(-1j * np.angle(mean)), tuple(float(v) for v in ramp)


def add_ramp(image, ramp):
    """Put the phase ramp back that was removed from an object: complex array `(y, x)`; radians per pixel `(y, x)`."""
    along_y, along_x = (slope * np.arange(side) for slope, side in zip(ramp, image.shape))
    return image * np.exp(1j * (along_y[:, None] + along_x))
