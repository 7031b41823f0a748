"""Diffraction: from patches to the patterns that they should make, and the layer that owns the probes for it."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.physics.detector import IDEAL, Detector
from ptychopinn.physics.exit_waves import exit_wave
from ptychopinn.physics.propagation import far_field
from ptychopinn.physics.waves import Wave, light_of, scale

PROBE_UNIT = 30.0
"""Probe weights are stored in this many mean moduli of the probe: a step of the optimizer (about its learning rate,
whatever the gradient) then moves the probe hundreds of times as fast, relative to its size, as a network's weight."""


def diffract(patches: Wave, probe: Wave, detector: Detector = IDEAL) -> Tensor:
    r"""Predict the expected counts of the far field, $I = \sum_m |\mathcal F\{P_m O\}|^2$ on an ideal detector.

    Args:
        patches: pair of float32 tensors `(..., y, x)`: transmission.
        probe: pair of float32 tensors `(..., mode, y, x)`: incoherent modes, in square root of photons; their
            leading axes are those of the patches, or 1.
        detector: Detector. Defaults to the ideal one.

    Returns:
        float32 tensor `(..., y, x)`: photons, zero frequency at the centre.
    """
    slices = tuple(part[..., None, :, :] for part in patches)
    return detector.expected(light_of(far_field(exit_wave(slices, probe))))


def fill(amplitudes: Tensor, probe: Wave, detector: Detector = IDEAL) -> Tensor:
    """Replace pixels without data in amplitudes `(..., y, x)` by what the empty beam would leave there."""
    empty = ops.sqrt(detector.expected(light_of(far_field(probe))))
    return ops.where(amplitudes < 0, empty, amplitudes)


