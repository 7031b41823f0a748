"""What a training is told, in one."""

import dataclasses

from ptychopinn.model import PtychoModel
from ptychopinn.networks.outside import Build
from ptychopinn.params import DataParams, ExecutionParams, LossParams, ModelParams, TrainingParams


@dataclasses.dataclass(frozen=True)
class Settings:
    """All the parameters of a training, and where its networks come from.

    Args:
        model, loss, data, training, execution: ModelParams, LossParams, DataParams, TrainingParams, ExecutionParams.
        generator: function that builds the network, where it is none of ours.
        start: PtychoModel whose networks the training starts from; the probes are those of the scans.
        devices: int. Devices that share every batch.
    """

    model: ModelParams
    loss: LossParams
    data: DataParams
    training: TrainingParams
    execution: ExecutionParams
    generator: Build | None = None
    start: PtychoModel | None = None
    devices: int = 1
