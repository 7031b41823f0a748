"""The generators: `networks/<name>.py` offers `FILTERS` and `build(size, channels, outputs, filters)`.

A further generator is one such file, and its name in `params.GENERATORS`.
"""

import contextlib
import importlib

import keras


def build_generator(name, size, channels, outputs=2, n_filters_scale=1.0, precision="float32", remat=False):
    """Build a generator: keras.Model `(batch, y, x, channels)` -> `(batch, y, x, outputs)`, real maps.

    Args:
        name: str. One of `params.GENERATORS`.
        size: int. Side of a map, in pixels.
        channels, outputs: int. Maps in and out.
        n_filters_scale: float. Factor on the number of filters. Defaults to 1.
        precision: str. Keras's dtype policy of the network. Defaults to `"float32"`.
        remat: bool. Whether to compute activations again in the backward pass. Defaults to `False`.
    """
    network = importlib.import_module(f"ptychopinn.networks.{name}")
    filters = max(4, round(network.FILTERS * n_filters_scale))
    with _dtype_policy(precision), keras.RematScope(mode="full" if remat else None):
        return network.build(size, channels, outputs, filters)


@contextlib.contextmanager
def _dtype_policy(precision):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
