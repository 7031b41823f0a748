"""Fold blocks of pixels into channels, so that a network's widest maps are computed at half the resolution."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="ptychopinn")
class Fold(layers.Layer):
    """Move blocks of 2 x 2 pixels into channels: `(b, y, x, c)` -> `(b, y/2, x/2, 4c)`."""

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        _, height, width, channels = maps.shape
        blocks = ops.reshape(maps, (-1, height // 2, 2, width // 2, 2, channels))
        return ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (-1, height // 2, width // 2, 4 * channels))


@keras.saving.register_keras_serializable(package="ptychopinn")
class Unfold(layers.Layer):
    """Move channels into blocks of 2 x 2 pixels: the inverse of `Fold`."""

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        _, height, width, channels = maps.shape
        blocks = ops.reshape(maps, (-1, height, width, 2, 2, channels // 4))
        return ops.reshape(ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (-1, 2 * height, 2 * width, channels // 4))
