"""Generators from outside the package: checked as they are built, and kept in a bundle by Keras's configuration.

A bundle says which function built its network, but nobody imports a module because a file names it: the network is
rebuilt from layers that Keras has, or that the user has registered.
"""

from collections.abc import Callable
from typing import Any

import keras

FILTERS = 32
"""Filters that a generator from outside is asked for, before `n_filters_scale`."""

Build = Callable[[int, int, int, int], keras.Model]


def name_of(build: Build) -> str:
    """Return `module:function` of a function that builds a network."""
    return f"{build.__module__}:{getattr(build, '__qualname__', type(build).__qualname__)}"


def check(network: keras.Model, name: str, size: int, channels: int, outputs: int) -> None:
    """Raise ValueError unless a network maps maps to maps, and can be rebuilt from its configuration.

    Args:
        network: keras.Model.
        name: str. What the network is called in the error.
        size: int. Side of a map, in pixels.
        channels, outputs: int. Maps in and out.
    """
    try:
        shape = tuple(network(keras.KerasTensor((None, size, size, channels))).shape)
        copied(keras.saving.deserialize_keras_object(configuration(network)))
    except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
        raise ValueError(
            f"A generator must return a functional or Sequential keras.Model of (batch, {size}, {size}, {channels}), "
            f"of layers that are Keras's or registered. Received: {name}, {reason(error)}. "
            "Register its layers with @keras.saving.register_keras_serializable."
        ) from error
    if shape != (None, size, size, outputs):
        raise ValueError(
            f"A generator must return maps of shape {(None, size, size, outputs)}. Received: {name} with {shape}. "
            f"End it with a layer of `outputs` filters, and keep the maps' sides."
        )


def check_side(network: keras.Model, size: int) -> None:
    """Raise ValueError where a network was built for maps of one side, and others are to go through it."""
    side = network.input_shape[1]
    if side is not None and side != size:
        raise ValueError(
            f"The bundle's network, of one's own, takes patterns of {side} x {side} pixels. Received: N={size}. "
            f"Build it with keras.Input((None, None, channels)) for patterns of any size, or bring these to {side}."
        )


def configuration(network: keras.Model) -> dict[str, Any]:
    """Return what a bundle keeps of a network, besides its weights."""
    return keras.saving.serialize_keras_object(network)


def copied(network: keras.Model) -> keras.Model:
    """Return a network of the same layers, with new weights, in the dtype policy of the moment."""
    return keras.models.clone_model(network, clone_function=_in_the_policy_of_the_moment, recursive=True)


def builder_from(config: dict[str, Any], name: str) -> Build:
    """Return a function that builds what a bundle keeps of the network that the function `name` built.

    Raises:
        ValueError: if the network has layers that nobody registered.
    """
    try:
        network = keras.saving.deserialize_keras_object(config)
    except (KeyError, TypeError, ValueError) as error:
        module = name.partition(":")[0]
        raise ValueError(
            f"The bundle's network must be of layers that Keras knows. Received: one of {name}, "
            f"{reason(error)}. Name its module with --generator {name}, or import {module}, which registers "
            "them."
        ) from error

    def build(size: int, channels: int, outputs: int, filters: int) -> keras.Model:
        return copied(network)

    build.__module__, _, build.__qualname__ = name.partition(":")
    return build


def reason(error: BaseException) -> str:
    """Return the first sentence of the error that others were raised from: Keras goes on with configurations."""
    while error.__context__ is not None:
        error = error.__context__
    return " ".join(str(error).split()).partition(". ")[0].rstrip(".")


def _in_the_policy_of_the_moment(layer: keras.layers.Layer) -> keras.layers.Layer:
    return type(layer).from_config({**layer.get_config(), "dtype": keras.config.dtype_policy().name})
