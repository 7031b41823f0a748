"""Generators as a user would write them, outside the package: good ones, and ones that a bundle could not keep."""

import keras
from keras import layers


@keras.saving.register_keras_serializable(package="nets")
class Mirror(layers.Layer):
    """Mirror maps along x."""

    def call(self, maps):
        return keras.ops.flip(maps, axis=2)


class Unregistered(Mirror):
    """A layer that Keras cannot find again."""


@keras.saving.register_keras_serializable(package="nets")
class Subclassed(keras.Model):
    """A model that is no graph of layers."""

    def __init__(self, outputs):
        super().__init__()
        self.last = layers.Conv2D(outputs, 3, padding="same")

    def call(self, maps):
        return self.last(maps)


def plain(size, channels, outputs, filters):
    """Build two convolutions."""
    inputs = keras.Input((size, size, channels))
    maps = layers.Conv2D(filters, 3, padding="same", activation="gelu")(inputs)
    return keras.Model(inputs, layers.Conv2D(outputs, 3, padding="same")(maps))


def mirrored(size, channels, outputs, filters):
    """Build two convolutions between mirrors."""
    return keras.Sequential([Mirror(), plain(size, channels, outputs, filters), Mirror()])


def unregistered(size, channels, outputs, filters):
    """Build what ends with a layer that is not registered."""
    return keras.Sequential([plain(size, channels, outputs, filters), Unregistered()])


def code(size, channels, outputs, filters):
    """Build what holds Python code."""
    return keras.Sequential([plain(size, channels, outputs, filters), layers.Lambda(lambda maps: 2 * maps)])


def subclassed(size, channels, outputs, filters):
    """Build a model that is no graph of layers."""
    return Subclassed(outputs)


def narrow(size, channels, outputs, filters):
    """Build what loses the maps' edges."""
    inputs = keras.Input((size, size, channels))
    return keras.Model(inputs, layers.Conv2D(outputs, 3)(inputs))


def nothing(size, channels, outputs, filters):
    """Build nothing."""