@keras.saving.register_keras_serializable(package="ptychopinn")
class Diffraction(keras.layers.Layer):
    r"""Predict far-field photon intensity from object patches.

    The probe lights a patch and the exit wave propagates to the far field:
    $I_j = e^{2s} \sum_m |\mathcal F\{P_m O_j\}|^2$, with $\mathcal F$ unitary and centred, so
    $\sum I_j$ equals the photons of the exit wave. The layer owns the probe of every scan and its
    logarithmic scale $s$.

    Args:
        size: int. Side of patch, probe and detector, in pixels.
        modes: int. Incoherent probe modes. Defaults to 1.
        scans: int. Scans, each with its own probe. Defaults to 1.
        probe_trainable: bool. Whether training refines the probes. Defaults to `False`.
        scale_trainable: bool. Whether training refines the scales $s$. Defaults to `True`.

    Call arguments:
        patches: pair `(real, imag)` of float32 tensors `(batch, position, size, size)`: transmission.
        scan: int32 tensor `(batch,)`: the scan that a group is from. Defaults to the first.

    Returns:
        float32 tensor `(batch, position, size, size)`: photons, zero frequency at the centre.

    Raises:
        ValueError: if the patch is not `size` pixels on a side.

    Example:
        >>> import numpy as np
        >>> layer = Diffraction(size=32)
        >>> layer.set_probes([np.ones((1, 32, 32))])
        >>> layer((np.ones((2, 1, 32, 32)), np.zeros((2, 1, 32, 32)))).shape[-1]
        32

    Reference:
        Hoidn, Mishra and Mehta, Sci. Rep. 13, 22789 (2023), doi:10.1038/s41598-023-48351-7
    """

    def __init__(
        self,
        size: int,
        modes: int = 1,
        scans: int = 1,
        probe_trainable: bool = False,
        scale_trainable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.size = size
        self.modes = modes
        self.scans = scans
        self.probe_trainable = probe_trainable
        self.scale_trainable = scale_trainable

    def build(self, patches_shape: Any = None, scan_shape: Any = None) -> None:
        shape, empty = (self.scans, self.modes, self.size, self.size), self.modes * self.size**2

        def weight(name: str, shape: tuple[int, ...], start: float, trainable: bool = False) -> keras.Variable:
            start = keras.initializers.Constant(start)
            return self.add_weight(shape=shape, initializer=start, trainable=trainable, name=name)

        self.probe_real = weight("probe_real", shape, 1.0, self.probe_trainable)
        self.probe_imag = weight("probe_imag", shape, 0.0, self.probe_trainable)
        self.probe_unit = weight("probe_unit", (self.scans,), 1.0)
        self.mean_photons = weight("mean_photons", (self.scans,), empty)
        self.log_scale = weight("log_scale", (self.scans,), 0.0, self.scale_trainable)
        self.built = True

    def probe(self, scan: Tensor | None = None) -> Wave:
        """Return the probe modes with their scale, in square root of photons.

        Args:
            scan: int32 tensor `(batch,)`: the scan that a group is from. Defaults to the first scan for all groups.

        Returns:
            pair of float32 tensors `(batch, 1, mode, y, x)`, or `(mode, y, x)` without `scan`.
        """
        unit = (self.probe_unit * ops.exp(self.log_scale))[:, None, None, None]
        probes = scale((ops.convert_to_tensor(self.probe_real), ops.convert_to_tensor(self.probe_imag)), unit)
        if scan is None:
            return tuple(part[0] for part in probes)
        return tuple(ops.take(part, scan, axis=0)[:, None] for part in probes)

    def photons(self, scan: Tensor | None = None) -> Tensor:
        """Return the mean photons of a pattern of the groups' scans: float32 tensor `(batch,)`, or a number."""
        photons = ops.convert_to_tensor(self.mean_photons)
        return photons[0] if scan is None else ops.take(photons, scan, axis=0)

    def set_probes(self, probes: Sequence[np.ndarray], photons: Sequence[float] | None = None) -> None:
        """Set the probe of every scan.

        Args:
            probes: list of complex arrays `(mode, y, x)`, in square root of photons, one a scan. Those of few modes get
                empty ones, which training leaves empty.
            photons: list of floats: mean photons of a pattern of each scan. Defaults to what its probe carries.
        """
        if not self.built:
            self.build()
        probes = [np.asarray(probe) for probe in probes]
        for probe in probes:
            if probe.ndim != 3 or probe.shape[1:] != (self.size, self.size) or len(probe) > self.modes:
                raise ValueError(
                    f"A probe must have shape (mode, y, x) = {(self.modes, self.size, self.size)}, or fewer modes. "
                    f"Received: probe.shape={probe.shape}. Rebuild the layer for this probe."
                )
        if len(probes) != self.scans:
            raise ValueError(
                f"Each of the {self.scans} scans must have a probe. Received: {len(probes)} probes. "
                "Rebuild the layer for these scans."
            )
        units = [PROBE_UNIT * np.mean(np.abs(probe)) for probe in probes]
        modes = np.zeros(self.probe_real.shape, complex)
        for held, probe, unit in zip(modes, probes, units):
            held[: len(probe)] = probe / unit
        self.probe_real.assign(modes.real)
        self.probe_imag.assign(modes.imag)
        self.probe_unit.assign(units)
        self.mean_photons.assign(photons or [np.sum(np.abs(probe) ** 2) for probe in probes])

    def probe_for(self, photons: float, scan: int = 0) -> np.ndarray:
        """Return the probe of a scan, made as bright as patterns of so many photons need it.

        Args:
            photons: float. Mean photons of a pattern.
            scan: int. Which scan. Defaults to the first.

        Returns:
            complex64 array `(mode, y, x)`, in square root of photons, without empty modes.
        """
        real, imag = (ops.convert_to_numpy(part)[0, 0] for part in self.probe(ops.convert_to_tensor([scan], "int32")))
        probe = (real + 1j * imag) * np.sqrt(photons / ops.convert_to_numpy(self.mean_photons)[scan])
        return probe[np.abs(probe).any(axis=(1, 2))].astype(np.complex64)

    def call(self, patches: Wave, scan: Tensor | None = None) -> Tensor:
        if patches[0].shape[-2:] != (self.size, self.size):
            raise ValueError(
                f"Patches must be {self.size} x {self.size} pixels. Received: patches.shape={patches[0].shape}. "
                "Build the layer with the patches' size."
            )
        return diffract(patches, self.probe(scan))

    def compute_output_shape(self, patches_shape: Any, scan_shape: Any = None) -> tuple[int | None, ...]:
        return tuple(patches_shape[0])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "size": self.size,
            "modes": self.modes,
            "scans": self.scans,
            "probe_trainable": self.probe_trainable,
            "scale_trainable": self.scale_trainable,
        }
