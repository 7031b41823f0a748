"""One object and its patches: extract and assemble are one matrix and its transpose.

A patch is a window of the canvas at a sub-pixel offset, bilinear between pixels. Bilinear windows separate into two
small matrices, ``patch = A_y canvas A_x^T``, so that extraction and assembly are exact transposes of each other,
differentiable in the offsets, and compile on every backend.

Offsets are pixels ``(y, x)`` of the patch's centre from the canvas's centre.
"""

from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.physics.waves import Wave, conjugate_product, scale, unit_phase


def windows(offsets: Tensor, size: int, canvas: int) -> tuple[Tensor, Tensor]:
    """Return the interpolation matrices of patches on a canvas.

    Args:
        offsets: float32 tensor `(batch, position, 2)`: patch centre from canvas centre, pixels `(y, x)`.
        size: int. Side of a patch, in pixels.
        canvas: int. Side of the canvas, in pixels.

    Returns:
        pair `(A_y, A_x)` of float32 tensors `(batch, position, size, canvas)`; rows sum to one inside the canvas.
    """
    start = offsets + (canvas - size) / 2
    patch_pixel = ops.arange(size, dtype="float32")[:, None]
    canvas_pixel = ops.arange(canvas, dtype="float32")[None, :]
    distance = ops.abs(canvas_pixel - patch_pixel - start[..., None, None])
    matrices = ops.relu(1.0 - distance)
    return matrices[:, :, 0], matrices[:, :, 1]


def extract(image: Tensor, matrices: tuple[Tensor, Tensor]) -> Tensor:
    """Cut patches `(batch, position, y, x)` from a real canvas `(batch, y, x)`."""
    a_y, a_x = matrices
    return ops.matmul(ops.matmul(a_y, image[:, None]), ops.swapaxes(a_x, -1, -2))


def place(patches: Tensor, matrices: tuple[Tensor, Tensor]) -> Tensor:
    """Put each real patch on a canvas of its own: `(batch, position, y, x)`."""
    a_y, a_x = matrices
    return ops.matmul(ops.matmul(ops.swapaxes(a_y, -1, -2), patches), a_x)


def assemble(patches: Tensor, matrices: tuple[Tensor, Tensor]) -> Tensor:
    """Add real patches into one canvas `(batch, y, x)`: adjoint of `extract`."""
    return ops.sum(place(patches, matrices), axis=1)


def merge(patches: Wave, weights: Tensor, matrices: tuple[Tensor, Tensor]) -> Wave:
    """Merge the patches of a group into one object, and cut them from it again.

    Each patch is known up to a constant phase, so patches are first turned to agree with the group's first one where
    they overlap; then they are averaged with their weights.

    Args:
        patches: pair of float32 tensors `(batch, position, y, x)`: transmission.
        weights: float32 tensor `(y, x)` or `(batch, 1, y, x)`, positive: the confidence in each pixel of a patch
            (probe intensity).
        matrices: the windows of the group (see `windows`).

    Returns:
        pair of float32 tensors `(batch, position, y, x)`: patches that agree wherever they overlap.
    """
    weights = weights + 0.0 * patches[0]
    placed = tuple(place(part, matrices) for part in scale(patches, weights))
    agreement = conjugate_product(tuple(part[:, :1] for part in placed), placed)
    agreement = tuple(ops.sum(part, axis=(-2, -1), keepdims=True) for part in agreement)
    turned = conjugate_product(unit_phase(agreement), placed)
    total = ops.maximum(assemble(weights, matrices), 1e-12)
    canvas = tuple(ops.sum(part, axis=1) / total for part in turned)
    return tuple(extract(part, matrices) for part in canvas)
