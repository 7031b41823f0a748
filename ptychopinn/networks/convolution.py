"""Keras's convolutions, computed the way that costs least on each backend; names, weights and results are Keras's own.

- Keras under PyTorch copies the maps to channels first and back around each convolution, and adds biases after it.
  Axes that are only renamed cost nothing, PyTorch keeps their order in memory, and adds biases as it goes.
- A convolution with steps as wide as its kernel is a product of matrices on folded pixels. As a convolution, XLA
  computes its gradient many times slower on a CPU.
"""

import keras
from keras import KerasTensor as Tensor
from keras import layers, ops

from ptychopinn.device import convolved
from ptychopinn.networks.folding import fold, unfold


@keras.saving.register_keras_serializable(package="ptychopinn")
class Conv2D(layers.Conv2D):
    """Convolution of maps `(batch, y, x, channel)`; arguments as of `keras.layers.Conv2D`.

    A kernel of 2 x 2 in steps of 2 needs even sides.
    """

    def call(self, inputs: Tensor) -> Tensor:
        if keras.backend.backend() != "torch" or self.padding != "same" or self.strides != (1, 1):
            return super().call(inputs)
        return self.activation(convolved(inputs, self.kernel, self.bias, self.dilation_rate))

    def convolution_op(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        if self.kernel_size == self.strides == (2, 2):
            return ops.matmul(fold(inputs), ops.reshape(kernel, (-1, self.filters)))
        return super().convolution_op(inputs, kernel)


@keras.saving.register_keras_serializable(package="ptychopinn")
class Conv2DTranspose(layers.Conv2DTranspose):
    """Transposed convolution of maps `(batch, y, x, channel)`; arguments as of `keras.layers.Conv2DTranspose`."""

    def call(self, inputs: Tensor) -> Tensor:
        if not self.kernel_size == self.strides == (2, 2):
            return super().call(inputs)
        blocks = ops.transpose(ops.reshape(self.kernel, (4 * self.filters, -1)))
        maps = unfold(ops.matmul(inputs, blocks))
        return self.activation(maps + self.bias if self.use_bias else maps)
