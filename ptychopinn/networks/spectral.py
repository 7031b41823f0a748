r"""Fourier layers: learnt transfer functions on the low frequencies of real maps, both half-planes of them.

The few frequencies that are kept make the Fourier transform a small matrix product, $\hat u = A_y\,u\,A_x^T$, in real
arithmetic: real and imaginary parts are rows of orthonormal matrices, so synthesis is the transpose of analysis. A map
is real, so its frequency $(-k_y, -k_x)$ mirrors $(k_y, k_x)$: `0 <= k_y <= m` with `-m <= k_x <= m` is the whole
square.

Reference: Li et al., Fourier neural operator, ICLR 2021, doi:10.48550/arXiv.2010.08895
"""

import functools
from typing import Any

import keras
import numpy as np
from keras import layers, ops


def modes_within(side: int, modes: int) -> int:
    """Return the number of frequencies that maps of `side` pixels can keep below Nyquist's, `modes` at most."""
    return min(modes, (side - 1) // 2)


@functools.cache
def real_harmonics(side: int, modes: int) -> np.ndarray:
    """Return the matrix `(2 (modes + 1), side)` from real samples to frequencies 0 ... modes, parts in pairs of rows.

    Frequencies above zero count double, for the mirrored ones that are not kept.
    """
    frequency = np.arange(modes + 1)
    angle = 2 * np.pi * np.outer(frequency, np.arange(side)) / side
    rows = np.stack([np.cos(angle), -np.sin(angle)], axis=1)
    rows *= np.sqrt(np.where(frequency > 0, 2, 1) / side)[:, None, None]
    return rows.reshape(-1, side).astype("float32")


@functools.cache
def wave_harmonics(side: int, modes: int) -> np.ndarray:
    """Return the matrix `(2 (2 modes + 1), 2 side)` from a wave to frequencies -modes ... modes, parts as above.

    The columns are the real parts of all samples, then the imaginary parts.
    """
    angle = 2 * np.pi * np.outer(np.arange(-modes, modes + 1), np.arange(side)) / side
    cos, sin = np.cos(angle), np.sin(angle)
    rows = np.stack([np.hstack([cos, sin]), np.hstack([-sin, cos])], axis=1)
    return (rows.reshape(-1, 2 * side) / np.sqrt(side)).astype("float32")


class _SpectralConv(layers.Layer):
    """What both Fourier layers share: options, and one complex matrix per frequency as a real weight.

    The layer computes in float32 in every precision: a spectrum spans more decades than half precision has digits.
    """

    def __init__(self, filters: int, modes: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.filters = filters
        self.modes = modes

    def add_transfer(self, frequencies: tuple[int, ...], channels: int) -> None:
        """Add the transfer function: real and imaginary part `(2, *frequencies, channel in, channel out)`."""
        self.transfer = self.add_weight(
            (2, *frequencies, channels, self.filters),
            keras.initializers.RandomNormal(stddev=(2 * channels) ** -0.5),
            name="transfer",
        )

    def real_transfer(self) -> keras.KerasTensor:
        """Return the transfer function as real matrices from pairs of parts to pairs of parts."""
        real, imag = self.transfer[0], self.transfer[1]
        return ops.concatenate([ops.concatenate([real, imag], -1), ops.concatenate([-imag, real], -1)], -2)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return *input_shape[:-1], self.filters

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "modes": self.modes}


@keras.saving.register_keras_serializable(package="ptychopinn")
class SpectralConv2D(_SpectralConv):
    r"""Filter maps by a learnt transfer function: $v = \mathcal F^{-1}\{H\,\mathcal F u\}$ where $|k_y|, |k_x| \le m$.

    It is any real linear map that commutes with circular shifts and passes these frequencies alone, at any sampling of
    the map. Where $k_y = 0$ the two mirrored frequencies are both kept, and act as their Hermitian mean.

    Args:
        filters: int. Maps out.
        modes: int. Largest frequency m along y and x, in cycles per side; those from Nyquist's up, on few pixels, are
            left out.

    Call arguments:
        maps: float tensor `(batch, y, x, channels)`.

    Returns:
        float32 tensor `(batch, y, x, filters)`.
    """

    def build(self, input_shape: tuple[Any, ...]) -> None:
        self.add_transfer((self.modes + 1, 2 * self.modes + 1), input_shape[-1])

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        _, height, width, channels = maps.shape
        modes = modes_within(min(height, width), self.modes)
        rows, columns, left_out = modes + 1, 2 * modes + 1, self.modes - modes
        along_y, along_x = real_harmonics(height, modes), wave_harmonics(width, modes)
        transfer = self.real_transfer()[:rows, left_out : left_out + columns]
        # pairs of parts stand beside the axis that is transformed next: every reshape is free
        spectrum = ops.matmul(along_y, ops.reshape(maps, (-1, height, width * channels)))
        spectrum = ops.matmul(along_x, ops.reshape(spectrum, (-1, rows, 2 * width, channels)))
        spectrum = ops.reshape(spectrum, (-1, rows, columns, 2 * channels))
        spectrum = ops.einsum("bpqi,pqio->bpqo", spectrum, transfer)
        waves = ops.matmul(along_x.T, ops.reshape(spectrum, (-1, rows, 2 * columns, self.filters)))
        maps = ops.matmul(along_y.T, ops.reshape(waves, (-1, 2 * rows, width * self.filters)))
        return ops.reshape(maps, (-1, height, width, self.filters))


@keras.saving.register_keras_serializable(package="ptychopinn")
class SpectralConv1D(_SpectralConv):
    r"""Filter maps along one axis by a learnt transfer function of the frequencies 0 ... m.

    Args:
        filters: int. Maps out.
        modes: int. Largest frequency m, in cycles per side; those from Nyquist's up, on few pixels, are left out.
        axis: int. 1 filters along y, 2 along x.

    Call arguments:
        maps: float tensor `(batch, y, x, channels)`.

    Returns:
        float32 tensor `(batch, y, x, filters)`.

    Raises:
        ValueError: if the side has `2 * modes` pixels or fewer.

    Reference:
        Tran et al., Factorized Fourier neural operators, ICLR 2023, doi:10.48550/arXiv.2111.13802
    """

    def __init__(self, filters: int, modes: int, axis: int, **kwargs: Any) -> None:
        super().__init__(filters, modes, **kwargs)
        self.axis = axis

    def build(self, input_shape: tuple[Any, ...]) -> None:
        self.add_transfer((self.modes + 1,), input_shape[-1])

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        maps = maps if self.axis == 2 else ops.swapaxes(maps, 1, 2)
        _, lines, side, channels = maps.shape
        frequencies = 1 + modes_within(side, self.modes)
        along = real_harmonics(side, frequencies - 1)
        spectrum = ops.reshape(ops.matmul(along, maps), (-1, lines, frequencies, 2 * channels))
        spectrum = ops.einsum("blki,kio->blko", spectrum, self.real_transfer()[:frequencies])
        maps = ops.matmul(along.T, ops.reshape(spectrum, (-1, lines, 2 * frequencies, self.filters)))
        return maps if self.axis == 2 else ops.swapaxes(maps, 1, 2)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}
