"""Spectral residual U-Net: a Fourier and convolution encoder, a residual bottleneck, a transposed decoder with skips.

The residuals of the bottleneck and the decoder are weighted by a learnt scale per channel that starts small: a block
starts near the identity and grows as it is needed.

References: doi:10.48550/arXiv.2602.21361; the scale: Touvron et al., ICCV 2021, doi:10.48550/arXiv.2103.17239
"""

import keras
from keras import layers

from ptychopinn.networks.convolution import Conv2D, Conv2DTranspose
from ptychopinn.networks.folding import Fold, Unfold
from ptychopinn.networks.spectral import SpectralConv2D

FILTERS = 32
MODES = 7
LEVELS = 2
BOTTLENECK = 4


@keras.saving.register_keras_serializable(package="ptychopinn")
class LayerScale(layers.Layer):
    """Multiply each channel of maps `(batch, y, x, channels)` by a learnt factor, 0.1 before training."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.scale = self.add_weight((input_shape[-1],), keras.initializers.Constant(0.1), name="scale")

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        return maps * self.scale


def spectral_block(maps: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Add to the maps a Fourier layer beside a convolution of 3 x 3 pixels."""
    spectral = SpectralConv2D(filters, MODES)(maps)
    mixed = layers.add([spectral, Conv2D(filters, 3, padding="same")(maps)])
    return layers.add([maps, layers.Activation("gelu")(mixed)])


def residual_block(maps: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Add to the maps two convolutions of them, scaled."""
    inner = Conv2D(filters, 3, padding="same", activation="gelu")(maps)
    return layers.add([maps, LayerScale()(Conv2D(filters, 3, padding="same")(inner))])


def build(channels: int, outputs: int, filters: int) -> keras.Model:
    """Build the spectral residual U-Net.

    Args:
        channels, outputs: int. Maps in and out.
        filters: int. Filters of the widest maps; they double at each of two levels.

    Returns:
        keras.Model `(batch, y, x, channels)` -> `(batch, y, x, outputs)`, of sides that are multiples of 16.
    """
    widths = [filters * 2**level for level in range(LEVELS + 1)]
    inputs = keras.Input((None, None, channels))
    maps = Conv2D(filters, 3, padding="same")(Fold()(inputs))
    skips = []
    for narrow, wide in zip(widths, widths[1:]):
        maps = spectral_block(maps, narrow)
        skips.append(maps)
        maps = Conv2D(wide, 2, strides=2)(maps)
    for _ in range(BOTTLENECK):
        maps = residual_block(maps, widths[-1])
    for width, skip in zip(reversed(widths[:-1]), reversed(skips)):
        maps = Conv2DTranspose(width, 4, strides=2, padding="same", activation="gelu")(maps)
        maps = residual_block(layers.add([maps, skip]), width)
    maps = Unfold()(Conv2D(4 * outputs, 3, padding="same", kernel_initializer="zeros")(maps))
    return keras.Model(inputs, maps, name="sru")
