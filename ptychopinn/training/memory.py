"""What a training needs of memory: its largest part are the maps that the networks keep for their gradients."""

import math

import keras

from ptychopinn.device import on_cpu
from ptychopinn.memory import check_memory
from ptychopinn.model import PtychoModel
from ptychopinn.networks import DIVISOR

COPIES = 2.5
"""Memory of a training step over that of the outputs of all layers: measured 1.9 (torch) to 3.7 (TensorFlow)."""

OF_WEIGHT = 16
"""Bytes of a weight, its gradient, and the two moments of Adam, each float32."""


def check_training(model: PtychoModel, batch_size: int) -> None:
    """Raise MemoryError if a training step would not fit in the memory of this machine; devices know their own.

    Args:
        model: PtychoModel.
        batch_size: int. Groups in a batch.
    """
    if on_cpu():
        check_memory(
            training_bytes(model, batch_size),
            f"Training in batches of {batch_size} groups of {model.params.positions} patterns",
            "Use a smaller --batch-size with --accumulate-grad-batches, or a smaller --n-filters-scale.",
        )


def training_bytes(model: PtychoModel, batch_size: int) -> float:
    """Estimate the bytes that a training step takes, within a factor of 3."""
    uses = model.params.rounds / len(model.generators)
    networks = [at_side(generator, model.params.size) for generator in model.generators]
    maps = uses * sum(size_of_output(layer) for network in networks for layer in network.layers)
    return 4 * COPIES * maps * batch_size * model.params.positions + OF_WEIGHT * model.count_params()


def at_side(network: keras.Model, side: int) -> keras.Model:
    """Return a network of the same layers for maps of one side, where it takes any."""
    _, fixed, _, channels = network.input_shape
    if fixed is not None:
        return network
    side = math.ceil(side / DIVISOR) * DIVISOR
    return keras.models.clone_model(network, input_tensors=keras.Input((side, side, channels)))


def size_of_output(layer: keras.layers.Layer) -> int:
    """Return the numbers that a layer makes of one pattern; 0 where it does not say, outside a functional model."""
    outputs = keras.tree.flatten(getattr(layer, "output", []))
    return sum(math.prod(side or 1 for side in output.shape[1:]) for output in outputs)
