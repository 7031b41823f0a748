"""What a network of estimates makes of a whole object: windows that overlap, corrected and blended."""

import functools

import keras
import numpy as np
from keras import KerasTensor as Tensor

from ptychopinn.model import PtychoModel
from ptychopinn.params import ExecutionParams
from ptychopinn.reconstruction.part import PartOfModel
from ptychopinn.reconstruction.refinement import Prior
from ptychopinn.training.bundle import Bundle

SIDE, STEP = 64, 32
"""Side of a window, and from a window to the next, in pixels."""

AT_ONCE = 16
"""Windows of a batch."""


@keras.saving.register_keras_serializable(package="ptychopinn")
class Corrector(PartOfModel):
    """The part of a `PtychoModel` of estimates that knows what objects look like: unfinished ones in, corrected out.

    Args:
        model: PtychoModel of `input="estimate"`, whose weights are shared.

    Call arguments:
        seen: three float32 tensors `(batch, 1, y, x)`: real and imaginary part of the transmission, of any side, and
            the photons that fell on a pixel.

    Returns:
        float32 tensor `(batch, 1, y, x, 2)`: real and imaginary part of the transmission.
    """

    def call(self, seen: tuple[Tensor, ...]) -> Tensor:
        real, imag, dose = seen
        return keras.ops.stack(self.model.rounds.corrected((real, imag), dose), axis=-1)


def prior_of(bundle: Bundle, execution: ExecutionParams) -> Prior:
    """Return what the network of estimates of a bundle knows, as a function of an object and its dose."""
    model = bundle.model
    if execution.precision != "float32":
        model = PtychoModel(model.params, model.loss_params, execution.precision, generator=model.generator)
        model.take_generators(bundle.model)
    corrector = Corrector(model)
    if execution.jit is not None:
        corrector.compile(jit_compile=execution.jit)
    return functools.partial(corrected, corrector=corrector)


def corrected(obj: np.ndarray, dose: np.ndarray, corrector: Corrector) -> np.ndarray:
    """Correct an object, window by window; windows fade into one another.

    Args:
        obj: complex array `(y, x)`: transmission, where light is.
        dose: float array `(y, x)`: photons that fell on a pixel.
        corrector: Corrector.

    Returns:
        complex64 array `(y, x)`.
    """
    shape = obj.shape
    more = [(0, max(0, SIDE - side)) for side in shape]
    obj, dose = np.pad(obj, more), np.pad(dose, more)
    corners = [(row, column) for row in begins(obj.shape[0]) for column in begins(obj.shape[1])]
    total, weights = np.zeros(obj.shape, np.complex64), np.zeros(obj.shape, np.float32)
    fading = np.sin(np.pi * (np.arange(SIDE) + 0.5) / SIDE) ** 2
    fading = np.outer(fading, fading).astype(np.float32)
    for first in range(0, len(corners), AT_ONCE):
        places = [np.s_[row : row + SIDE, column : column + SIDE] for row, column in corners[first : first + AT_ONCE]]
        filled = places + places[:1] * (AT_ONCE - len(places))  # compiled steps keep one shape
        windows, doses = (np.stack([part[place] for place in filled])[:, None] for part in (obj, dose))
        seen = windows.real.astype(np.float32), windows.imag.astype(np.float32), doses.astype(np.float32)
        made = corrector.predict_on_batch(seen)[:, 0]
        for place, window in zip(places, made[..., 0] + 1j * made[..., 1]):
            total[place] += fading * window
            weights[place] += fading
    return np.where(dose > 0, total / weights, obj)[: shape[0], : shape[1]].astype(np.complex64)


def begins(side: int) -> list[int]:
    """Return where windows begin along a side, the last one at its end."""
    last = side - SIDE
    return [*range(0, last, STEP), last]
