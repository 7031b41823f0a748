"""Factorised Fourier neural operator: Fourier layers along y and along x, summed, before a feed-forward of each pixel.

Reference: Tran et al., ICLR 2023, doi:10.48550/arXiv.2111.13802
"""

import keras
from keras import layers

from ptychopinn.networks.folding import Fold, Unfold
from ptychopinn.networks.spectral import SpectralConv1D

FILTERS = 64
MODES = 12
BLOCKS = 4


def block(maps: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Add to the maps what they are after filtering along each axis and a feed-forward of each pixel."""
    mixed = layers.add([SpectralConv1D(filters, MODES, axis)(maps) for axis in (1, 2)])
    inner = layers.Dense(2 * filters, activation="gelu")(mixed)
    inner = layers.Dense(filters, kernel_initializer=keras.initializers.VarianceScaling(0.1))(inner)
    return layers.add([maps, inner])


def build(channels: int, outputs: int, filters: int) -> keras.Model:
    """Build the factorised Fourier neural operator.

    Args:
        channels, outputs: int. Maps in and out.
        filters: int. Filters of every block; twice as many inside its feed-forward.

    Returns:
        keras.Model `(batch, y, x, channels)` -> `(batch, y, x, outputs)`, of sides that are multiples of 16.
    """
    inputs = keras.Input((None, None, channels))
    maps = layers.Dense(filters)(Fold()(inputs))
    for _ in range(BLOCKS):
        maps = block(maps, filters)
    maps = layers.Dense(2 * filters, activation="gelu")(maps)
    maps = Unfold()(layers.Dense(4 * outputs, kernel_initializer="zeros")(maps))
    return keras.Model(inputs, maps, name="ffno")
