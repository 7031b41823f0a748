"""Windows at whole pixels of a canvas: cutting them out, and adding them to it, which is the adjoint.

A canvas is flat, `(height * width,)`, so that its pixels are read and added to by one index.
"""

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.device import add_at, read_at
from ptychopinn.physics.waves import Wave


def window_index(corners: Tensor, size: int, width: int) -> Tensor:
    """Return where the pixels of windows lie on a flat canvas: int32 tensor `(pattern, y, x)`.

    Args:
        corners: int32 tensor `(pattern, 2)`: `(y, x)` of the first pixel of each window.
        size: int. Side of a window, in pixels.
        width: int. Of the canvas, in pixels.
    """
    along = ops.arange(size, dtype="int32")
    grid = along[:, None] * width + along
    return (corners[:, 0] * width + corners[:, 1])[:, None, None] + grid


def through_slices(index: Tensor, slices: int, pixels: int) -> Tensor:
    """Return where windows lie on a canvas of several slices, one after the other: int32 `(pattern, slice, y, x)`.

    Args:
        index: int32 tensor `(pattern, y, x)`, of the first slice.
        slices: int.
        pixels: int. Of a slice.
    """
    if slices == 1:
        return index[:, None]
    first = pixels * ops.arange(slices, dtype="int32")
    return index[:, None] + first[:, None, None]


def cut_windows(canvas: Wave, index: Tensor) -> Wave:
    """Cut windows out of a canvas: pair of float32 tensors, of the shape of the index."""
    return read_at(canvas[0], index), read_at(canvas[1], index)


def add_windows(canvas: Tensor, index: Tensor, windows: Tensor) -> Tensor:
    """Add real windows, of the shape of the index, to a canvas, which is given up: adjoint of cutting them."""
    return add_at(canvas, index, windows)
