"""PtychoModel: generator, overlap and forward physics in one `keras.Model`."""

import dataclasses
from typing import Any, Self

import keras
from keras import KerasTensor as Tensor
from keras import ops

from ptychopinn.networks import build_generator, outside
from ptychopinn.networks.rounds import Rounds, confidence
from ptychopinn.params import GENERATORS, LossParams, ModelParams
from ptychopinn.physics import losses, overlap
from ptychopinn.physics.diffraction import Diffraction
from ptychopinn.physics.waves import Wave


@keras.saving.register_keras_serializable(package="ptychopinn")
class PtychoModel(keras.Model):
    r"""Reconstruct object patches from groups of diffraction patterns, and predict the patterns from them.

    A step of data consistency, the first on the phase of the empty beam, estimates the patches of a group. A network
    sees the estimate, the step for each pattern and for the group, the measured amplitude and the probe, and corrects
    the patches, which are merged on one canvas (the overlap constraint) and cut out again. So it goes for a few rounds,
    each with a network of its own. What they end with is diffracted, and training compares the diffracted intensity
    with the measured one: no labels.

    Args:
        params: ModelParams. What the network is.
        loss_params: LossParams. Weights of the loss. Defaults to the Poisson likelihood.
        precision: str. Keras's dtype policy of the generator; physics and loss are float32, and so is the saved model.
        remat: bool. Whether the generator computes its activations again in the backward pass; not saved either.
        generator: function `build(size, channels, outputs, filters)` of a network that is none of ours. Its name then
            stands in the parameters.
        networks: list of keras.Model, one a round: those of another model, to be shared, whatever its size and groups.
            Defaults to new ones.

    Call arguments:
        inputs: two or three tensors. Measured amplitudes, float32 `(batch, position, y, x)`, square root of photons,
            negative where there is no data; offsets, float32 `(batch, position, 2)`, of the patches from the group's
            middle, pixels; and, where several scans are trained together, the scan of each group, int32 `(batch,)`.

    Returns:
        dict of float32 tensors `(batch, position, y, x)`: `intensity` (photons), `real` and `imag` (transmission).

    Example:
        >>> import numpy as np
        >>> model = PtychoModel(ModelParams(size=32, canvas=40))
        >>> out = model((np.ones((3, 4, 32, 32), "float32"), np.zeros((3, 4, 2), "float32")))
        >>> tuple(out["intensity"].shape)
        (3, 4, 32, 32)

    Reference:
        Hoidn, Mishra and Mehta, Sci. Rep. 13, 22789 (2023), doi:10.1038/s41598-023-48351-7
    """

    def __init__(
        self, params: ModelParams, loss_params: LossParams | None = None, precision: str = "float32",
        remat: bool = False, generator: outside.Build | None = None, networks: list[keras.Model] | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**{"dtype": "float32", **kwargs})
        if generator is not None:
            params = dataclasses.replace(params, generator=outside.name_of(generator))
        self.params, self.generator = params, generator
        self.loss_params = loss_params or LossParams()
        self.loss_params.check_terms(params.model_type)
        self.diffraction = Diffraction(
            params.size, params.modes, params.scans, params.refines_probe, params.scale_trainable, name="diffraction"
        )
        self.diffraction.build()
        how: dict[str, Any] = {"n_filters_scale": params.n_filters_scale, "precision": precision, "remat": remat}
        self.generators = networks or [
            build_generator(generator or params.generator, params.size, params.channels, **how)
            for _ in range(1 if params.share_rounds else params.rounds)
        ]
        self.rounds = Rounds(params, self.generators)
        self.r_factor = keras.metrics.Mean(name="r_factor")
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def call(self, inputs: tuple[Tensor, ...]) -> dict[str, Tensor]:
        amplitudes, offsets, scan = self.with_known_shape(inputs)
        windows = self._windows(offsets)
        patches = self._generate(amplitudes, windows, scan)
        if self.params.positions > 1:
            patches = overlap.merge(patches, self.weights_of_patch(scan), windows)
        return {"intensity": self.diffraction(patches, scan), "real": patches[0], "imag": patches[1]}

    def predict_patches(self, amplitudes: Tensor, offsets: Tensor, scan: Tensor | None = None) -> Wave:
        """Generate the patches of groups, before they are merged: pair `(batch, position, y, x)`, transmission."""
        return self._generate(amplitudes, self._windows(offsets), scan)

    def _generate(self, amplitudes: Tensor, windows: Wave, scan: Tensor | None) -> Wave:
        # the probe is refined by what it predicts, not by what it shows the network
        probe = tuple(map(ops.stop_gradient, self.diffraction.probe(scan)))
        photons = ops.reshape(self.diffraction.photons(scan), (-1, 1, 1, 1))
        return self.rounds.patches(amplitudes, windows, probe, photons)

    def weights_of_patch(self, scan: Tensor | None = None) -> Tensor:
        """Return the confidence in the pixels of a patch: the probe's intensity, 1 where it is brightest.

        The shape is `(y, x)`, or `(batch, 1, y, x)` if the scans of the groups are given.
        """
        return confidence(tuple(map(ops.stop_gradient, self.diffraction.probe(scan))))

    def take_generators(self, other: "PtychoModel") -> None:
        """Copy the weights of the networks of another model of the same kind; probes and their scales stay.

        Raises:
            ValueError: if they were built for patterns of another size, as networks of one's own may be.
        """
        outside.check_side(other.generators[0], self.params.size)
        for own, others in zip(self.generators, other.generators, strict=True):
            own.set_weights(others.get_weights())

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Tensor:
        """Return the weighted sum of the loss's terms, mean over the groups.

        Predicted patterns are compared with `y`, amplitudes like the inputs, or with the inputs where it is not given.
        """
        supervised = self.params.model_type == "supervised"
        measured, _, scan = self.with_known_shape(x if y is None or supervised else (y, *x[1:]))
        predicted = y_pred["intensity"]
        photons = self.diffraction.photons(scan)
        patches = (y_pred["real"], y_pred["imag"])
        weight, total = self.loss_params, 0.0
        if weight.likelihood(self.params.model_type):
            total = total + weight.likelihood(self.params.model_type) * losses.negative_log_likelihood(
                predicted, measured, photons
            )
        if weight.mae_weight:
            total = total + weight.mae_weight * losses.amplitude_error(predicted, measured, photons)
        if weight.realspace_weight:
            total = total + weight.realspace_weight * losses.total_variation(patches, self.weights_of_patch(scan))
        if supervised:
            total = total + losses.object_error(patches, (y[..., 0], y[..., 1]), self.weights_of_patch(scan))
        self.r_factor.update_state(losses.r_factor(ops.stop_gradient(predicted), measured))
        return losses.OverGroups()(total, total)

    def get_config(self) -> dict[str, Any]:
        config = {"params": self.params.to_dict(), "loss_params": self.loss_params.to_dict(), "name": self.name}
        if self.generator is not None:
            config["network"] = outside.configuration(self.generators[0])
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        params, loss_params = ModelParams.from_dict(config["params"]), LossParams.from_dict(config["loss_params"])
        generator = None
        if params.generator not in GENERATORS:
            generator = outside.builder_from(config["network"], params.generator)
        return cls(params, loss_params, generator=generator, name=config["name"])

    def with_known_shape(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor | None]:
        """Give the inputs the static shapes that the parameters know; the scan is `None` where it is not given."""
        size, positions = self.params.size, self.params.positions
        shapes = (-1, positions, size, size), (-1, positions, 2), (-1,)
        known = [ops.reshape(part, shape) for part, shape in zip(inputs, shapes)]
        return *known[:2], known[2] if len(known) > 2 else None

    def _windows(self, offsets: Tensor) -> tuple[Tensor, Tensor]:
        return overlap.windows(offsets, self.params.size, self.params.canvas)
