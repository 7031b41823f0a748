"""Rounds of data consistency and network: how the patches of a group come about, and how an estimate is corrected."""

import keras
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.networks import applied
from ptychopinn.networks.heads import HEADS
from ptychopinn.params import ModelParams
from ptychopinn.physics import overlap
from ptychopinn.physics.consistency import consistency_step
from ptychopinn.physics.diffraction import fill
from ptychopinn.physics.waves import Wave, add, conjugate_product, light_of, multiply, unit_phase

DARK = 1e-3
"""Weight of an unlit pixel of a patch, of the brightest pixel's."""

FEWEST, LOG_DOSE = 1e-2, 8.0
"""Photons a pixel, and natural logarithms of them, that bring the map of a dose to about one."""


class Rounds:
    """Make the patches of groups, of any size: networks have none of their own.

    Args:
        params: ModelParams.
        generators: list of keras.Model: a network for each round; the last serves all that follow.
    """

    def __init__(self, params: ModelParams, generators: list[keras.Model]) -> None:
        self.params, self.generators = params, generators
        self.together = params.positions > 1 and not params.single_shot

    def patches(self, amplitudes: Tensor, windows: Wave, probe: Wave, photons: Tensor) -> Wave:
        """Return the patches of groups: pair of float32 tensors `(batch, position, y, x)`, transmission.

        Args:
            amplitudes: float32 tensor `(batch, position, y, x)`, as of `PtychoModel`.
            windows: those of the patches on the canvas of their group, see `overlap.windows`.
            probe: pair of float32 tensors `(mode, y, x)`, or `(batch, 1, mode, y, x)`.
            photons: float32 tensor `(batch, 1, 1, 1)`: mean photons of a pattern.
        """
        params, light = self.params, confidence(probe)
        contrast = ops.log1p(fill(amplitudes, probe) * (params.size * ops.rsqrt(photons))) - 1.0
        patches = ops.ones_like(amplitudes), ops.zeros_like(amplitudes)
        if params.input == "amplitude":
            return self._correct(0, patches, [contrast])
        for _ in range(params.physics_rounds - 1):
            patches = self._agree(add(patches, consistency_step(patches, amplitudes, probe)), windows, light)
        for round_ in range(params.rounds):
            step = consistency_step(patches, amplitudes, probe)
            estimate = add(patches, step)
            if params.input == "estimate":
                dose = self._dose(light_of(probe) + 0.0 * contrast, windows)
                patches = self.corrected(self._agree(estimate, windows, light), dose, round_)
            else:
                maps = [patches[0] - 1.0, patches[1], *step, contrast, ops.sqrt(light) + 0.0 * contrast]
                if not params.single_shot:
                    agreed = self._agree(estimate, windows, light)
                    maps += [agreed[0] - patches[0], agreed[1] - patches[1]]
                patches = self._correct(round_, estimate, maps)
            if round_ < params.rounds - 1:
                patches = self._agree(patches, windows, light)
        return patches

    def corrected(self, estimate: Wave, dose: Tensor, round_: int = 0) -> Wave:
        """Correct objects, or pieces of them, by what a network of estimates makes of them.

        Args:
            estimate: pair of float32 tensors `(batch, position, y, x)`: transmission, of any side.
            dose: float32 tensor `(batch, position, y, x)`: photons that fell on a pixel.
            round_: int. Which network. Defaults to the first.

        Returns:
            pair of float32 tensors `(batch, position, y, x)`.
        """
        mean = tuple(ops.sum(part * dose, axis=(-2, -1), keepdims=True) for part in estimate)
        turn = unit_phase(mean)  # a network need not learn that objects are known up to a constant phase
        upright = conjugate_product(turn, estimate)
        known = ops.log(dose + FEWEST) / LOG_DOSE
        return multiply(self._correct(round_, upright, [upright[0] - 1.0, upright[1], known]), turn)

    def _agree(self, patches: Wave, windows: Wave, light: Tensor) -> Wave:
        """Merge the patches of a group on the way, if the network sees them together; one alone agrees with itself."""
        return overlap.merge(patches, light, windows) if self.together else patches

    def _dose(self, light: Tensor, windows: Wave) -> Tensor:
        """Return the photons that fell on the pixels of patches `(batch, position, y, x)`, of all that are together."""
        return overlap.extract(overlap.assemble(light, windows), windows) if self.together else light

    def _correct(self, round_: int, estimate: Wave, maps: list[Tensor]) -> Wave:
        """Correct estimated patches by what a network makes of maps `(batch, position, y, x)`."""
        generator = self.generators[min(round_, len(self.generators) - 1)]
        _, positions, height, width = maps[0].shape
        out = applied(generator, ops.reshape(ops.stack(maps, axis=-1), (-1, height, width, len(maps))))
        out = ops.reshape(ops.cast(out, "float32"), (-1, positions, height, width, 2))
        return HEADS[self.params.head](out[..., 0], out[..., 1], estimate, self.params.amplitude_max)


def confidence(probe: Wave) -> Tensor:
    """Return the confidence in the pixels of a patch: the intensity of a probe `(..., mode, y, x)`, 1 at its brightest.

    Returns:
        float32 tensor `(..., y, x)`, never 0.
    """
    light = light_of(probe)
    return light / ops.max(light, axis=(-2, -1), keepdims=True) + DARK
