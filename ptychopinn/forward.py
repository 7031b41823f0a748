"""The forward physics: object patches -> photons on the detector, and back."""

import keras
import numpy as np
from keras import ops

from ptychopinn.waves import conjugate, far_field, far_field_adjoint, intensity, multiply, scale

PROBE_UNIT = 30.0
"""Probe weights are stored in this many mean moduli of the probe: a step of the optimizer (about its learning rate,
whatever the gradient) then moves the probe hundreds of times as fast, relative to its size, as a network's weight."""

DIM = 1e-2
"""Photons added to a predicted pixel before the measured amplitude is divided by its root."""


def illuminate(patches, probe):
    """Multiply patches `(..., y, x)` by probe modes `(mode, y, x)`: exit waves `(..., mode, y, x)`."""
    return multiply(tuple(part[..., None, :, :] for part in patches), probe)


def illuminate_adjoint(waves, probe):
    """Multiply exit waves by the conjugate probe and add up the modes: adjoint of `illuminate`."""
    return tuple(ops.sum(part, axis=-3) for part in multiply(waves, conjugate(probe)))


def diffract(patches, probe):
    r"""Predict the far-field intensity $I = \sum_m |\mathcal F\{P_m O\}|^2$.

    Args:
        patches: pair of float32 tensors `(..., y, x)`: transmission.
        probe: pair of float32 tensors `(mode, y, x)`: incoherent modes, in square root of photons.

    Returns:
        float32 tensor `(..., y, x)`: photons, zero frequency at the centre.
    """
    return ops.sum(intensity(far_field(illuminate(patches, probe))), axis=-3)


def fill(amplitudes, probe):
    """Replace pixels without data by the amplitude of the empty beam."""
    empty = ops.sqrt(ops.sum(intensity(far_field(probe)), axis=0))
    return ops.where(amplitudes < 0, empty, amplitudes)


def consistency_step(patches, amplitudes, probe, regularisation=0.05):
    r"""Return the change of patches that brings them towards the measured amplitudes: the step of ePIE.

    With the exit waves $\psi_m = P_m O$, the far field keeps its phase and takes the measured amplitude $a$:
    $\delta\psi_m = \mathcal F^{-1}\{(a / \sqrt{I} - 1)\,\mathcal F\psi_m\}$, and
    $\delta O = \sum_m P_m^* \delta\psi_m / (\sum_m |P_m|^2 + \epsilon \max \sum_m |P_m|^2)$.

    Args:
        patches: pair of float32 tensors `(..., y, x)`: transmission.
        amplitudes: float32 tensor `(..., y, x)`: square root of photons; negative where there is no data.
        probe: pair of float32 tensors `(mode, y, x)`.
        regularisation: float. The $\epsilon$ above, of the brightest probe pixel. Defaults to 0.05.

    Returns:
        pair of float32 tensors `(..., y, x)`: to be added to the patches.

    Reference:
        Maiden and Rodenburg, Ultramicroscopy 109, 1256 (2009), doi:10.1016/j.ultramic.2009.05.012
    """
    waves = far_field(illuminate(patches, probe))
    predicted = ops.sum(intensity(waves), axis=-3)
    excess = ops.where(amplitudes < 0, 0.0, amplitudes * ops.rsqrt(predicted + DIM) - 1.0)
    change = illuminate_adjoint(far_field_adjoint(scale(waves, excess[..., None, :, :])), probe)
    light = ops.sum(intensity(probe), axis=0)
    return scale(change, 1.0 / (light + regularisation * ops.max(light)))


@keras.saving.register_keras_serializable(package="ptychopinn")
class Diffraction(keras.layers.Layer):
    r"""Predict far-field photon intensity from object patches.

    The probe lights a patch and the exit wave propagates to the far field:
    $I_j = e^{2s} \sum_m |\mathcal F\{P_m O_j\}|^2$, with $\mathcal F$ unitary and centred, so
    $\sum I_j$ equals the photons of the exit wave. The layer owns the probe and its logarithmic scale $s$.

    Args:
        size: int. Side of patch, probe and detector, in pixels.
        modes: int. Incoherent probe modes. Defaults to 1.
        probe_trainable: bool. Whether training refines the probe. Defaults to `False`.
        scale_trainable: bool. Whether training refines the scale $s$. Defaults to `True`.

    Call arguments:
        patches: pair `(real, imag)` of float32 tensors `(batch, position, size, size)`: transmission.

    Returns:
        float32 tensor `(batch, position, size, size)`: photons, zero frequency at the centre.

    Raises:
        ValueError: if the patch is not `size` pixels on a side.

    Example:
        >>> import numpy as np
        >>> layer = Diffraction(size=32)
        >>> layer.set_probe(np.ones((1, 32, 32)))
        >>> layer((np.ones((2, 1, 32, 32)), np.zeros((2, 1, 32, 32)))).shape[-1]
        32

    Reference:
        Hoidn, Mishra and Mehta, Sci. Rep. 13, 22789 (2023), doi:10.1038/s41598-023-48351-7
    """

    def __init__(self, size, modes=1, probe_trainable=False, scale_trainable=True, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.size = size
        self.modes = modes
        self.probe_trainable = probe_trainable
        self.scale_trainable = scale_trainable

    def build(self, input_shape=None):
        shape = (self.modes, self.size, self.size)
        trainable = self.probe_trainable
        self.probe_real = self.add_weight(shape=shape, initializer="ones", trainable=trainable, name="probe_real")
        self.probe_imag = self.add_weight(shape=shape, initializer="zeros", trainable=trainable, name="probe_imag")
        self.probe_unit = self.add_weight(shape=(), initializer="ones", trainable=False, name="probe_unit")
        self.log_scale = self.add_weight(
            shape=(), initializer="zeros", trainable=self.scale_trainable, name="log_scale"
        )
        self.built = True

    @property
    def probe(self):
        """The probe modes with their scale: pair of tensors `(mode, y, x)`, square root of photons."""
        modes = ops.convert_to_tensor(self.probe_real), ops.convert_to_tensor(self.probe_imag)
        return scale(modes, self.probe_unit * ops.exp(self.log_scale))

    def set_probe(self, probe):
        """Set the probe modes from a complex array `(mode, y, x)`, in square root of photons."""
        if not self.built:
            self.build()
        probe = np.asarray(probe)
        if probe.shape != self.probe_real.shape:
            raise ValueError(
                f"The probe must have shape (mode, y, x) = {tuple(self.probe_real.shape)}. "
                f"Received: probe.shape={probe.shape}. Rebuild the layer for this probe."
            )
        unit = PROBE_UNIT * np.mean(np.abs(probe))
        self.probe_unit.assign(unit)
        self.probe_real.assign(probe.real / unit)
        self.probe_imag.assign(probe.imag / unit)

    def call(self, patches):
        if patches[0].shape[-2:] != (self.size, self.size):
            raise ValueError(
                f"Patches must be {self.size} x {self.size} pixels. Received: patches.shape={patches[0].shape}. "
                "Build the layer with the patches' size."
            )
        return diffract(patches, self.probe)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "modes": self.modes,
            "probe_trainable": self.probe_trainable,
            "scale_trainable": self.scale_trainable,
        }
