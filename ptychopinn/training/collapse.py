"""Collapse: the network makes a flat object, whatever it is shown."""

import math
import warnings
from collections.abc import Mapping

import keras
import numpy as np

FLAT = 0.01
"""Contrast of the object, and correlation of the patterns' fluctuations, below which a training has collapsed."""


class CollapseWarning(UserWarning):
    """The network makes a flat object, or patterns that have nothing to do with the measured ones."""


class CollapseAlarm(keras.callbacks.Callback):
    """Warn when the object is flat, or the predicted patterns do not vary with the measured ones.

    Args:
        inputs: a batch of the model's inputs to look at.
        after: int. Epochs before the first look. Defaults to 2.
    """

    def __init__(self, inputs: tuple[np.ndarray, ...], after: float = 2) -> None:
        super().__init__()
        self.inputs, self.after = inputs, after

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if epoch + 1 < self.after:
            return
        seen = self.model.predict_on_batch(self.inputs)
        seen = {name: part[: len(self.inputs[0])] for name, part in seen.items()}  # TensorFlow: once for each device
        contrast, correlation = contrast_of(seen), fluctuation_correlation(seen["intensity"], self.inputs[0])
        if contrast < FLAT or correlation < FLAT:
            warnings.warn(
                f"The network may have collapsed to a flat object: contrast {contrast:.3g}, correlation of predicted "
                f"and measured patterns {correlation:.3g} (both should exceed {FLAT}). Try a lower --learning-rate, "
                "another --seed, --input backprojection, or check --measurement and the probe.",
                CollapseWarning,
                stacklevel=2,
            )
            self.after = math.inf


def contrast_of(seen: Mapping[str, np.ndarray]) -> float:
    """Return the object's contrast: standard deviation of the complex patches over their mean modulus."""
    patches = seen["real"] + 1j * seen["imag"]
    middle = patches.shape[-1] // 4
    patches = patches[..., middle:-middle, middle:-middle]
    return float(np.std(patches) / max(float(np.mean(np.abs(patches))), 1e-12))


def fluctuation_correlation(predicted: np.ndarray, measured: np.ndarray) -> float:
    """Return the correlation of predicted and measured amplitudes, less each pixel's mean over the patterns."""
    good = (measured >= 0).all(axis=(0, 1))
    predicted, measured = (array.reshape(-1, *good.shape)[:, good] for array in (np.sqrt(predicted), measured))
    predicted, measured = predicted - predicted.mean(axis=0), measured - measured.mean(axis=0)
    return float(np.sum(predicted * measured) / max(float(np.linalg.norm(predicted) * np.linalg.norm(measured)), 1e-12))
