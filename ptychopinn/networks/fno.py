"""Fourier neural operator: blocks of a Fourier layer beside a convolution of single pixels.

Reference: Li et al., ICLR 2021, doi:10.48550/arXiv.2010.08895
"""

import keras
from keras import layers

from ptychopinn.networks.folding import Fold, Unfold
from ptychopinn.networks.spectral import SpectralConv2D

FILTERS = 32
MODES = 12
BLOCKS = 4


def build(channels: int, outputs: int, filters: int) -> keras.Model:
    """Build the Fourier neural operator.

    Args:
        channels, outputs: int. Maps in and out.
        filters: int. Filters of every block.

    Returns:
        keras.Model `(batch, y, x, channels)` -> `(batch, y, x, outputs)`, of sides that are multiples of 16.
    """
    inputs = keras.Input((None, None, channels))
    maps = layers.Dense(filters)(Fold()(inputs))
    for _ in range(BLOCKS):
        mixed = layers.add([SpectralConv2D(filters, MODES)(maps), layers.Dense(filters)(maps)])
        maps = layers.add([maps, layers.Activation("gelu")(mixed)])
    maps = layers.Dense(4 * filters, activation="gelu")(maps)
    maps = Unfold()(layers.Dense(4 * outputs, kernel_initializer="zeros")(maps))
    return keras.Model(inputs, maps, name="fno")
