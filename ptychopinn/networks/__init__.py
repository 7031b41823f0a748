"""The generators: `networks/<name>.py` offers `FILTERS` and `build(channels, outputs, filters)`, for maps of any side.

A further generator is one such file and its name in `params.GENERATORS`, or a function of anybody's own, which is told
the side too: `build(size, channels, outputs, filters)`.
"""

import contextlib
import importlib
import types
from collections.abc import Iterator

import keras
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.networks import outside
from ptychopinn.params import GENERATORS

DIVISOR = 16
"""Sides of maps are multiples of this within our networks, which halve them four times at most."""


def build_generator(
    generator: str | outside.Build,
    size: int,
    channels: int,
    outputs: int = 2,
    n_filters_scale: float = 1.0,
    precision: str = "float32",
    remat: bool = False,
) -> keras.Model:
    """Build a generator: keras.Model `(batch, y, x, channels)` -> `(batch, y, x, outputs)`, real maps.

    Args:
        generator: str. One of `params.GENERATORS`; or a function `build(size, channels, outputs, filters)`.
        size: int. Side of a map, in pixels, that a function of one's own is told; ours take any (see `applied`).
        channels, outputs: int. Maps in and out.
        n_filters_scale: float. Factor on the number of filters. Defaults to 1.
        precision: str. Keras's dtype policy of the network. Defaults to `"float32"`.
        remat: bool. Whether to compute activations again in the backward pass. Defaults to `False`.

    Raises:
        ValueError: if the name is none of ours, or the function builds what is no generator.
    """
    with _built_with(precision), keras.RematScope(mode="full" if remat else None):
        if isinstance(generator, str):
            ours = _named(generator)
            return ours.build(channels, outputs, _times(ours.FILTERS, n_filters_scale))
        network = generator(size, channels, outputs, _times(outside.FILTERS, n_filters_scale))
        outside.check(network, outside.name_of(generator), size, channels, outputs)
        return network


def _times(filters: int, scale: float) -> int:
    return max(4, round(filters * scale))


def applied(network: keras.Model, maps: Tensor) -> Tensor:
    """Apply a generator to maps `(batch, y, x, channel)` of any side: zeros fill them up to sides that it can halve."""
    _, height, width, _ = maps.shape
    if network.input_shape[1] is not None:  # of one's own, and of a fixed side
        return network(maps)
    more = -height % DIVISOR, -width % DIVISOR
    if any(more):
        maps = ops.pad(maps, ((0, 0), (0, more[0]), (0, more[1]), (0, 0)))
    return network(maps)[:, :height, :width]


def _named(generator: str) -> types.ModuleType:
    """Return the module that builds one of our generators."""
    if generator not in GENERATORS:
        raise ValueError(
            f"A generator from outside must be given as a function: a name in a file imports nothing. "
            f"Received: generator={generator}. Use --generator {generator}, or Settings(generator=...) in Python."
        )
    return importlib.import_module(f"ptychopinn.networks.{generator}")


@contextlib.contextmanager
def _built_with(precision: str) -> Iterator[None]:
    """Build layers in a precision, their channels last whatever the user's own networks do."""
    policy, data_format = keras.config.dtype_policy(), keras.config.image_data_format()
    keras.config.set_dtype_policy(precision)
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.set_image_data_format(data_format)
