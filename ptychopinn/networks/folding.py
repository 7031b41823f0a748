"""Fold blocks of pixels into channels, so that a network's widest maps are computed at half the resolution."""

from typing import Any

import keras
from keras import layers, ops


def fold(maps: keras.KerasTensor) -> keras.KerasTensor:
    """Move blocks of 2 x 2 pixels into channels: `(b, y, x, c)` -> `(b, y/2, x/2, 4c)`."""
    _, height, width, channels = maps.shape
    blocks = ops.reshape(maps, (-1, height // 2, 2, width // 2, 2, channels))
    return ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (-1, height // 2, width // 2, 4 * channels))


def unfold(maps: keras.KerasTensor) -> keras.KerasTensor:
    """Move channels into blocks of 2 x 2 pixels: the inverse of `fold`."""
    _, height, width, channels = maps.shape
    blocks = ops.reshape(maps, (-1, height, width, 2, 2, channels // 4))
    return ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (-1, 2 * height, 2 * width, channels // 4))


@keras.saving.register_keras_serializable(package="ptychopinn")
class Fold(layers.Layer):
    """Move blocks of 2 x 2 pixels into channels: `(b, y, x, c)` -> `(b, y/2, x/2, 4c)`."""

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        return fold(maps)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        batch, height, width, channels = input_shape
        return batch, _times(height, 0.5), _times(width, 0.5), 4 * channels


@keras.saving.register_keras_serializable(package="ptychopinn")
class Unfold(layers.Layer):
    """Move channels into blocks of 2 x 2 pixels: the inverse of `Fold`."""

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        return unfold(maps)

    def compute_output_shape(self, input_shape: tuple[Any, ...]) -> tuple[Any, ...]:
        batch, height, width, channels = input_shape
        return batch, _times(height, 2), _times(width, 2), channels // 4


def _times(side: int | None, factor: float) -> int | None:
    """Return a side, which need not be known yet, times a factor."""
    return None if side is None else int(side * factor)
