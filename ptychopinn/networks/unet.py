"""U-Net: an encoder and a decoder joined by skips (default generator).

The stem folds 2 x 2 pixels into channels, so the widest maps are computed at half the resolution, and the end unfolds
them again. No normalisation layer: the output for a pattern may not depend on its batch.

Reference: Ronneberger, Fischer and Brox, MICCAI 2015, doi:10.1007/978-3-319-24574-4_28
"""

import keras
from keras import layers

from ptychopinn.networks.convolution import Conv2D, Conv2DTranspose
from ptychopinn.networks.folding import Fold, Unfold

FILTERS = 24
LEVELS = 3


def residual(maps: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Add two convolutions of the maps to the maps."""
    inner = Conv2D(filters, 3, padding="same", activation="gelu")(maps)
    inner = Conv2D(filters, 3, padding="same", kernel_initializer=keras.initializers.VarianceScaling(0.1))(inner)
    return layers.add([maps, inner])


def build(channels: int, outputs: int, filters: int) -> keras.Model:
    """Build the U-Net.

    Args:
        channels, outputs: int. Maps in and out.
        filters: int. Filters of the widest maps; they double at each level.

    Returns:
        keras.Model `(batch, y, x, channels)` -> `(batch, y, x, outputs)`, of sides that are multiples of 16.
    """
    inputs = keras.Input((None, None, channels))
    maps = Conv2D(filters, 3, padding="same", activation="gelu")(Fold()(inputs))
    skips = []
    for level in range(LEVELS):
        maps = residual(maps, filters * 2**level)
        skips.append(maps)
        maps = Conv2D(filters * 2 ** (level + 1), 2, strides=2, activation="gelu")(maps)
    maps = residual(residual(maps, filters * 2**LEVELS), filters * 2**LEVELS)
    for level in reversed(range(LEVELS)):
        maps = Conv2DTranspose(filters * 2**level, 2, strides=2)(maps)
        maps = residual(layers.add([maps, skips[level]]), filters * 2**level)
    maps = Unfold()(Conv2D(4 * outputs, 3, padding="same", kernel_initializer="zeros")(maps))
    return keras.Model(inputs, maps, name="unet")
