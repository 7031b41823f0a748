"""PtychoPINN's ladder: one encoder, two decoders, no skips.

Reference: Hoidn, Mishra and Mehta, Sci. Rep. 13, 22789 (2023), doi:10.1038/s41598-023-48351-7
"""

import keras
from keras import layers

from ptychopinn.networks.convolution import Conv2D

FILTERS = 32


def convolve(maps: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Apply two convolutions of 3 x 3 pixels."""
    for _ in range(2):
        maps = Conv2D(filters, 3, padding="same", activation="relu")(maps)
    return maps


def build(channels: int, outputs: int, filters: int) -> keras.Model:
    """Build the ladder.

    Args:
        channels, outputs: int. Maps in and out; each output has a decoder of its own.
        filters: int. Filters of the first step; they double at each of three.

    Returns:
        keras.Model `(batch, y, x, channels)` -> `(batch, y, x, outputs)`, of sides that are multiples of 16.
    """
    steps = [filters, 2 * filters, 4 * filters]
    inputs = keras.Input((None, None, channels))
    code = inputs
    for step in steps:
        code = layers.MaxPooling2D()(convolve(code, step))
    decoded = []
    for _ in range(outputs):
        maps = code
        for step in reversed(steps):
            maps = layers.UpSampling2D()(convolve(maps, step))
        decoded.append(Conv2D(1, 3, padding="same", kernel_initializer="zeros", dtype="float32")(maps))
    return keras.Model(inputs, layers.concatenate(decoded), name="cnn")
