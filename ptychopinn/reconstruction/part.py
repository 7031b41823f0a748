"""A part of a model that inference calls by itself."""

from typing import Any, Self

import keras

from ptychopinn.model import PtychoModel


class PartOfModel(keras.Model):
    """A part of a `PtychoModel`, which shares its weights and is kept with it: a subclass says what it calls.

    Args:
        model: PtychoModel.
    """

    def __init__(self, model: PtychoModel, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        self.model = model
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    def get_config(self) -> dict[str, Any]:
        return {"model": keras.saving.serialize_keras_object(self.model)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(keras.saving.deserialize_keras_object(config["model"]))
