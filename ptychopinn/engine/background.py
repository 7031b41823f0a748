"""Background: what the detector counts besides the light of object and probe, the same in all patterns.

It is few figures, so photons held out tell it, and can still judge. Those that pull do not: an object that has seen
them took what they count in the dark as its detail. So it is looked for from the first pass on, before that.
"""

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.engine.pulls import Seen, detector_of, waves_of
from ptychopinn.physics.consistency import DARK
from ptychopinn.physics.detector import gaussian_spread
from ptychopinn.physics.optics import FAR, Optics
from ptychopinn.physics.waves import Wave, light_of

SMOOTH = 1 / 16
"""Standard deviation of the neighbourhood that a background is smooth over, of the side of a pattern."""


def background_asked_of(
    canvas: Wave, probe: Wave, seen: Seen, width: int, optics: Optics = FAR
) -> tuple[Tensor, Tensor]:
    r"""Return what patterns ask of the background, and how firmly: pair of float32 tensors `(y, x)`.

    The gradient of the Poisson likelihood, $\sum_j n_j / I_j - 1$, and its expected curvature, $\sum_j 1 / I_j$: their
    quotient is the step of Fisher's scoring.
    """
    expected = detector_of(seen, optics).expected(light_of(waves_of(canvas, probe, seen, width, optics)[0])) + DARK
    good = seen.counts >= 0
    asked = ops.where(good, (seen.counts + DARK) / expected - 1.0, 0.0)
    return ops.sum(asked, axis=0), ops.sum(ops.where(good, 1.0 / expected, 0.0), axis=0)


def background_after(background: Tensor, asked: Tensor, known: Tensor, zero_first: bool = True) -> Tensor:
    """Return the background, photons `(y, x)`, after a step of Fisher's scoring; none is below zero.

    What is asked, and how firmly, are averaged over neighbours: a background is smooth, and bright pixels, which know
    nothing of it, take that of dim ones.
    """
    size = background.shape[-1]
    spread = ops.convert_to_tensor(gaussian_spread(size, size * SMOOTH, zero_first))
    asked, known = (spread @ each @ spread for each in (asked, known))
    return ops.maximum(background + asked / ops.maximum(known, 1e-12), 0.0)
