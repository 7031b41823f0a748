"""PtychoModel: generator, overlap and forward physics in one `keras.Model`."""

import keras
from keras import ops

from ptychopinn import losses, overlap
from ptychopinn.forward import Diffraction, backproject, fill
from ptychopinn.networks import build_generator
from ptychopinn.networks.heads import HEADS
from ptychopinn.params import LossParams, ModelParams
from ptychopinn.waves import intensity

DARK = 1e-3
"""Weight of an unlit pixel of a patch, of the brightest pixel's."""


@keras.saving.register_keras_serializable(package="ptychopinn")
class PtychoModel(keras.Model):
    r"""Reconstruct object patches from groups of diffraction patterns, and predict the patterns from them.

    Each pattern is propagated back to the object on the phase of the empty beam. The network sees this estimate, the
    estimate that the group agrees on, the measured amplitude and the probe, and makes a patch. The patches of a group
    are merged on one canvas (the overlap constraint), cut out again and diffracted. Training compares the diffracted
    intensity with the measured one: no labels.

    Args:
        params: ModelParams. What the network is.
        loss_params: LossParams. Weights of the loss. Defaults to the Poisson likelihood.
        precision: str. Keras's dtype policy of the generator; physics and loss are float32, and so is the saved model.
        remat: bool. Whether the generator computes its activations again in the backward pass; not saved either.

    Call arguments:
        inputs: pair of float32 tensors. Measured amplitudes `(batch, position, y, x)`, square root of photons, negative
            where there is no data; offsets `(batch, position, 2)` of the patches from the group's middle, pixels.

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

    def __init__(self, params, loss_params=None, precision="float32", remat=False, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.params = params
        self.loss_params = loss_params or LossParams()
        self.loss_params.check_terms(params.model_type)
        self.diffraction = Diffraction(
            params.size, params.modes, params.refines_probe, params.scale_trainable, name="diffraction"
        )
        self.diffraction.build()
        self.generator = build_generator(
            params.generator, params.size, self.channels, n_filters_scale=params.n_filters_scale,
            precision=precision, remat=remat,
        )  # fmt: skip
        self.r_factor = keras.metrics.Mean(name="r_factor")
        self.built = True

    @property
    def channels(self):
        """Maps that the generator sees."""
        if self.params.input == "amplitude":
            return 1
        return 4 if self.params.positions == 1 else 6

    def build(self, input_shape=None):
        self.built = True

    def call(self, inputs):
        amplitudes, offsets = self.with_known_shape(inputs)
        windows = self._windows(offsets)
        patches = self._generate(amplitudes, windows)
        if self.params.positions > 1:
            patches = overlap.merge(patches, self.weights_of_patch(), windows)
        return {"intensity": self.diffraction(patches), "real": patches[0], "imag": patches[1]}

    def reconstruct(self, amplitudes, offsets):
        """Generate the patches of groups, before they are merged: pair `(batch, position, y, x)`, transmission."""
        return self._generate(amplitudes, self._windows(offsets))

    def _generate(self, amplitudes, windows):
        size, positions = self.params.size, self.params.positions
        maps = ops.stack(self._features(amplitudes, windows), axis=-1)
        maps = self.generator(ops.reshape(maps, (-1, size, size, self.channels)))
        maps = ops.reshape(ops.cast(maps, "float32"), (-1, positions, size, size, 2))
        return HEADS[self.params.head](maps[..., 0], maps[..., 1], self.params.amplitude_max)

    def weights_of_patch(self):
        """Return the confidence in the pixels of a patch `(y, x)`: the probe's intensity, 1 where it is brightest."""
        light = ops.stop_gradient(ops.sum(intensity(self.diffraction.probe), axis=0))
        return light / ops.max(light) + DARK

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the weighted sum of the loss's terms, mean over the groups."""
        measured, predicted = self.with_known_shape(x)[0], y_pred["intensity"]
        photons = self.params.mean_photons
        patches = (y_pred["real"], y_pred["imag"])
        weight, total = self.loss_params, 0.0
        if weight.likelihood(self.params.model_type):
            total = total + weight.likelihood(self.params.model_type) * losses.poisson_deviance(
                predicted, measured, photons
            )
        if weight.mae_weight:
            total = total + weight.mae_weight * losses.amplitude_error(predicted, measured, photons)
        if weight.realspace_weight:
            total = total + weight.realspace_weight * losses.total_variation(patches, self.weights_of_patch())
        if self.params.model_type == "supervised":
            total = total + losses.object_error(patches, (y[..., 0], y[..., 1]), self.weights_of_patch())
        self.r_factor.update_state(losses.r_factor(ops.stop_gradient(predicted), measured))
        return ops.mean(total)

    def get_config(self):
        return {"params": self.params.to_dict(), "loss_params": self.loss_params.to_dict(), "name": self.name}

    @classmethod
    def from_config(cls, config):
        params, loss_params = ModelParams.from_dict(config["params"]), LossParams.from_dict(config["loss_params"])
        return cls(params, loss_params, name=config["name"])

    def with_known_shape(self, inputs):
        """Give the inputs the static shapes that the parameters know."""
        size, positions = self.params.size, self.params.positions
        return ops.reshape(inputs[0], (-1, positions, size, size)), ops.reshape(inputs[1], (-1, positions, 2))

    def _windows(self, offsets):
        return overlap.windows(offsets, self.params.size, self.params.canvas)

    def _features(self, amplitudes, windows):
        """List the maps `(batch, position, y, x)` that the network sees."""
        # the probe is refined by what it predicts, not by what it shows the network
        probe, size = tuple(map(ops.stop_gradient, self.diffraction.probe)), self.params.size
        amplitudes = fill(amplitudes, probe)
        contrast = ops.log1p(amplitudes * (size / self.params.mean_photons**0.5)) - 1.0
        if self.params.input == "amplitude":
            return [contrast]
        estimate = backproject(amplitudes, probe)
        weights = self.weights_of_patch()
        maps = [*estimate, contrast, ops.sqrt(weights) + 0.0 * amplitudes]
        if self.params.positions > 1:
            maps += overlap.merge(estimate, weights, windows)
        return maps
