"""Complex waves as pairs ``(real, imag)`` of float32 tensors, last axes ``(y, x)``."""

from keras import KerasTensor as Tensor
from keras import ops

Wave = tuple[Tensor, Tensor]


def multiply(a: Wave, b: Wave) -> Wave:
    """Multiply two waves, pixel by pixel."""
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def conjugate_product(a: Wave, b: Wave) -> Wave:
    """Multiply the conjugate of a wave with another, pixel by pixel: adjoint of multiplying with the first."""
    return a[0] * b[0] + a[1] * b[1], a[0] * b[1] - a[1] * b[0]


def add(a: Wave, b: Wave) -> Wave:
    """Add two waves."""
    return a[0] + b[0], a[1] + b[1]


def scale(wave: Wave, factor: Tensor | float) -> Wave:
    """Multiply a wave by a real factor."""
    return wave[0] * factor, wave[1] * factor


def intensity(wave: Wave) -> Tensor:
    """Return the squared modulus of a wave; its gradient at zero is zero."""
    return ops.square(wave[0]) + ops.square(wave[1])


def light_of(waves: Wave) -> Tensor:
    """Add up the intensity of incoherent modes: waves `(..., mode, y, x)` to photons `(..., y, x)`."""
    return over_modes(intensity(waves))


def over_modes(values: Tensor) -> Tensor:
    """Add up real values of modes `(..., mode, y, x)`, to `(..., y, x)`; those of one are not copied."""
    return values[..., 0, :, :] if values.shape[-3] == 1 else ops.sum(values, axis=-3)


def behind_one_another(slices: list[Tensor]) -> Tensor:
    """Stack real values of slices, each `(..., y, x)`, to `(..., slice, y, x)`; those of one are not copied."""
    return slices[0][..., None, :, :] if len(slices) == 1 else ops.stack(slices, axis=-3)


def unit_phase(wave: Wave, floor: float = 1e-12) -> Wave:
    """Divide a wave by its modulus; a wave of zero becomes (almost) zero, with a finite gradient."""
    return scale(wave, ops.rsqrt(intensity(wave) + floor))


def polar(amplitude: Tensor, phase: Tensor) -> Wave:
    """Make a wave from amplitude and phase (radians)."""
    return amplitude * ops.cos(phase), amplitude * ops.sin(phase)
