"""The generators: `networks/<name>.py` offers `FILTERS` and `build(size, channels, outputs, filters)`.

A further generator is one such file and its name in `params.GENERATORS`, or such a function of anybody's own.
"""

import contextlib
import importlib
from collections.abc import Iterator

import keras

from ptychopinn.networks import outside
from ptychopinn.params import GENERATORS


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
        size: int. Side of a map, in pixels.
        channels, outputs: int. Maps in and out.
        n_filters_scale: float. Factor on the number of filters. Defaults to 1.
        precision: str. Keras's dtype policy of the network. Defaults to `"float32"`.
        remat: bool. Whether to compute activations again in the backward pass. Defaults to `False`.

    Raises:
        ValueError: if the name is none of ours, or the function builds what is no generator.
    """
    build, filters = _found(generator)
    filters = max(4, round(filters * n_filters_scale))
    with _dtype_policy(precision), keras.RematScope(mode="full" if remat else None):
        network = build(size, channels, outputs, filters)
        if not isinstance(generator, str):
            outside.check(network, outside.name_of(generator), size, channels, outputs)
        return network


def _found(generator: str | outside.Build) -> tuple[outside.Build, int]:
    """Return the function that builds a generator, and the filters of its full width."""
    if not isinstance(generator, str):
        return generator, outside.FILTERS
    if generator not in GENERATORS:
        raise ValueError(
            f"A generator from outside must be given as a function: a name in a file imports nothing. "
            f"Received: generator={generator}. Use --generator {generator}, or Settings(generator=...) in Python."
        )
    network = importlib.import_module(f"ptychopinn.networks.{generator}")
    return network.build, network.FILTERS


@contextlib.contextmanager
def _dtype_policy(precision: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
