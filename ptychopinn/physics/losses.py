"""Losses, each a pure function of one group: `(batch, position, y, x)` -> `(batch,)`."""

import keras
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.physics.deviance import PHOTON_FLOOR, poisson_deviance
from ptychopinn.physics.waves import Wave, conjugate_product, intensity, scale, unit_phase


def negative_log_likelihood(predicted: Tensor, measured: Tensor, photons: Tensor | float) -> Tensor:
    r"""Negative logarithm of the Poisson likelihood of counts, less that of a perfect fit, per mean photon.

    $\frac{1}{n_0}\sum_k I_k - n_k + n_k \ln(n_k / I_k)$, half the deviance: zero at a perfect fit, and about
    (pixels / 2 photons) at the noise.

    Args:
        predicted: float32 tensor `(batch, position, y, x)`: photons.
        measured: float32 tensor `(batch, position, y, x)`: square root of photons; negative where there is no data.
        photons: float, or float32 tensor `(batch,)`. Mean photons of a pattern of the group's scan, $n_0$.

    Returns:
        float32 tensor `(batch,)`.
    """
    deviance = poisson_deviance(predicted, ops.square(ops.maximum(measured, 0.0)), ops.log)
    return _mean_pattern(deviance / 2, measured) / photons


def amplitude_error(predicted: Tensor, measured: Tensor, photons: Tensor | float) -> Tensor:
    """Mean absolute error of amplitude, relative to the root-mean-square amplitude of a pattern."""
    pixels = measured.shape[-1] * measured.shape[-2]
    amplitude = ops.sqrt(predicted + PHOTON_FLOOR)
    error = ops.abs(amplitude - ops.sqrt(ops.square(ops.maximum(measured, 0.0)) + PHOTON_FLOOR))
    return _mean_pattern(error, measured) / (photons * pixels) ** 0.5


def r_factor(predicted: Tensor, measured: Tensor) -> Tensor:
    """R-factor of amplitudes, the crystallographer's figure of merit: a metric of each group, not a loss.

    Training means it over groups as they pass, while the weights move; `evaluation.against_patterns.residual` states
    that of all patterns of a scan and of one stitched object, which is the figure of a reconstruction.
    """
    amplitude = ops.maximum(measured, 0.0)
    error = _mean_pattern(ops.abs(ops.sqrt(ops.maximum(predicted, 0.0)) - amplitude), measured)
    return error / ops.maximum(_mean_pattern(amplitude, measured), 1e-6)


def object_error(predicted: Wave, label: Wave, weights: Tensor) -> Tensor:
    """Mean absolute error of supervised patches, weighted with the probe's intensity.

    A group is known up to a constant phase, so it is turned first to agree with its labels.

    Args:
        predicted, label: pairs of float32 tensors `(batch, position, y, x)`: transmission.
        weights: float32 tensor `(y, x)`, or `(batch, 1, y, x)`.

    Returns:
        float32 tensor `(batch,)`.
    """
    product = conjugate_product(label, scale(predicted, weights))
    turn = unit_phase(tuple(ops.sum(part, axis=(1, 2, 3), keepdims=True) for part in product))
    predicted = conjugate_product(turn, predicted)
    difference = intensity((predicted[0] - label[0], predicted[1] - label[1]))
    error = ops.sqrt(difference + 1e-12) * weights
    return ops.mean(ops.sum(error, axis=(-2, -1)) / ops.sum(weights, axis=(-2, -1)), axis=1)


def total_variation(patches: Wave, weights: Tensor) -> Tensor:
    """Mean absolute difference between neighbouring pixels of the object, weighted with the probe's intensity."""
    total = 0.0
    for part in patches:
        rows = ops.abs(part[..., 1:, :] - part[..., :-1, :]) * weights[..., 1:, :]
        columns = ops.abs(part[..., :, 1:] - part[..., :, :-1]) * weights[..., :, 1:]
        total = total + ops.sum(rows, axis=(-2, -1)) + ops.sum(columns, axis=(-2, -1))
    return ops.mean(total / ops.sum(weights, axis=(-2, -1)), axis=1)


def _mean_pattern(error: Tensor, measured: Tensor) -> Tensor:
    """Sum over the good pixels of a pattern, mean over the patterns of a group."""
    return ops.mean(ops.sum(ops.where(measured < 0, 0.0, error), axis=(-2, -1)), axis=1)


class OverGroups(keras.losses.Loss):
    """Mean over the groups, as Keras takes it: under TensorFlow, over those of all devices."""

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return y_pred
